// Sign-in as a person sees it: Chromium, the real provider, the stand-in of Kong Manager.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OTHER_SITE, drawn, launchChromium, openPage, signInWith, typeSignIn, visited } from '../lib/chromium.mjs';
import { selfSigned } from '../lib/certificate.mjs';
import { startParts, startStack, withStack as withStackOf } from '../lib/stack.mjs';

let parts;
let browser;
let stack;
before(async () => {
  [parts, browser] = await Promise.all([startParts({ seed: 'demo' }), launchChromium()]);
  stack = await startStack(parts, { settings: { admin_gui_csp_header: 'on' } });
});
after(async () => {
  await browser.close();
  await stack.stop();
  await parts.stop();
});

const withStack = (options, body) => withStackOf(parts, options, body);
const chip = (page) => page.locator('kong-sso-chip').getByRole('button', { name: /Signed in as/ });

test('km_024 km_102 alice signs in and Kong Manager works for her, without a complaint of the browser', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice');
  await drawn(page, '/');
  assert.match(await page.textContent('#version'), /^Kong 3\./);
  await page.click('#nav a[href="/services"]');
  await drawn(page, '/services');
  assert.ok(await page.locator('#main tbody tr').count() > 2);
  assert.match(await chip(page).getAttribute('aria-label'), /^Signed in as alice@example.com/);
  const config = await page.evaluate(() => window.K_CONFIG);
  assert.equal(config.ADMIN_API_URL, `${stack.gui}/_api`);
  assert.equal(config.ANONYMOUS_REPORTS, 'false');
  assert.deepEqual(page.problems, []);
});

test('km_024 a change made in Kong Manager reaches Kong', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice', '/services');
  await page.fill('#create-service [name=name]', 'from-a-browser');
  await page.fill('#create-service [name=url]', 'http://browser.internal:8080');
  await page.click('#create-service button');
  await page.getByRole('link', { name: 'from-a-browser' }).waitFor();
  assert.deepEqual(page.problems, []);
});

test('carol is signed in, sees nothing and is told why', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'carol', '/services');
  await drawn(page, '/services');
  assert.match(await page.textContent('#main .error'), /403/);
  const toast = page.locator('kong-sso-chip').getByRole('status');
  assert.match(await toast.textContent(), /carol@example.com, you do not have permissions to read this resource/);
  await toast.getByRole('button', { name: 'Dismiss' }).click();
  assert.equal(await toast.count(), 0);
  assert.match(await chip(page).getAttribute('aria-label'), /carol/);
});

test('km_049 with sso_oidc_unmapped = deny carol gets a page, not a session', () => withStack({ settings: { sso_oidc_unmapped: 'deny' } }, async ({ gui }) => {
  const page = await openPage(browser);
  await page.goto(`${gui}/services`);
  await typeSignIn(page, 'carol');
  await page.getByRole('heading', { name: 'No access' }).waitFor();
  assert.match(await page.textContent('body'), /request id/i);
  assert.deepEqual((await page.context().cookies()).filter(({ name }) => name === 'kong_sso_session'), []);
}));

test('a wrong password stays at the provider, and its refusal does not sign in', async () => {
  const page = await openPage(browser);
  await page.goto(`${stack.gui}/`);
  await typeSignIn(page, 'alice', 'wrong');
  await page.getByRole('alert').waitFor();
  assert.match(page.url(), /\/interaction\//);
  await page.goto(`${stack.gui}/services`);
  assert.match(page.url(), /\/interaction\//);
});

test('two tabs that sign in at the same time both get where they wanted', async () => {
  const first = await openPage(browser);
  const second = await openPage(browser, { context: first.context() });
  await first.goto(`${stack.gui}/services`);
  await second.goto(`${stack.gui}/routes`);
  await typeSignIn(first, 'alice');
  await typeSignIn(second, 'alice');
  await Promise.all([drawn(first, '/services'), drawn(second, '/routes')]);
  for (const page of [first, second]) {
    await page.click('#nav a[href="/consumers"]');
    await drawn(page, '/consumers');
    assert.equal(await page.locator('#main .error').count(), 0);
  }
});

test('km_039 a Strict cookie does not loop, with scripts and without', () => withStack({ origin: `http://${OTHER_SITE}`, auth: { session_cookie_same_site: 'Strict' } }, async ({ gui }) => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await openPage(browser, { javaScriptEnabled });
    const addresses = visited(page);
    await page.goto(`${gui}/services`);
    await typeSignIn(page, 'alice');
    await page.waitForURL(`${gui}/services`);
    await page.waitForLoadState();
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name === 'kong_sso_session');
    assert.equal(cookie.sameSite, 'Strict');
    assert.equal(addresses.filter((url) => url.startsWith(`${gui}/_api/auth`)).length, 2, addresses.join('\n'));
    if (javaScriptEnabled) await drawn(page, '/services');
  }
}));

test('km_024 Lax cookies work across sites', () => withStack({ origin: `http://${OTHER_SITE}` }, async ({ gui }) => {
  const page = await openPage(browser);
  await signInWith(page, gui, 'alice', '/services');
  await drawn(page, '/services');
  assert.deepEqual(page.problems, []);
}));

test('km_027 form_post across sites over TLS signs in', async () => {
  const { cert, key } = await selfSigned(OTHER_SITE);
  const settings = { admin_gui_ssl_cert: cert, admin_gui_ssl_cert_key: key };
  await withStack({ origin: `https://${OTHER_SITE}`, flags: ' ssl', settings, auth: { response_mode: 'form_post' } }, async ({ gui }) => {
    const page = await openPage(browser);
    const addresses = visited(page);
    await signInWith(page, gui, 'alice', '/services');
    await drawn(page, '/services');
    assert.ok(addresses.includes(`${gui}/_api/auth`), addresses.join('\n'));
    const cookies = (await page.context().cookies()).filter(({ name }) => name === 'kong_sso_session');
    assert.deepEqual(cookies.map(({ secure, httpOnly, sameSite }) => [secure, httpOnly, sameSite]), [[true, true, 'Lax']]);
    await page.context().close();
  });
});
