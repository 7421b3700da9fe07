// Create, read, change, replace, delete: one set of handlers for all entities and all their doors.
// A handler takes { store, door, params, query, path, body } and gives { status, body? }.
import { randomBytes } from 'node:crypto';
import { isUuid } from './checks.mjs';
import { KongError, invalidUnique, noSuchEntity, notFound } from './errors.mjs';
import { page } from './listing.mjs';
import { decodeSegment } from './target.mjs';

/** Find an entity by what a path segment says: its id or its key. Answers { entity, text, byId }. */
export function find(store, row, segment, scope) {
  const text = decodeSegment(segment);
  if (isUuid(text)) return { entity: store.get(row, text.toLowerCase()), text, byId: true };
  const complaint = row.key && row.fields[row.key].check?.(text);
  if (complaint) throw invalidUnique(row.key, complaint);
  const known = row.scopedKey && !scope ? undefined : store.byKey(row, text, scope);
  return { entity: known, text, byId: false };
}

// The entity that a door leads to. Behind a parent's door only its own children are found.
function locate({ store, door, params }) {
  if (door.child) {
    const child = find(store, door.child, params.child).entity;
    const key = child?.[door.field];
    if (!key) throw notFound();
    return { row: door.row, entity: store.get(door.row, key.id), text: key.id, byId: true, fixed: {} };
  }
  const fixed = door.parent ? { [door.field]: parentKey(store, door, params) } : {};
  const found = find(store, door.row, params.id, door.parent && fixed);
  const foreign = door.parent && found.entity && found.entity[door.field]?.id !== fixed[door.field].id;
  return { row: door.row, ...found, entity: foreign ? undefined : found.entity, taken: foreign, fixed };
}

function parentKey(store, door, params) {
  const { entity } = find(store, door.parent, params.parent);
  if (!entity) throw notFound();
  return { id: entity.id };
}

export function list({ store, door, params, query, path }) {
  const key = door.parent && parentKey(store, door, params);
  const within = key ? (value) => value[door.field]?.id === key.id : undefined;
  return { status: 200, body: page(store, door.row, { path, query, within }) };
}

export function create({ store, door, params, body }) {
  const fixed = door.parent ? { [door.field]: parentKey(store, door, params) } : {};
  return { status: 201, body: store.insert(door.row, { ...body.input, ...fixed }, body) };
}

export function read(request) {
  const { entity } = locate(request);
  if (!entity) throw notFound();
  return { status: 200, body: entity };
}

export function change(request) {
  const { row, entity, text, byId } = locate(request);
  if (!entity && request.door.parent) throw notFound();
  if (!entity) throw noSuchEntity({ [byId ? 'id' : row.key ?? 'id']: text });
  return { status: 200, body: request.store.update(row, entity, request.body.input, request.body) };
}

export function replace(request) {
  const { row, entity, text, byId, taken, fixed } = locate(request);
  if (taken || (!byId && !row.key)) throw notFound();
  const named = { ...fixed, [byId ? 'id' : row.key]: byId ? text.toLowerCase() : text };
  return { status: 200, body: request.store.upsert(row, entity, request.body.input, named, request.body) };
}

export function remove(request) {
  const { row, entity, byId } = locate(request);
  if (entity) request.store.delete(row, entity.id);
  else if (request.door.parent) throw byId ? notFound() : new KongError(404, { message: 'Not found', request_id: randomBytes(16).toString('hex') });
  return { status: 204 };
}
