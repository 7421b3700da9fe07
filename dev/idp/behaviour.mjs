// What tests may change about the provider while it runs, and what they may count.

const DEFAULTS = { access_token_ttl: 3600, id_token_ttl: 3600, refresh_token_ttl: 14 * 86400, refresh: 'ok', token_delay_ms: 0 };

export class Behaviour {
  #clients = new Map();
  faults = [];

  constructor() {
    this.resetCounters();
  }

  /** The settings of one client, defaults filled in. */
  of(clientId) {
    return { ...DEFAULTS, ...this.#clients.get(clientId) };
  }

  /** Merge settings into those of a client; answers with the result. */
  set({ client_id: clientId, ...settings }) {
    if (typeof clientId !== 'string') throw new Error('client_id is required');
    if (settings.refresh !== undefined && !['ok', 'invalid_grant', '500'].includes(String(settings.refresh))) {
      throw new Error('refresh must be ok, invalid_grant or 500');
    }
    this.#clients.set(clientId, { ...this.#clients.get(clientId), ...settings });
    return this.of(clientId);
  }

  resetCounters() {
    this.counters = { endpoints: {}, grants: {}, tokens: {} };
  }

  countRequest(method, path) {
    const key = `${method} ${path.replace(/^\/(interaction|auth|reg)\/.+$/, '/$1/:id')}`;
    this.counters.endpoints[key] = (this.counters.endpoints[key] ?? 0) + 1;
  }

  /** Count a token request, and whether it gave tokens. */
  countGrant(clientId, grantType, granted) {
    const count = (table) => {
      const grants = (table[clientId] ??= {});
      grants[grantType] = (grants[grantType] ?? 0) + 1;
    };
    count(this.counters.grants);
    if (granted) count(this.counters.tokens);
  }

  /** The first fault { path?, status?, delay_ms?, down? } that fits a path; no path fits all. */
  faultFor(path) {
    return this.faults.find((fault) => fault.path === undefined || fault.path === path);
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
