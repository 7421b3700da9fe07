// The provider's storage: maps in memory, gone with the process. oidc-provider calls it an adapter.

const GRANTABLE = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode']);

/** A store shared by all models; `adapter()` gives the factory that oidc-provider wants. */
export class Store {
  #rows = new Map();

  #row(key) {
    const row = this.#rows.get(key);
    if (row && row.until <= Date.now()) {
      this.#rows.delete(key);
      return undefined;
    }
    return row;
  }

  /** Drop every row of the named models. */
  clear(...models) {
    for (const key of this.#rows.keys()) {
      if (models.includes(key.split(':', 1)[0])) this.#rows.delete(key);
    }
  }

  adapter() {
    return (model) => new Adapter(model, this);
  }

  put(model, id, payload, expiresIn) {
    const until = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
    this.#rows.set(`${model}:${id}`, { payload, until });
  }

  get(model, id) {
    return this.#row(`${model}:${id}`)?.payload;
  }

  delete(model, id) {
    this.#rows.delete(`${model}:${id}`);
  }

  find(model, wanted) {
    for (const [key, row] of this.#rows) {
      if (key.startsWith(`${model}:`) && row.until > Date.now() && wanted(row.payload)) return row.payload;
    }
    return undefined;
  }

  deleteGrant(grantId) {
    for (const [key, row] of this.#rows) {
      if (GRANTABLE.has(key.split(':', 1)[0]) && row.payload.grantId === grantId) this.#rows.delete(key);
    }
  }
}

class Adapter {
  constructor(model, store) {
    this.model = model;
    this.store = store;
  }

  async upsert(id, payload, expiresIn) {
    this.store.put(this.model, id, payload, expiresIn);
  }

  async find(id) {
    return this.store.get(this.model, id);
  }

  async findByUid(uid) {
    return this.store.find(this.model, (payload) => payload.uid === uid);
  }

  async findByUserCode(userCode) {
    return this.store.find(this.model, (payload) => payload.userCode === userCode);
  }

  async consume(id) {
    const payload = this.store.get(this.model, id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    this.store.delete(this.model, id);
  }

  async revokeByGrantId(grantId) {
    this.store.deleteGrant(grantId);
  }
}
