// What the record does not cover: instances, recorded requests, faults, the GUI port, the seed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, startServer } from '../lib/testing.mjs';

let kong;
const control = (method, path, body) => call(method, `${kong.ready.control}${path}`, body);
const ask = async (method, url, body) => {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
};

before(async () => {
  kong = await startServer('kong/server.mjs', '--control', '127.0.0.1:0', '--seed', 'demo');
});
after(() => kong.stop());

test('the demo seed holds every kind of entity', async () => {
  for (const [path, least] of [['services', 5], ['routes', 7], ['consumers', 4], ['plugins', 7], ['upstreams', 2], ['targets', 3], ['key-auths', 4], ['acls', 4]]) {
    const { body } = await ask('GET', `${kong.ready.admin}/${path}`);
    assert.ok(body.data.length >= least, path);
  }
});

test('instances are isolated and end when deleted', async () => {
  const one = await control('POST', '/instances');
  const two = await control('POST', '/instances', { seed: 'demo' });
  assert.equal((await ask('POST', `${one.admin}/services`, { name: 'mine', host: 'x' })).status, 201);
  assert.equal((await ask('GET', `${two.admin}/services/mine`)).status, 404);
  assert.equal((await ask('GET', `${two.admin}/services/orders`)).status, 200);
  await control('DELETE', `/instances/${one.id}`);
  await assert.rejects(fetch(one.admin));
  await control('DELETE', `/instances/${two.id}`);
});

test('requests are recorded as received, and cleared', async () => {
  const { id, admin } = await control('POST', '/instances');
  await fetch(`${admin}/services/%6frders?x=%20`, { method: 'PATCH', body: '{"a":1}', headers: { 'X-Odd-Name': 'v', 'content-type': 'application/json' } });
  const [request] = await control('GET', `/instances/${id}/requests`);
  assert.equal(request.method, 'PATCH');
  assert.equal(request.url, '/services/%6frders?x=%20');
  assert.equal(request.body, '{"a":1}');
  assert.ok(request.headers.some(([name, value]) => name.toLowerCase() === 'x-odd-name' && value === 'v'));
  await control('DELETE', `/instances/${id}/requests`);
  assert.deepEqual(await control('GET', `/instances/${id}/requests`), []);
});

test('faults: status, raw headers, delay, closed connections, until cleared', async () => {
  const { id, admin } = await control('POST', '/instances');
  const faults = (body) => control('POST', `/instances/${id}/faults`, body);
  await faults({ status: 502, raw_headers: { 'X-Broken': 'yes' } });
  const broken = await ask('GET', `${admin}/`);
  assert.deepEqual([broken.status, broken.headers.get('x-broken')], [502, 'yes']);
  await faults({ delay_ms: 150 });
  const start = Date.now();
  assert.equal((await ask('GET', `${admin}/status`)).status, 200);
  assert.ok(Date.now() - start >= 140);
  await faults({ status: 500, only: '^DELETE /services', after: 1 });
  assert.equal((await ask('GET', `${admin}/status`)).status, 200);
  assert.equal((await ask('DELETE', `${admin}/services/a`)).status, 204);
  assert.equal((await ask('DELETE', `${admin}/services/a`)).status, 500);
  await faults({ down: true });
  await assert.rejects(fetch(admin));
  await faults({ hang: true });
  await assert.rejects(fetch(admin, { signal: AbortSignal.timeout(200) }));
  await control('DELETE', `/instances/${id}/faults`);
  assert.equal((await ask('GET', `${admin}/status`)).status, 200);
});

test('the GUI port serves the page for every document path, its assets and kconfig.js', async () => {
  const { gui, admin } = kong.ready;
  const index = await (await fetch(`${gui}/`)).text();
  assert.match(index, /<script src="\/kconfig\.js"><\/script>/);
  assert.doesNotMatch(index, /<script>|<style|https?:\/\//);
  assert.equal(await (await fetch(`${gui}/services/some-id?x=1`)).text(), index);
  for (const path of ['/assets/app.js', '/assets/views.js', '/assets/app.css', '/favicon.ico', '/robots.txt']) assert.equal((await fetch(gui + path)).status, 200, path);
  assert.equal((await fetch(`${gui}/assets/none.js`)).status, 404);
  const script = await (await fetch(`${gui}/kconfig.js`)).text();
  const config = JSON.parse(script.replace(/^window\.K_CONFIG = |;\n$/g, ''));
  assert.equal(config.ADMIN_API_URL, admin);
  for (const value of Object.values(config)) assert.equal(typeof value, 'string');
});

test('form bodies with dotted names and lists reach nested configuration', async () => {
  const { admin } = await control('POST', '/instances');
  const body = new URLSearchParams([['name', 'key-auth'], ['config.key_names[]', 'a'], ['config.key_names[]', 'b'], ['config.hide_credentials', 'true'], ['enabled', 'false']]);
  const made = await (await fetch(`${admin}/plugins`, { method: 'POST', body })).json();
  assert.deepEqual(made.config.key_names, ['a', 'b']);
  assert.deepEqual([made.config.hide_credentials, made.enabled], [true, false]);
  const patched = await ask('PATCH', `${admin}/plugins/${made.id}`, { config: { key_in_body: true } });
  assert.deepEqual([patched.body.config.key_in_body, patched.body.config.key_names], [true, ['a', 'b']]);
});

test('children go with their parent, and a used certificate stays', async () => {
  const { admin } = await control('POST', '/instances');
  const cert = (await ask('POST', `${admin}/certificates`, { cert: 'c', key: 'k', snis: ['a.test'] })).body;
  await ask('POST', `${admin}/services`, { name: 's', host: 'h', client_certificate: { id: cert.id } });
  assert.equal((await ask('DELETE', `${admin}/certificates/a.test`)).body.code, 4);
  await ask('POST', `${admin}/services/s/plugins`, { name: 'correlation-id' });
  assert.equal((await ask('DELETE', `${admin}/services/s`)).status, 204);
  assert.deepEqual((await ask('GET', `${admin}/plugins`)).body.data, []);
  assert.equal((await ask('DELETE', `${admin}/certificates/a.test`)).status, 204);
  assert.deepEqual((await ask('GET', `${admin}/snis`)).body.data, []);
});

test('a key with a lifetime ends', async () => {
  const { admin } = await control('POST', '/instances');
  await ask('POST', `${admin}/consumers`, { username: 'c' });
  await ask('POST', `${admin}/consumers/c/key-auth`, { key: 'short', ttl: 1 });
  assert.equal((await ask('GET', `${admin}/key-auths/short`)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 1050));
  assert.equal((await ask('GET', `${admin}/key-auths/short`)).status, 404);
});
