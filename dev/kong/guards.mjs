// The plugins that the proxy port enforces: key-auth and acl as Kong 3.9.3 has them. A guard takes { store, call, config,
// seen } and answers a refusal { status, message, headers? }, or nothing to let the call pass; `seen` is what it found out.
import { ENTITIES } from './entities.mjs';

// Plugins that would decide about a call but are not built: silence would let calls through that Kong refuses.
const NOT_BUILT = ['basic-auth', 'hmac-auth', 'ip-restriction', 'jwt', 'ldap-auth', 'oauth2', 'request-termination', 'session'];

const PRIORITIES = { 'key-auth': 1250, acl: 950 };
const GUARDS = { 'key-auth': keyAuth, acl };

/** The guards of a route in Kong's order, each with its configuration: of equal plugins the closest one counts. */
export function guards(store, route) {
  const closest = new Map();
  for (const plugin of store.all(ENTITIES.plugins, ({ enabled, consumer }) => enabled && !consumer)) {
    const fits = (!plugin.route || plugin.route.id === route.id) && (!plugin.service || plugin.service.id === route.service.id);
    const weight = (plugin.route ? 2 : 0) + (plugin.service ? 1 : 0);
    if (fits && weight >= (closest.get(plugin.name)?.weight ?? -1)) closest.set(plugin.name, { plugin, weight });
  }
  const known = [...closest].filter(([name]) => GUARDS[name] || NOT_BUILT.includes(name));
  known.sort(([a], [b]) => (PRIORITIES[b] ?? 2000) - (PRIORITIES[a] ?? 2000));
  return known.map(([name, { plugin }]) => ({ guard: GUARDS[name] ?? notBuilt(name), config: plugin.config }));
}

const notBuilt = (name) => () => ({ status: 501, message: `the stand-in does not enforce ${name}` });

function keyAuth({ store, call, config, seen }) {
  if (config.anonymous && seen.consumer) return undefined;
  const refusal = findKey({ store, call, config, seen });
  if (!refusal || !config.anonymous) return refusal;
  const consumer = store.get(ENTITIES.consumers, config.anonymous) ?? store.byKey(ENTITIES.consumers, config.anonymous);
  if (!consumer) return { status: 500, message: 'An unexpected error occurred' };
  Object.assign(seen, { consumer, credential: undefined, anonymous: true });
  return undefined;
}

function findKey({ store, call, config, seen }) {
  const challenge = { 'www-authenticate': config.realm ? `Key realm="${config.realm}"` : 'Key' };
  const refused = (message) => ({ status: 401, message, headers: challenge });
  const places = config.key_names.map((name) => [name, [
    ...(config.key_in_header ? call.headers[name.toLowerCase()] ?? [] : []),
    ...(config.key_in_query ? call.url.searchParams.getAll(name) : []),
  ]]);
  const [name, keys] = places.find(([, values]) => values.length > 0) ?? [];
  if (!name || keys[0] === '') return refused('No API key found in request');
  if (keys.length > 1) return refused('Duplicate API key found');
  const credential = store.byKey(ENTITIES.keyauth_credentials, keys[0]);
  const consumer = credential && store.get(ENTITIES.consumers, credential.consumer.id);
  if (!consumer) return refused('Unauthorized');
  Object.assign(seen, { consumer, credential, anonymous: false });
  if (config.hide_credentials) seen.hidden.add(name.toLowerCase());
  return undefined;
}

function acl({ store, config, seen }) {
  if (!seen.consumer) return { status: 401, message: 'Unauthorized' };
  const held = store.all(ENTITIES.acls, ({ consumer }) => consumer.id === seen.consumer.id).map(({ group }) => group);
  if (seen.anonymous && held.length === 0) return { status: 401, message: 'Unauthorized' };
  const inAny = (groups) => (groups ?? []).some((group) => held.includes(group));
  const passes = config.allow?.length > 0 ? inAny(config.allow) : !inAny(config.deny);
  if (!passes) return { status: 403, message: 'You cannot consume this service' };
  if (!config.hide_groups_header) seen.groups = held;
  return undefined;
}
