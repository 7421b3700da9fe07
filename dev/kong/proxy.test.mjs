// The proxy port: routing, key-auth and acl, answered as Kong 3.9.3 was recorded to answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { send as request } from '../lib/testing.mjs';
import { Instance } from './instance.mjs';

let kong;
const admin = async (method, path, body) => {
  const response = await fetch(`${kong.admin}${path}`, { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.status === 204 ? undefined : response.json();
};
const call = async (path, headers = {}, method = 'GET') => {
  const response = await request(`${kong.proxy}${path}`, { method, headers });
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() };
};
const refusal = async (...args) => {
  const { status, challenge, body } = await call(...args);
  assert.match(body.request_id, /^[0-9a-f]{32}$/);
  return [status, body.message, challenge];
};

before(async () => {
  kong = await new Instance('proxy').start();
  await admin('PUT', '/services/orders', { host: 'orders.internal' });
  await admin('PUT', '/routes/orders', { paths: ['/orders'], service: { name: 'orders' } });
  await admin('PUT', '/consumers/app', { custom_id: 'cid' });
  await admin('POST', '/consumers/app/key-auth', { key: 'good' });
});
after(() => kong.stop());

test('a path that no route has is not found; one without plugins is open', async () => {
  assert.deepEqual(await refusal('/nothing'), [404, 'no Route matched with those values', null]);
  const open = await call('/orders/7');
  assert.deepEqual([open.status, open.body.service, open.body['x-consumer-id']], [200, 'orders', undefined]);
});

test('acl alone answers 401 to everybody', async () => {
  const acl = await admin('POST', '/services/orders/plugins', { name: 'acl', config: { allow: ['g1'], hide_groups_header: true } });
  assert.deepEqual(await refusal('/orders', { apikey: 'good' }), [401, 'Unauthorized', null]);
  await admin('DELETE', `/plugins/${acl.id}`);
});

test('key-auth and acl decide as recorded', async () => {
  await admin('POST', '/services/orders/plugins', { name: 'acl', config: { allow: ['g1'] } });
  const auth = await admin('POST', '/services/orders/plugins', { name: 'key-auth', config: { key_in_query: false, hide_credentials: true } });
  assert.deepEqual(await refusal('/orders'), [401, 'No API key found in request', 'Key']);
  assert.deepEqual(await refusal('/orders', { apikey: 'bad' }), [401, 'Unauthorized', 'Key']);
  assert.deepEqual(await refusal('/orders', { apikey: ['good', 'bad'] }), [401, 'Duplicate API key found', 'Key']);
  assert.deepEqual(await refusal('/orders?apikey=good'), [401, 'No API key found in request', 'Key']);
  assert.deepEqual(await refusal('/orders', { apikey: 'good' }), [403, 'You cannot consume this service', null]);
  await admin('PUT', '/consumers/app/acls/g1', {});
  const { status, body } = await call('/orders', { apikey: 'good' });
  assert.deepEqual([status, body['x-consumer-username'], body['x-consumer-custom-id'], body['x-consumer-groups'], body.apikey], [200, 'app', 'cid', 'g1', undefined]);
  await admin('PATCH', `/plugins/${auth.id}`, { config: { key_in_query: true, hide_credentials: false } });
  assert.equal((await call('/orders?apikey=good')).status, 200);
  await admin('DELETE', '/consumers/app/acls/g1');
  assert.equal((await call('/orders', { apikey: 'good' })).status, 403);
});

test('a key whose lifetime is over is unknown', async () => {
  await admin('POST', '/consumers/app/key-auth', { key: 'short', ttl: 1 });
  assert.equal((await call('/orders', { apikey: 'short' })).status, 403);
  await new Promise((resolve) => setTimeout(resolve, 1050));
  assert.equal((await call('/orders', { apikey: 'short' })).status, 401);
});

test('the plugin of a route counts more than that of its service, and a disabled one not at all', async () => {
  await admin('POST', '/routes/orders/plugins', { name: 'acl', config: { allow: ['g2'] } });
  await admin('PUT', '/consumers/app/acls/g1', {});
  assert.equal((await call('/orders', { apikey: 'good' })).status, 403);
  const { data } = await admin('GET', '/routes/orders/plugins');
  await admin('PATCH', `/plugins/${data[0].id}`, { enabled: false });
  assert.equal((await call('/orders', { apikey: 'good' })).status, 200);
});

test('a deny list, hosts, methods and plugins that are not built', async () => {
  await admin('PUT', '/services/billing', { host: 'billing.internal' });
  await admin('PUT', '/routes/billing', { hosts: ['billing.test'], methods: ['POST'], service: { name: 'billing' } });
  assert.equal((await call('/x', { host: 'other.test' }, 'POST')).status, 404);
  assert.equal((await call('/x', { host: 'billing.test' })).status, 404);
  assert.equal((await call('/x', { host: 'billing.test' }, 'POST')).status, 200);
  await admin('POST', '/services/billing/plugins', { name: 'key-auth' });
  await admin('POST', '/services/billing/plugins', { name: 'acl', config: { deny: ['g1'] } });
  assert.equal((await call('/x', { host: 'billing.test', apikey: 'good' }, 'POST')).status, 403);
  await admin('POST', '/services/billing/plugins', { name: 'ip-restriction', config: { allow: ['10.0.0.1'] } });
  assert.equal((await call('/x', { host: 'billing.test', apikey: 'good' }, 'POST')).status, 501);
});

test('a caller of an anonymous consumer without groups is refused by acl with 401', async () => {
  await admin('PUT', '/services/stock', { host: 'stock.internal' });
  await admin('PUT', '/routes/stock', { paths: ['/stock'], service: { name: 'stock' } });
  const { id } = await admin('PUT', '/consumers/anybody', {});
  await admin('POST', '/services/stock/plugins', { name: 'key-auth', config: { anonymous: id } });
  assert.equal((await call('/stock')).body['x-anonymous-consumer'], 'true');
  await admin('POST', '/services/stock/plugins', { name: 'acl', config: { allow: ['g1'] } });
  assert.deepEqual(await refusal('/stock'), [401, 'Unauthorized', null]);
  assert.equal((await call('/stock', { apikey: 'good' })).status, 200);
});
