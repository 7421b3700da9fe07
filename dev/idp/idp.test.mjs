// The identity provider as its clients see it: flows by fetch against a child process.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { Browser, call, startServer } from '../lib/testing.mjs';
import { listen, readText } from '../lib/process.mjs';

const REDIRECT = 'http://127.0.0.1:65001/callback';
const AFTER_LOGOUT = 'http://127.0.0.1:65001/bye';
const BASIC = `Basic ${Buffer.from('app:app-secret').toString('base64')}`;
let idp;
let meta;

before(async () => {
  idp = await startServer('idp/server.mjs', '--control', '127.0.0.1:0', '--client-id', 'app', '--client-secret', 'app-secret',
    '--redirect-uri', REDIRECT, '--post-logout-redirect-uri', AFTER_LOGOUT, '--demo');
  meta = await discover(idp);
});
after(() => idp.stop());

const discover = async ({ ready }) => (await fetch(`${ready.issuer}/.well-known/openid-configuration`)).json();
const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
const control = (method, path, body) => call(method, `${idp.ready.control}${path}`, body);

async function tokenRequest(fields, authorization = BASIC, endpoint = meta.token_endpoint) {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(fields), headers: { authorization } });
  return { status: response.status, body: await response.json() };
}

/** Walk the code flow up to the redirect back; gives the callback's parameters and the verifier. */
async function authorize(browser, { login = 'alice', password = login, server = meta, ...params } = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: 'app', response_type: 'code', redirect_uri: REDIRECT, scope: 'openid profile email offline_access', state: 'st', nonce: 'no',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...params,
  });
  let { at, answer } = await browser.follow(`${server.authorization_endpoint}?${query}`, server.issuer);
  if (answer.status === 200) {
    const posted = await browser.submit(at, { login, password });
    ({ at, answer } = await browser.follow(at, server.issuer, posted));
  }
  return { at, answer, verifier, params: new URL(at).searchParams };
}

async function signIn(browser, options) {
  const { params, verifier } = await authorize(browser, options);
  return tokenRequest({ grant_type: 'authorization_code', code: params.get('code'), redirect_uri: REDIRECT, code_verifier: verifier });
}

test('code flow with PKCE gives an ID token with groups and e-mail, and iss in the answer', async () => {
  const { params, verifier } = await authorize(new Browser());
  assert.equal(params.get('state'), 'st');
  assert.equal(params.get('iss'), idp.ready.issuer);
  const fields = { grant_type: 'authorization_code', code: params.get('code'), redirect_uri: REDIRECT };
  const { status, body } = await tokenRequest({ ...fields, code_verifier: verifier });
  assert.equal(status, 200);
  const claims = claimsOf(body.id_token);
  assert.equal(claims.sub, 'alice');
  assert.equal(claims.nonce, 'no');
  assert.deepEqual(claims.groups, ['platform-admins']);
  assert.equal(claims.email, 'alice@example.com');
  assert.equal(claims.email_verified, true);
  assert.equal(claims.preferred_username, 'alice');
  const info = await (await fetch(meta.userinfo_endpoint, { headers: { authorization: `Bearer ${body.access_token}` } })).json();
  assert.deepEqual(info.groups, ['platform-admins']);
});

test('a wrong code verifier is refused', async () => {
  const { params } = await authorize(new Browser());
  const wrong = randomBytes(32).toString('base64url');
  const { status, body } = await tokenRequest({ grant_type: 'authorization_code', code: params.get('code'), redirect_uri: REDIRECT, code_verifier: wrong });
  assert.deepEqual([status, body.error], [400, 'invalid_grant']);
});

test('a wrong password shows the form again with 401, and a policy without inline script', async () => {
  const { answer } = await authorize(new Browser(), { password: '<wrong>' });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get('content-security-policy'), /default-src 'none'.*script-src 'self'/);
  const html = await answer.text();
  assert.match(html, /role="alert"/);
  assert.match(html, /name="login" value="alice"/);
  assert.doesNotMatch(html, /<wrong>|<script/);
});

test('a second sign-in in the same browser asks nothing', async () => {
  const browser = new Browser();
  await signIn(browser);
  const again = await authorize(browser, { prompt: 'none', scope: 'openid' });
  assert.ok(again.params.get('code'));
});

test('carol has no groups', async () => {
  const { body } = await signIn(new Browser(), { login: 'carol' });
  assert.equal('groups' in claimsOf(body.id_token), false);
});

test('refresh rotates: the old token is refused and kills the chain', async () => {
  const first = (await signIn(new Browser())).body;
  const second = await tokenRequest({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  assert.equal(second.status, 200);
  assert.notEqual(second.body.refresh_token, first.refresh_token);
  const replayed = await tokenRequest({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  assert.equal(replayed.body.error, 'invalid_grant');
  const dead = await tokenRequest({ grant_type: 'refresh_token', refresh_token: second.body.refresh_token });
  assert.equal(dead.body.error, 'invalid_grant');
});

test('no refresh token without offline_access', async () => {
  const { body } = await signIn(new Browser(), { scope: 'openid' });
  assert.equal(body.refresh_token, undefined);
});

test('logout goes back to the client and ends the session', async () => {
  const browser = new Browser();
  const { body } = await signIn(browser);
  const query = new URLSearchParams({ id_token_hint: body.id_token, post_logout_redirect_uri: AFTER_LOGOUT, state: 'out' });
  const html = await (await browser.request(`${meta.end_session_endpoint}?${query}`)).text();
  assert.match(html, /submit\.js/);
  const action = /action="([^"]+)"/.exec(html)[1];
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)[1];
  const done = await browser.submit(action, { xsrf, logout: 'yes' });
  assert.equal(done.headers.get('location'), `${AFTER_LOGOUT}?state=out`);
  assert.equal((await authorize(browser, { prompt: 'none' })).params.get('error'), 'login_required');
});

test('back-channel logout reaches a client on loopback', async () => {
  const received = deferred();
  const listener = createServer(async (req, res) => {
    received.resolve(await readText(req));
    res.end();
  });
  const origin = await listen(listener, '127.0.0.1:0');
  try {
    await control('POST', '/clients', client('bcl', { backchannel_logout_uri: `${origin}/bcl`, backchannel_logout_session_required: true }));
    const browser = new Browser();
    await authorize(browser, { client_id: 'bcl' });
    const html = await (await browser.request(meta.end_session_endpoint)).text();
    assert.doesNotMatch(html, /submit\.js/);
    await browser.submit(/action="([^"]+)"/.exec(html)[1], { xsrf: /name="xsrf" value="([^"]+)"/.exec(html)[1], logout: 'yes' });
    const token = claimsOf(new URLSearchParams(await received.promise).get('logout_token'));
    assert.equal(token.aud, 'bcl');
    assert.ok(token.sid);
  } finally {
    listener.close();
  }
});

test('form_post and pushed requests work', async () => {
  const form = await authorize(new Browser(), { response_mode: 'form_post' });
  assert.match(await form.answer.text(), /name="code"/);
  const pushed = await fetch(meta.pushed_authorization_request_endpoint, {
    method: 'POST', headers: { authorization: BASIC },
    body: new URLSearchParams({ client_id: 'app', response_type: 'code', redirect_uri: REDIRECT, scope: 'openid', code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }),
  });
  assert.equal(pushed.status, 201);
});

test('client credentials, introspection, revocation, password and JWT access tokens', async () => {
  await control('POST', '/clients', client('app2', { grant_types: ['client_credentials', 'password', 'refresh_token'], redirect_uris: [], response_types: [] }));
  const basic = `Basic ${Buffer.from('app2:secret').toString('base64')}`;
  const jwt = await tokenRequest({ grant_type: 'client_credentials', resource: 'https://api.test', scope: 'api:read' }, basic);
  assert.equal(claimsOf(jwt.body.access_token).aud, 'https://api.test');
  const own = await tokenRequest({ grant_type: 'password', username: 'bob', password: 'bob', scope: 'openid email' }, basic);
  assert.deepEqual(claimsOf(own.body.id_token).groups, ['developers']);
  const audience = await tokenRequest({ grant_type: 'password', username: 'bob', password: 'bob', resource: 'https://api.test' }, basic);
  assert.deepEqual(claimsOf(audience.body.access_token).groups, ['developers']);
  const wrong = await tokenRequest({ grant_type: 'password', username: 'bob', password: 'x' }, basic);
  assert.equal(wrong.body.error, 'invalid_grant');
  const ask = async (endpoint) => fetch(endpoint, { method: 'POST', headers: { authorization: basic }, body: new URLSearchParams({ token: own.body.access_token }) });
  assert.equal((await (await ask(meta.introspection_endpoint)).json()).active, true);
  assert.equal((await ask(meta.revocation_endpoint)).status, 200);
  assert.equal((await (await ask(meta.introspection_endpoint)).json()).active, false);
});

test('control: accounts carry any claim, per client lifetimes, refusals, counters, revocation', async () => {
  await control('POST', '/accounts', { id: 'sub-9', login: 'dora', password: 'pw', claims: { realm_access: { roles: ['a'] }, _claim_names: { groups: 'src1' } } });
  await control('POST', '/behaviour', { client_id: 'app', access_token_ttl: 5, id_token_ttl: 7 });
  await control('DELETE', '/counters');
  const { body } = await signIn(new Browser(), { login: 'dora', password: 'pw' });
  const claims = claimsOf(body.id_token);
  assert.equal(claims.sub, 'sub-9');
  assert.deepEqual(claims.realm_access, { roles: ['a'] });
  assert.deepEqual(claims._claim_names, { groups: 'src1' });
  assert.equal(body.expires_in, 5);
  assert.equal(claims.exp - claims.iat, 7);
  const refresh = () => tokenRequest({ grant_type: 'refresh_token', refresh_token: body.refresh_token });
  await control('POST', '/behaviour', { client_id: 'app', refresh: '500' });
  assert.equal((await refresh()).status, 500);
  await control('POST', '/behaviour', { client_id: 'app', refresh: 'invalid_grant' });
  assert.equal((await refresh()).body.error, 'invalid_grant');
  await control('POST', '/behaviour', { client_id: 'app', refresh: 'ok', access_token_ttl: 3600 });
  await control('POST', '/sessions/revoke-all');
  assert.equal((await refresh()).body.error, 'invalid_grant');
  const counters = await control('GET', '/counters');
  assert.deepEqual(counters.grants.app, { authorization_code: 1, refresh_token: 3 });
  assert.equal(counters.endpoints['POST /token'], 4);
  await control('DELETE', '/accounts/dora');
  assert.equal((await authorize(new Browser(), { login: 'dora', password: 'pw' })).answer.status, 401);
});

test('control: faults break an endpoint until they are cleared', async () => {
  await control('POST', '/faults', { path: '/jwks', status: 503 });
  assert.equal((await fetch(meta.jwks_uri)).status, 503);
  await control('DELETE', '/faults');
  assert.equal((await fetch(meta.jwks_uri)).status, 200);
});

test('conforming ID tokens leave groups to UserInfo; SIGTERM ends the server with 0', async () => {
  const strict = await startServer('idp/server.mjs', '--conform-id-token-claims', '--client-id', 'app', '--client-secret', 'app-secret', '--redirect-uri', REDIRECT);
  const server = await discover(strict);
  const { params, verifier } = await authorize(new Browser(), { server });
  const fields = { grant_type: 'authorization_code', code: params.get('code'), redirect_uri: REDIRECT, code_verifier: verifier };
  const { body } = await tokenRequest(fields, BASIC, server.token_endpoint);
  const claims = claimsOf(body.id_token);
  assert.deepEqual([claims.sub, claims.groups, claims.email], ['alice', undefined, undefined]);
  const info = await (await fetch(server.userinfo_endpoint, { headers: { authorization: `Bearer ${body.access_token}` } })).json();
  assert.deepEqual(info.groups, ['platform-admins']);
  assert.equal(await strict.stop(), 0);
});

test('a closed stdin ends the server', async () => {
  const child = await startServer('idp/server.mjs');
  child.child.stdin.end();
  assert.equal(await child.gone, 0);
});

function client(id, more) {
  return { client_id: id, client_secret: 'secret', redirect_uris: [REDIRECT], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], ...more };
}

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve) => (parts.resolve = resolve));
  return parts;
}
