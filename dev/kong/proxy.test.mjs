// The proxy port: routing, key-auth, jwt, oauth2 and acl, answered as Kong 3.9.3 answers.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
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

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const soon = () => Math.floor(Date.now() / 1000) + 60;
const bearer = (token) => ({ authorization: `Bearer ${token}` });

test('jwt finds the credential by a claim and takes its algorithm alone', async () => {
  await admin('PUT', '/services/ledger', { host: 'ledger.internal' });
  await admin('PUT', '/routes/ledger', { paths: ['/ledger'], service: { name: 'ledger' } });
  await admin('POST', '/services/ledger/plugins', { name: 'jwt', config: { key_claim_name: 'azp', claims_to_verify: ['exp'], maximum_expiration: 120 } });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  await admin('POST', '/consumers/app/jwt', { key: 'client', algorithm: 'RS256', rsa_public_key: pem });
  await admin('POST', '/consumers/app/jwt', { key: 'shared', algorithm: 'HS256', secret: 's' });
  const rs256 = (claims, header = { alg: 'RS256' }) => {
    const input = `${part(header)}.${part(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  };
  const hs256 = (claims, secret) => {
    const input = `${part({ alg: 'HS256' })}.${part(claims)}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const answers = async (token) => (await call('/ledger', token && bearer(token))).body;
  assert.equal((await answers()).message, 'Unauthorized');
  assert.equal((await answers('x')).message, 'Bad token; invalid JSON');
  assert.equal((await answers(rs256({ exp: soon() }))).message, "No mandatory 'azp' in claims");
  assert.equal((await answers(rs256({ azp: 'other', exp: soon() }))).message, "No credentials found for given 'azp'");
  assert.equal((await answers(rs256({ azp: ['client'], exp: soon() }))).message, "No credentials found for given 'azp'");
  assert.equal((await answers(hs256({ azp: 'client', exp: soon() }, pem))).message, 'Invalid algorithm');
  assert.equal((await answers(`${rs256({ azp: 'client', exp: soon() })}A`)).message, 'Invalid signature');
  assert.equal((await answers(rs256({ azp: 'client', exp: 1 }))).exp, 'token expired');
  assert.equal((await answers(rs256({ azp: 'client' }))).exp, 'must be a number');
  assert.equal((await answers(rs256({ azp: 'client', exp: soon() + 900 }))).exp, 'exceeds maximum allowed expiration');
  const passed = await answers(rs256({ azp: 'client', iss: 'anybody', aud: 'anything', exp: soon() }));
  assert.deepEqual([passed['x-consumer-username'], passed['x-credential-identifier']], ['app', 'client']);
  assert.equal((await answers(rs256({ exp: soon() }, { alg: 'RS256', azp: 'client' })))['x-consumer-username'], 'app', 'the header is a place too');
  assert.equal((await answers(hs256({ azp: 'shared', exp: soon() }, 's')))['x-consumer-username'], 'app');
  assert.equal((await answers(hs256({ azp: 'shared', exp: soon() }, 't'))).message, 'Invalid signature');
});

test('oauth2 issues tokens over HTTPS and takes them until their credential goes', async () => {
  await admin('PUT', '/services/depot', { host: 'depot.internal' });
  await admin('PUT', '/routes/depot', { paths: ['/depot'], service: { name: 'depot' } });
  const config = { enable_client_credentials: true, global_credentials: true, scopes: ['read'], accept_http_if_already_terminated: true, hide_credentials: true };
  await admin('POST', '/services/depot/plugins', { name: 'oauth2', config });
  const held = await admin('POST', '/consumers/app/oauth2', { name: 'app', client_id: 'cid', client_secret: 'secret', hash_secret: true });
  assert.notEqual(held.client_secret, 'secret');
  const ask = async (form, headers = { 'x-forwarded-proto': 'https' }) => {
    const response = await request(`${kong.proxy}/depot/oauth2/token`, { method: 'POST', headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(form).toString() });
    return { status: response.status, ...(await response.json()) };
  };
  const fine = { grant_type: 'client_credentials', client_id: 'cid', client_secret: 'secret' };
  assert.equal((await ask(fine, {})).error_description, 'You must use HTTPS');
  assert.equal((await ask({ ...fine, client_secret: 'other' })).error, 'invalid_client');
  assert.equal((await ask({ ...fine, grant_type: 'password' })).error, 'unsupported_grant_type');
  assert.equal((await ask({ ...fine, scope: 'write' })).error, 'invalid_scope');
  const issued = await ask({ ...fine, scope: 'read' });
  assert.deepEqual([issued.status, issued.token_type, issued.expires_in], [200, 'bearer', 7200]);
  assert.equal((await call('/depot')).body.error, 'invalid_request');
  assert.equal((await call('/depot', bearer('x'))).body.error, 'invalid_token');
  const { body } = await call('/depot', bearer(issued.access_token));
  assert.deepEqual([body['x-consumer-username'], body['x-authenticated-scope'], body.authorization], ['app', 'read', undefined]);
  await admin('DELETE', `/oauth2/${held.id}`);
  assert.equal((await call('/depot', bearer(issued.access_token))).status, 401);
});
