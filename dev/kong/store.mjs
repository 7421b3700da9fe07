// The entities of one instance, in memory: what Kong keeps in its database, with its rules on keys and references.
import { randomBytes, randomUUID } from 'node:crypto';
import { isUuid } from './checks.mjs';
import { ENTITIES } from './entities.mjs';
import * as errors from './errors.mjs';
import { checkPlugin, completeConfig, configFields } from './plugins.mjs';
import { check, coerce, complete, merge } from './schema.mjs';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newSecret = () => Array.from(randomBytes(32), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
const same = (a, b) => (a && typeof a === 'object' ? a.id === b?.id : a === b);

/** The foreign fields of an entity that point to `parent`, as [field name, field]. */
export const foreignFields = (row, parent) =>
  Object.entries(row.fields).filter(([, field]) => field.type === 'foreign' && (parent === undefined || field.reference === parent));

export class Store {
  #tables = new Map(Object.keys(ENTITIES).map((entity) => [entity, new Map()]));

  /** `newId(entity)` lets a test choose the ids. */
  constructor({ newId = () => randomUUID() } = {}) {
    this.newId = newId;
  }

  #table(entity) {
    const table = this.#tables.get(entity);
    for (const [id, row] of table) if (row.expires !== undefined && row.expires <= Date.now()) table.delete(id);
    return table;
  }

  /** All entities of a kind in order of id, as an API answer shows them. */
  all(row, wanted = () => true) {
    const found = [...this.#table(row.entity).values()].map(({ value, expires }) => shown(value, expires)).filter(wanted);
    return found.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(row, id) {
    const found = this.#table(row.entity).get(id);
    return found && shown(found.value, found.expires);
  }

  /** One entity by the value of its key field, within `scope` ({ field: { id } }) if the key is not unique. */
  byKey(row, text, scope = {}) {
    if (row.snis) {
      const sni = this.byKey(ENTITIES.snis, text);
      return sni && this.get(row, sni.certificate.id);
    }
    const fits = (value) => value[row.key] === text && Object.entries(scope).every(([name, key]) => same(value[name], key));
    return row.key && this.all(row, fits)[0];
  }

  /** Create an entity from input; throws what Kong would answer. */
  insert(row, input, { form = false } = {}) {
    const prepared = this.#prepare(row, input, form);
    return this.#write(row, this.#complete(row, prepared), prepared);
  }

  update(row, existing, input, { form = false } = {}) {
    const prepared = this.#prepare(row, input, form);
    const fields = row.entity === 'plugins' ? { ...row.fields, config: { type: 'record', fields: configFields(existing.name) } } : row.fields;
    return this.#write(row, this.#touched(row, this.#complete(row, merge(fields, existing, prepared))), prepared, existing);
  }

  /** PUT: replace or create; `fixed` holds what the path says (id or key). */
  upsert(row, existing, input, fixed, { form = false } = {}) {
    const prepared = { ...this.#prepare(row, input, form), ...fixed };
    if (!existing) return this.#write(row, this.#complete(row, prepared), prepared);
    const kept = { id: existing.id, created_at: existing.created_at };
    return this.#write(row, this.#complete(row, { ...prepared, ...kept }), prepared, existing);
  }

  /** Delete an entity and what hangs on it; refused while a restricting child refers to it. */
  delete(row, id) {
    const children = this.#children(row, id);
    for (const { child, field } of children) if (field.restrict) throw errors.referencedBy(child.entity, row.entity);
    this.#table(row.entity).delete(id);
    for (const { child, value } of children) this.delete(child, value.id);
  }

  /** Throw the schema violation of an input, if there is one. */
  validate(row, input, { form = false } = {}) {
    this.#check(row, this.#complete(row, this.#prepare(row, input, form)));
  }

  #children(row, id) {
    return Object.values(ENTITIES).flatMap((child) => foreignFields(child, row.entity)
      .flatMap(([name, field]) => this.all(child, (value) => value[name]?.id === id).map((value) => ({ child, field, value }))));
  }

  #generators(row) {
    const now = Date.now() / 1000;
    return { id: () => this.newId(row.entity), now: () => (row.exact ? now : Math.floor(now)), secret: newSecret };
  }

  #prepare(row, input, form) {
    const typed = row.rewrite ? row.rewrite(input) : input;
    return form ? this.#coerce(row, typed) : typed;
  }

  #coerce(row, input) {
    const out = coerce(row.fields, input);
    const fields = row.entity === 'plugins' && configFields(out.name);
    return fields && out.config ? { ...out, config: coerce(fields, out.config) } : out;
  }

  #complete(row, input) {
    const out = complete(row.fields, input, this.#generators(row));
    return row.entity === 'plugins' ? completeConfig(out, this.#generators(row)) : out;
  }

  #touched(row, value) {
    return 'updated_at' in row.fields ? { ...value, updated_at: this.#generators(row).now() } : value;
  }

  #check(row, value) {
    const found = check(row.fields, value);
    if (row.entity === 'plugins') Object.assign(found, checkPlugin(value));
    Object.assign(found, row.fieldErrors?.(value));
    for (const [name, field] of foreignFields(row)) {
      const key = value[name];
      if (key?.id !== undefined && !isUuid(key.id)) found[name] = { id: 'expected a valid UUID' };
      else if (key && typeof key !== 'object') found[name] = `value must be a table`;
      else if (field.required && key === null) found[name] = 'required field missing';
    }
    const texts = row.checks.flatMap((each) => each(value));
    if (texts.length > 0) found['@entity'] = [...(found['@entity'] ?? []), ...texts];
    if (Object.keys(found).length > 0) throw errors.schemaViolation(found);
  }

  #write(row, value, input, existing) {
    this.#check(row, value);
    const whole = { ...value, ...this.#resolveForeign(row, value) };
    this.#checkUnique(row, whole, existing);
    const sealed = row.seal && row.sealed.some((name) => name in input || !existing) ? row.seal(whole) : whole;
    const { snis, ttl, ...kept } = sealed;
    const expires = ttl ? Date.now() + ttl * 1000 : undefined;
    if ('ttl' in row.fields) kept.ttl = null;
    if ('snis' in row.fields) kept.snis = snis;
    if (row.snis) this.#writeSnis(kept, existing);
    this.#table(row.entity).set(kept.id, { value: kept, expires });
    return shown(kept, expires);
  }

  #resolveForeign(row, value) {
    const out = {};
    for (const [name, field] of foreignFields(row)) {
      const key = value[name];
      if (!key) continue;
      const parent = ENTITIES[field.reference];
      if (key.id === undefined) {
        const found = this.byKey(parent, key[parent.key]);
        if (!found) throw errors.foreignUnresolved(name, key, field.reference);
        out[name] = { id: found.id };
      } else {
        if (!this.get(parent, key.id)) throw errors.foreignViolation(name, { id: key.id }, field.reference);
        out[name] = { id: key.id };
      }
    }
    return out;
  }

  #checkUnique(row, value, existing) {
    const others = this.all(row, (other) => other.id !== existing?.id);
    if (others.some((other) => other.id === value.id)) throw errors.uniqueViolation({ id: value.id });
    for (const [name, field] of Object.entries(row.fields)) {
      if (field.unique && value[name] !== null && others.some((other) => other[name] === value[name])) throw errors.uniqueViolation({ [name]: value[name] });
    }
    for (const names of row.unique) {
      if (others.some((other) => names.every((name) => same(other[name], value[name])))) {
        throw errors.uniqueViolation(Object.fromEntries(names.map((name) => [name, value[name]])));
      }
    }
  }

  // A certificate names its server names; each is an entity of its own.
  #writeSnis(certificate, existing) {
    const wanted = certificate.snis ?? [];
    const held = this.all(ENTITIES.snis);
    const taken = held.find((sni) => wanted.includes(sni.name) && sni.certificate.id !== existing?.id);
    if (taken) throw errors.schemaViolation({ snis: `${taken.name} already associated with existing certificate '${taken.certificate.id}'` });
    for (const sni of held) if (sni.certificate.id === certificate.id && !wanted.includes(sni.name)) this.delete(ENTITIES.snis, sni.id);
    for (const name of wanted) {
      if (held.some((sni) => sni.name === name)) continue;
      const value = this.#complete(ENTITIES.snis, { name, certificate: { id: certificate.id } });
      this.#table('snis').set(value.id, { value, expires: undefined });
    }
    certificate.snis = wanted;
  }
}

// What an answer shows: a copy, with the seconds that are left.
function shown(value, expires) {
  const copy = structuredClone(value);
  if (expires !== undefined) copy.ttl = Math.max(0, Math.floor((expires - Date.now()) / 1000));
  return copy;
}
