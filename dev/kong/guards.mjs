// The plugins that the proxy port enforces as Kong 3.9.3 has them: key-auth, jwt, oauth2, acl. A guard takes { store, call,
// config, route, seen } and answers a refusal { status, headers?, ...body }, or nothing to let the call pass; `seen` is what
// it found out. An answer of a guard need not be a refusal: tokens are issued that way.
import { ENTITIES } from './entities.mjs';
import * as jwt from './guards/jwt.mjs';
import * as keyAuth from './guards/key-auth.mjs';
import * as oauth2 from './guards/oauth2.mjs';

// Plugins that would decide about a call but are not built: silence would let calls through that Kong refuses.
const NOT_BUILT = ['basic-auth', 'hmac-auth', 'ip-restriction', 'ldap-auth', 'request-termination', 'session'];

const IDENTIFYING = { 'key-auth': keyAuth, jwt, oauth2 };
const GUARDS = { acl, ...Object.fromEntries(Object.entries(IDENTIFYING).map(([name, { identify }]) => [name, orAnonymous(identify)])) };
const PRIORITIES = { acl: 950, ...Object.fromEntries(Object.entries(IDENTIFYING).map(([name, { priority }]) => [name, priority])) };

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

/** Several identifying plugins with an anonymous consumer are alternatives: one success is enough. */
function orAnonymous(identify) {
  return (context) => {
    const { store, config, seen } = context;
    if (config.anonymous && seen.consumer) return undefined;
    const refusal = identify(context);
    if (!refusal || refusal.status === 200 || !config.anonymous) return refusal;
    const consumer = store.get(ENTITIES.consumers, config.anonymous) ?? store.byKey(ENTITIES.consumers, config.anonymous);
    if (!consumer) return { status: 500, message: 'An unexpected error occurred' };
    Object.assign(seen, { consumer, credential: undefined, anonymous: true });
    return undefined;
  };
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
