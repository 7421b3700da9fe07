// Believable content for the demo.
import { ENTITIES } from './entities.mjs';

const SERVICES = [
  ['orders', 8080, '/v1', ['ws:default', 'team-commerce'], [['orders-api', ['/orders'], ['GET', 'POST', 'PATCH']], ['orders-export', ['/orders/export'], ['GET']]]],
  ['billing', 8081, '/', ['ws:default', 'team-finance'], [['billing-api', ['/billing'], null], ['invoices', ['/invoices'], ['GET']]]],
  ['inventory', 8082, '/api', ['ws:default', 'team-commerce'], [['inventory-api', ['/inventory'], null]]],
  ['catalogue', 8083, '/', ['team-commerce'], [['catalogue-api', ['/catalogue'], ['GET']]]],
  ['notifications', 8084, '/', ['team-platform'], [['webhooks', ['/webhooks'], ['POST']]]],
];

const PLUGINS = [
  ['key-auth', { service: 'orders' }, { hide_credentials: true }],
  ['rate-limiting', { service: 'orders' }, { minute: 120, policy: 'local' }],
  ['acl', { service: 'billing' }, { allow: ['finance'] }],
  ['key-auth', { service: 'billing' }, {}],
  ['cors', { route: 'catalogue-api' }, { origins: ['https://shop.example.com'] }],
  ['correlation-id', {}, {}],
  ['rate-limiting', { consumer: 'partner-portal' }, { hour: 1000, policy: 'local' }],
];

const CONSUMERS = [['storefront', 'app-1001', 'retail'], ['mobile-app', 'app-1002', 'retail'], ['partner-portal', 'app-2001', 'finance'], ['batch-jobs', null, 'finance']];
const UPSTREAMS = [['orders.internal', ['10.0.1.11:8080', '10.0.1.12:8080']], ['inventory.internal', ['10.0.2.11:8082']]];

/** Fill a store by the name of a seed; only "demo" exists. */
export function seed(store, name) {
  if (name !== 'demo') throw new Error(`unknown seed ${name}`);
  const add = (entity, input) => store.insert(ENTITIES[entity], input);
  for (const [service, port, path, tags, routes] of SERVICES) {
    const { id } = add('services', { name: service, host: `${service}.internal`, port, path, tags });
    for (const [route, paths, methods] of routes) add('routes', { name: route, paths, methods, service: { id }, tags });
  }
  for (const [username, customId, group] of CONSUMERS) {
    const consumer = { id: add('consumers', { username, custom_id: customId, tags: ['demo'] }).id };
    add('acls', { consumer, group });
    add('keyauth_credentials', { consumer });
  }
  for (const [upstream, targets] of UPSTREAMS) {
    const { id } = add('upstreams', { name: upstream, tags: ['team-platform'] });
    for (const target of targets) add('targets', { target, upstream: { id } });
  }
  for (const [plugin, on, config] of PLUGINS) add('plugins', { name: plugin, config, ...scope(store, on) });
}

function scope(store, on) {
  return Object.fromEntries(Object.entries(on).map(([field, key]) => [field, { id: store.byKey(ENTITIES[`${field}s`], key).id }]));
}
