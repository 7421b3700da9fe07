// Doors: which path leads to which entity. Built once from the table of entities.
import { ENTITIES } from './entities.mjs';
import { foreignFields } from './store.mjs';
import * as crud from './crud.mjs';
import * as info from './info.mjs';

const COLLECTION = { GET: crud.list, POST: crud.create };
const ENTITY = { GET: crud.read, PUT: crud.replace, PATCH: crud.change, DELETE: crud.remove };
const PARENT = { GET: crud.read, PUT: crud.replace, PATCH: crud.change };
const BY_PATH = new Map(Object.values(ENTITIES).map((row) => [row.path, row]));

/** Fixed paths: pattern (":x" takes any segment) and handlers by method. */
const FIXED = [
  ['', { GET: info.node }],
  ['status', { GET: info.status }],
  ['endpoints', { GET: info.endpoints }],
  ['timers', { GET: info.timers }],
  ['metrics', { GET: info.metrics }],
  ['tags', { GET: info.tags }],
  ['tags/:tag', { GET: info.tags }],
  ['plugins/enabled', { GET: info.enabled }],
  ['plugins/schema/:plugin', { GET: info.pluginSchema }],
  ['schemas/plugins/validate', { POST: info.validatePlugin }],
  ['schemas/plugins/:plugin', { GET: info.pluginSchema }],
  ['schemas/:entity', { GET: info.schema }],
  ['schemas/:entity/validate', { POST: info.validate }],
  ['cache', { DELETE: info.nothing }],
  ['cache/:key', { GET: info.missing, DELETE: info.nothing }],
  ['config', { GET: info.dbLess, POST: info.dbLess }],
  ['clustering/data-planes', { GET: info.controlPlane }],
  ['clustering/status', { GET: info.controlPlane }],
  ['debug/node/log-level', { GET: info.logLevel }],
  ['debug/node/log-level/:level', { PUT: info.setLogLevel }],
  ['debug/cluster/log-level/:level', { PUT: info.setLogLevel }],
  ['upstreams/:parent/health', { GET: info.health }],
  ['upstreams/:parent/targets/all', { GET: info.allTargets }],
  ['upstreams/:parent/targets/:target/healthy', { PUT: info.noBalancer }],
  ['upstreams/:parent/targets/:target/unhealthy', { PUT: info.noBalancer }],
  ['upstreams/:parent/targets/:target/:address/healthy', { PUT: info.noBalancer }],
  ['upstreams/:parent/targets/:target/:address/unhealthy', { PUT: info.noBalancer }],
].map(([pattern, methods]) => ({ steps: pattern === '' ? [] : pattern.split('/'), methods }));

/** Nested doors: /parents/:parent/<name>[/:id] for children, /children/:id/<name> for the parent. */
const CHILDREN = new Map();
const PARENTS = new Map();
for (const row of Object.values(ENTITIES)) {
  for (const [field, { reference, hidden }] of foreignFields(row)) {
    const parent = ENTITIES[reference];
    CHILDREN.set(`${parent.path}/${row.door ?? row.path}`, { row, parent, field });
    PARENTS.set(`${row.path}/${field}`, { row: parent, child: row, field, hidden });
  }
}

function fixed(segments) {
  for (const { steps, methods } of FIXED) {
    if (steps.length !== segments.length) continue;
    if (!steps.every((step, i) => step.startsWith(':') || step === segments[i])) continue;
    const params = Object.fromEntries(steps.flatMap((step, i) => (step.startsWith(':') ? [[step.slice(1), segments[i]]] : [])));
    return { methods, params };
  }
  return undefined;
}

/** The door of a path: { methods, row?, parent?, field?, child?, params } or undefined. */
export function route(segments) {
  const known = fixed(segments);
  if (known || segments.length === 0 || segments.length > 4) return known;
  const [path, id, name, childId] = segments;
  const row = BY_PATH.get(path);
  if (!row || segments.some((segment) => segment === '')) return undefined;
  if (segments.length === 1) return { methods: COLLECTION, row, params: {} };
  if (segments.length === 2) return { methods: ENTITY, row, params: { id } };
  const door = CHILDREN.get(`${path}/${name}`);
  if (door && segments.length === 3) return { methods: COLLECTION, ...door, params: { parent: id } };
  if (door) return { methods: ENTITY, ...door, params: { parent: id, id: childId } };
  const up = PARENTS.get(`${path}/${name}`);
  return up && segments.length === 3 ? { methods: PARENT, ...up, params: { child: id } } : undefined;
}

/** The value of Allow for a door. */
export function allowed(methods) {
  return [...Object.keys(methods), ...(methods.GET ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
}
