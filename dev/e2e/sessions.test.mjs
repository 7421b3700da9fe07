// How sessions end and how their tokens are renewed, on both databases.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser } from '../lib/testing.mjs';
import { DATABASES, api, byToken, signIn, startParts, startStack, withStack as withStackOf } from '../lib/stack.mjs';
import { freePort } from '../lib/node.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let parts;
before(async () => (parts = await startParts()));
after(() => parts.stop());

const withStack = (options, body) => withStackOf(parts, options, body);

/** How often a stack's client asked for and got tokens with a refresh token. */
async function refreshes(stack) {
  const { grants, tokens } = await parts.idp('GET', '/counters');
  const count = (table) => table[stack.client.client_id]?.refresh_token ?? 0;
  return { asked: count(grants), granted: count(tokens) };
}

const behave = (stack, settings) => parts.idp('POST', '/behaviour', { client_id: stack.client.client_id, ...settings });

for (const database of DATABASES) {
  describe(database, { concurrency: true }, () => {
    test('km_035 an idle session ends: 401 with the way to the sign-in, no redirect', () => withStack({ database, auth: { session_idling_timeout: 4 } }, async ({ gui }) => {
      const { browser } = await signIn(gui, 'alice');
      for (const _ of [1, 2, 3, 4, 5]) {
        await sleep(1000);
        assert.equal((await api(browser, gui, 'GET', '/services')).status, 200);
      }
      await sleep(4200);
      const old = browser.cookies.get('kong_sso_session');
      const ended = await api(browser, gui, 'GET', '/services');
      assert.deepEqual([ended.status, ended.body], [401, { message: 'Unauthorized' }]);
      assert.equal(ended.headers.get('x-kong-sso-login'), '/_api/auth');
      browser.cookies.set('kong_sso_session', old);
      assert.equal((await api(browser, gui, 'GET', '/services')).status, 401);
      const document = await browser.request(`${gui}/services`, { headers: { 'sec-fetch-mode': 'navigate' } });
      assert.equal(document.headers.get('location'), '/_api/auth?return_to=%2Fservices');
    }));

    test('km_036 an active session is renewed with a fresh cookie, and ends at its absolute limit', () => withStack({ database, auth: { session_rolling_timeout: 8, session_absolute_timeout: 11, session_idling_timeout: 0 } }, async ({ gui }) => {
      const { browser } = await signIn(gui, 'alice');
      const started = Date.now();
      const first = browser.cookies.get('kong_sso_session');
      while (Date.now() - started < 9500) {
        const { status } = await api(browser, gui, 'GET', '/services');
        assert.equal(status, 200, `after ${Date.now() - started} ms`);
        await sleep(400);
      }
      assert.notEqual(browser.cookies.get('kong_sso_session'), first);
      await sleep(11200 - (Date.now() - started));
      assert.equal((await api(browser, gui, 'GET', '/services')).status, 401);
    }));

    test('tokens near their end are refreshed once, however many requests and nodes ask', () => withStack({ database, nodes: 2 }, async (stack) => {
      await behave(stack, { access_token_ttl: 8, token_delay_ms: 300 });
      const { browser } = await signIn(stack.gui, 'alice');
      const call = (_, index) => api(browser, stack.nodes[index % 2].gui, 'GET', '/services');
      assert.deepEqual((await Promise.all([0, 1].map(call))).map(({ status }) => status), [200, 200]);
      assert.equal((await refreshes(stack)).asked, 0);
      await sleep(4300);
      const statuses = (await Promise.all(Array.from({ length: 20 }, call))).map(({ status }) => status);
      assert.deepEqual(statuses, Array(20).fill(200));
      assert.deepEqual(await refreshes(stack), { asked: 1, granted: 1 });
      assert.deepEqual((await Promise.all(Array.from({ length: 4 }, call))).map(({ status }) => status), Array(4).fill(200));
      assert.equal((await refreshes(stack)).asked, 1);
    }));

    test('a refresh that the provider refuses ends the session', () => withStack({ database }, async (stack) => {
      await behave(stack, { access_token_ttl: 4, refresh: 'invalid_grant' });
      const { browser } = await signIn(stack.gui, 'alice');
      assert.equal((await api(browser, stack.gui, 'GET', '/services')).status, 200);
      await sleep(2200);
      const ended = await api(browser, stack.gui, 'GET', '/services');
      assert.deepEqual([ended.status, ended.headers.get('x-kong-sso-login')], [401, '/_api/auth']);
      await behave(stack, { access_token_ttl: 3600, refresh: 'ok' });
      assert.equal((await signIn(stack.gui, 'alice', { browser, path: '/services' })).at, `${stack.gui}/services`);
      assert.equal((await api(browser, stack.gui, 'GET', '/services')).status, 200);
    }));

    test('a provider that cannot refresh right now does not end the session', () => withStack({ database }, async (stack) => {
      await behave(stack, { access_token_ttl: 2, refresh: '500' });
      const { browser } = await signIn(stack.gui, 'alice');
      await sleep(2200);
      for (const _ of [1, 2, 3]) assert.equal((await api(browser, stack.gui, 'GET', '/services')).status, 200);
      assert.equal((await refreshes(stack)).asked, 1);
    }));

    test('km_040 a provider that is down is a 502 page; tokens keep working; it comes back by itself', async () => {
      const port = await freePort();
      const absent = { ...parts, issuer: `http://127.0.0.1:${port}`, idp: undefined };
      const stack = await startStack(absent, { database });
      let provider;
      try {
        const { answer } = await new Browser().visit(`${stack.gui}/services`);
        assert.equal(answer.status, 502);
        const html = await answer.text();
        assert.match(html, /The identity provider could not be reached/);
        assert.match(html, /href="\/_api\/auth"/);
        const asJson = await fetch(`${stack.gui}/_api/auth`);
        assert.deepEqual([asJson.status, await asJson.json()], [502, { message: 'The identity provider could not be reached' }]);
        assert.ok(Number(asJson.headers.get('retry-after')) > 0);
        assert.equal((await byToken(stack.admin, 'GET', '/services')).status, 200);
        provider = await startParts({ idp: ['--listen', `127.0.0.1:${port}`] });
        await provider.idp('POST', '/clients', stack.metadata);
        const until = Date.now() + 20000;
        let at = '';
        while (!at.startsWith(`${stack.gui}/services`)) {
          assert.ok(Date.now() < until, 'the sign-in did not come back');
          ({ at } = await signIn(stack.gui, 'alice', { path: '/services' }));
          await sleep(300);
        }
      } finally {
        await stack.stop();
        await provider?.stop();
      }
    });

    test('km_040 a provider that goes away later leaves sessions alone', async () => {
      const own = await startParts();
      const stack = await startStack(own, { database });
      try {
        const { browser } = await signIn(stack.gui, 'alice');
        await own.idp('POST', '/faults', { path: '/token', down: true });
        assert.equal((await api(browser, stack.gui, 'GET', '/services')).status, 200);
        assert.equal((await signIn(stack.gui, 'bob')).answer.status, 502);
      } finally {
        await stack.stop();
        await own.stop();
      }
    });
  });
}
