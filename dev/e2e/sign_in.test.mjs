// Sign-in and sign-out through the real provider, on both databases.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser } from '../lib/testing.mjs';
import { DATABASES, addPerson, api, byToken, signIn, startParts, startStack } from '../lib/stack.mjs';

let parts;
before(async () => (parts = await startParts({ seed: 'demo' })));
after(() => parts.stop());

for (const database of DATABASES) {
  describe(database, () => {
    let stack;
    before(async () => (stack = await startStack(parts, { database, nodes: 2 })));
    after(() => stack.stop());

    test('km_022 a document without a session leads to the sign-in with the way back', async () => {
      const answer = await new Browser().request(`${stack.gui}/services?size=2`, { headers: { 'sec-fetch-mode': 'navigate' } });
      assert.equal(answer.status, 302);
      assert.equal(answer.headers.get('location'), '/_api/auth?return_to=%2Fservices%3Fsize%3D2');
    });

    test('km_023 the provider is asked for a code with state, nonce and PKCE', async () => {
      const answer = await new Browser().request(`${stack.gui}/_api/auth`);
      assert.equal(answer.status, 302);
      const asked = new URL(answer.headers.get('location'));
      assert.equal(asked.origin, parts.issuer);
      const params = Object.fromEntries(asked.searchParams);
      assert.equal(params.response_type, 'code');
      assert.equal(params.code_challenge_method, 'S256');
      assert.equal(params.scope, 'openid email offline_access');
      assert.equal(params.redirect_uri, `${stack.gui}/_api/auth`);
      for (const name of ['state', 'nonce', 'code_challenge']) assert.ok(params[name].length >= 22, name);
      const [cookie] = answer.headers.getSetCookie();
      assert.match(cookie, /^authorization=[^;]+; .*HttpOnly; SameSite=Lax/);
    });

    test('km_024 alice comes back to the page she wanted and may call the Admin API', async () => {
      const { browser, at, answer } = await signIn(stack.gui, 'alice', { path: '/services?size=2' });
      assert.equal(at, `${stack.gui}/services?size=2`);
      assert.match(await answer.text(), /kconfig\.js/);
      assert.equal(browser.cookies.has('authorization'), false);
      assert.match(browser.lines.get('kong_sso_session'), /^(?=.*; HttpOnly)(?=.*; SameSite=Lax)(?=.*; Path=\/(;|$))(?!.*Secure)/);
      const list = await api(browser, stack.gui, 'GET', '/services');
      assert.equal(list.status, 200);
      assert.ok(list.body.data.length > 0);
    });

    test('km_024 a session that somebody planted does not become the one of who signs in', async () => {
      const planted = (await signIn(stack.gui, 'carol')).browser.cookies.get('kong_sso_session');
      const victim = new Browser();
      const { at } = await victim.visit(`${stack.gui}/_api/auth`);
      victim.cookies.set('kong_sso_session', planted);
      await victim.visit(at, { method: 'POST', body: new URLSearchParams({ login: 'alice', password: 'alice' }) });
      assert.equal((await api(victim, stack.gui, 'GET', '/services')).status, 200);
      const attacker = new Browser();
      attacker.cookies.set('kong_sso_session', planted);
      assert.equal((await api(attacker, stack.gui, 'GET', '/services')).status, 401);
    });

    test('km_025 an answer of the provider counts once', async () => {
      const browser = new Browser();
      const { at } = await browser.visit(`${stack.gui}/_api/auth`);
      const cookie = browser.cookies.get('authorization');
      const answer = await browser.submit(at, { login: 'alice', password: 'alice' });
      let next = answer;
      let callback = answer.headers.get('location');
      while (!callback.startsWith(`${stack.gui}/`)) {
        next = await browser.request(callback);
        callback = next.headers.get('location');
      }
      assert.equal((await browser.request(callback)).status, 302);
      browser.cookies.set('authorization', cookie);
      const replayed = await browser.request(callback, { headers: { accept: 'application/json' } });
      assert.deepEqual([replayed.status, await replayed.json()], [401, { message: 'Unauthorized' }]);
      const page = await browser.visit(callback);
      assert.equal(page.answer.status, 401);
      assert.match(await page.answer.text(), /This sign-in cannot be finished/);
    });

    test('km_026 a return address elsewhere is not followed', async () => {
      for (const path of ['//evil.example', 'https://evil.example/', '/\\evil.example']) {
        const { at } = await signIn(stack.gui, 'alice', { path: `/_api/auth?return_to=${encodeURIComponent(path)}` });
        assert.equal(at, `${stack.gui}/`, path);
      }
    });

    test('km_033 a refusal at the provider is 401 with a page that offers to try again', async () => {
      const browser = new Browser();
      const { at } = await browser.visit(`${stack.gui}/_api/auth`);
      assert.match(at, /\/interaction\//);
      const asked = new URL((await browser.request(`${stack.gui}/_api/auth`)).headers.get('location'));
      const callback = `${stack.gui}/_api/auth?${new URLSearchParams({ error: 'access_denied', state: asked.searchParams.get('state'), iss: parts.issuer })}`;
      const { answer } = await browser.visit(callback);
      const html = await answer.text();
      assert.equal(answer.status, 401);
      assert.match(html, /href="\/_api\/auth"/);
      assert.doesNotMatch(html, /access_denied/);
    });

    test('km_037 sign-out names the provider\'s sign-out, and the old cookie is dead', async () => {
      const { browser } = await signIn(stack.gui, 'alice');
      const old = browser.cookies.get('kong_sso_session');
      const out = await api(browser, stack.gui, 'DELETE', '/auth?session_logout=true');
      assert.equal(out.status, 200);
      const logout = new URL(out.body.logout_url);
      assert.equal(logout.origin, parts.issuer);
      assert.ok(logout.searchParams.get('id_token_hint'));
      assert.equal(logout.searchParams.get('post_logout_redirect_uri'), `${stack.gui}/`);
      assert.equal(browser.cookies.has('kong_sso_session'), false);
      browser.cookies.set('kong_sso_session', old);
      const dead = await api(browser, stack.gui, 'GET', '/services');
      assert.deepEqual([dead.status, dead.body], [401, { message: 'Unauthorized' }]);
      assert.equal(dead.headers.get('x-kong-sso-login'), '/_api/auth');
    });

    test('km_037 a sign-out that another site sends is refused', async () => {
      const { browser } = await signIn(stack.gui, 'alice');
      const foreign = { method: 'DELETE', headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } };
      assert.equal((await browser.request(`${stack.gui}/_api/auth?session_logout=true`, foreign)).status, 403);
      assert.equal((await api(browser, stack.gui, 'GET', '/services')).status, 200);
    });

    test('km_038 signed out on one node is signed out on the other', async () => {
      const [a, b] = stack.nodes;
      const { browser } = await signIn(a.gui, 'alice');
      const elsewhere = Object.assign(new Browser(), { cookies: new Map(browser.cookies) });
      assert.equal((await api(elsewhere, b.gui, 'GET', '/services')).status, 200);
      assert.equal((await api(browser, a.gui, 'DELETE', '/auth?session_logout=true')).status, 200);
      const within = Date.now() + 1500;
      let status = 200;
      while (status === 200 && Date.now() < within) ({ status } = await api(elsewhere, b.gui, 'GET', '/services'));
      assert.equal(status, 401);
    });

    test('km_029 somebody new becomes an admin, and without a role may do nothing', async () => {
      const { browser, answer } = await signIn(stack.gui, 'carol');
      assert.equal(answer.status, 200);
      const list = await api(browser, stack.gui, 'GET', '/services');
      assert.deepEqual([list.status, list.body.message], [403, 'carol@example.com, you do not have permissions to read this resource']);
    });

    test('km_034 the same address with another subject is refused', async () => {
      const login = await addPerson(parts);
      await signIn(stack.gui, login);
      const email = `${login}@example.com`;
      const other = await addPerson(parts, { email });
      const { answer } = await signIn(stack.gui, other);
      assert.equal(answer.status, 403);
      assert.match(await answer.text(), /your account is not an admin of this gateway/);
    });

    test('an address that the provider has not verified is refused', async () => {
      const login = await addPerson(parts, { email_verified: false });
      assert.equal((await signIn(stack.gui, login)).answer.status, 403);
    });

    test('km_103 the Admin API answers alike with and without slash', async () => {
      const { browser } = await signIn(stack.gui, 'alice');
      const [bare, slash] = [await api(browser, stack.gui, 'GET', ''), await api(browser, stack.gui, 'GET', '/')];
      assert.deepEqual([bare.status, bare.body.version], [200, slash.body.version]);
    });

    test('km_106 a cross-site form with the cookie is refused, with a token it is not', async () => {
      const { browser } = await signIn(stack.gui, 'alice');
      const form = { method: 'POST', body: new URLSearchParams({ name: 'forged', url: 'http://forged.internal' }) };
      const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      const refused = await browser.request(`${stack.gui}/_api/services`, { ...form, headers: foreign });
      assert.deepEqual([refused.status, await refused.json()], [403, { message: 'Cross-site request refused' }]);
      assert.equal((await byToken(stack.admin, 'GET', '/services/forged')).status, 404);
    });

    test('no code, state, token or cookie reaches the log', async () => {
      const { browser } = await signIn(stack.gui, 'alice');
      const log = stack.nodes.map((node) => node.log.text).join('');
      assert.match(log, /signed in/);
      for (const secret of [browser.cookies.get('kong_sso_session'), stack.client.client_secret, 'id_token_hint', '?code=', '&state=', 'eyJ']) assert.ok(!log.includes(secret), secret);
    });
  });
}
