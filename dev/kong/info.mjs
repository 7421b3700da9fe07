// Everything of the Admin API that is not an entity: the node, its status, schemas, tags, debugging.
import { readFileSync } from 'node:fs';
import { ENTITIES } from './entities.mjs';
import { find } from './crud.mjs';
import { KongError, notFound, refused } from './errors.mjs';
import * as plugins from './plugins.mjs';
import { decodeSegment } from './target.mjs';

const load = (name) => JSON.parse(readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8'));
const STATUS = load('status.json');
const ENDPOINTS = load('endpoints.json');
const ok = (body) => ({ status: 200, body });

export function node({ store, instance }) {
  const used = [...new Set(store.all(ENTITIES.plugins).map((plugin) => plugin.name))];
  return ok({
    version: '3.9.3', edition: 'community', tagline: 'Welcome to kong', hostname: 'kong', lua_version: 'LuaJIT 2.1.1700206165', node_id: instance.nodeId,
    pids: { master: process.pid, workers: [process.pid] }, timers: { pending: 1, running: 269 },
    plugins: { available_on_server: plugins.availablePlugins(), enabled_in_cluster: used },
    configuration: {
      role: 'traditional', database: 'postgres', router_flavor: 'traditional_compatible', log_level: instance.logLevel,
      admin_listen: [new URL(instance.admin).host], admin_gui_listen: [new URL(instance.gui).host], admin_gui_url: [instance.gui], proxy_listen: ['off'],
      admin_listeners: [], admin_gui_listeners: [], proxy_listeners: [], ...instance.configuration,
    },
  });
}

export function status({ instance }) {
  const requests = instance.served;
  return ok({ ...STATUS, server: { ...STATUS.server, total_requests: requests, connections_accepted: requests, connections_handled: requests } });
}

export const endpoints = () => ok({ data: ENDPOINTS });
export const enabled = () => ok({ enabled_plugins: plugins.enabledPlugins() });
export const nothing = () => ({ status: 204 });
export const metrics = () => ok({});

export function missing() {
  throw notFound();
}

export function timers() {
  return ok({
    worker: { id: 0, count: 1 },
    stats: {
      flamegraph: { elapsed_time: '', pending: '', running: '' },
      sys: { pending: 0, running: 2, runs: 1406, total: 10, waiting: 8 },
      timers: {},
    },
  });
}

export function dbLess() {
  throw refused('this endpoint is only available when Kong is configured to not use a database');
}

export function controlPlane() {
  throw refused('this endpoint is only available when Kong is configured to run as Control Plane for the cluster');
}

export const logLevel = ({ instance }) => ok({ message: `log level: ${instance.logLevel}` });

export function setLogLevel({ instance, params }) {
  const level = decodeSegment(params.level);
  if (!['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'].includes(level)) throw refused(`unknown log level: ${level}`);
  if (level === instance.logLevel) return ok({ message: `log level is already ${level}` });
  instance.logLevel = level;
  return ok({ message: `log level changed to ${level}` });
}

/** Every tag of every entity, or the entities that carry one tag. */
export function tags({ store, params }) {
  const only = params.tag === undefined ? undefined : decodeSegment(params.tag);
  const rows = Object.values(ENTITIES).flatMap((row) => store.all(row).flatMap(({ id, tags: own }) =>
    (own ?? []).map((tag) => ({ entity_id: id, entity_name: row.entity, tag }))));
  const data = rows.filter(({ tag }) => only === undefined || tag === only).sort((a, b) => (a.entity_id < b.entity_id ? -1 : a.entity_id > b.entity_id ? 1 : 0));
  return ok({ data, next: null });
}

export const pluginSchema = ({ params }) => ok(plugins.pluginSchema(decodeSegment(params.plugin), plugins.publish));

export function schema({ params }) {
  const name = decodeSegment(params.entity);
  if (!ENTITIES[name]) throw new KongError(404, { message: `No entity named '${name}'` });
  return ok(plugins.entitySchema(ENTITIES, name, plugins.publish));
}

export function validate({ store, params, body }) {
  const row = ENTITIES[decodeSegment(params.entity)];
  if (!row) throw new KongError(404, { message: `No entity named '${decodeSegment(params.entity)}'` });
  store.validate(row, body.input, body);
  return ok({ message: 'schema validation successful' });
}

export function validatePlugin({ store, body }) {
  store.validate(ENTITIES.plugins, body.input, body);
  return ok({ message: 'schema validation successful' });
}

function upstream(store, params) {
  const { entity } = find(store, ENTITIES.upstreams, params.parent);
  if (!entity) throw notFound();
  return entity;
}

const targetsOf = (store, { id }) => store.all(ENTITIES.targets, (target) => target.upstream.id === id);

export const allTargets = ({ store, params }) => ok({ data: targetsOf(store, upstream(store, params)), next: null });

export const health = ({ store, params, instance }) =>
  ok({ data: targetsOf(store, upstream(store, params)), next: null, node_id: instance.nodeId });

// The stand-in proxies nothing, so no upstream ever has a balancer.
export function noBalancer({ store, params }) {
  throw refused(`Upstream ${upstream(store, params).name} has no balancer`);
}
