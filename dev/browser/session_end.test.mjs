// What a person sees when a session ends: at sign-out, by itself, in the middle of a change.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawn, launchChromium, openPage, signInWith, typeSignIn, visited } from '../lib/chromium.mjs';
import { startParts, startStack } from '../lib/stack.mjs';

const IDLE_SECONDS = 3;
let parts;
let browser;
let stack;
before(async () => {
  [parts, browser] = await Promise.all([startParts({ seed: 'demo' }), launchChromium()]);
  stack = await startStack(parts, { auth: { session_idling_timeout: IDLE_SECONDS } });
});
after(async () => {
  await browser.close();
  await stack.stop();
  await parts.stop();
});

const idle = (page) => page.waitForTimeout(IDLE_SECONDS * 1000 + 300);
const answered = (page, path) => page.waitForResponse((response) => new URL(response.url()).pathname === path && response.ok());
const starts = (addresses) => addresses.filter((url) => url.startsWith(`${stack.gui}/_api/auth?return_to=`));

test('km_035 km_104 in an open page an ended session leads to the sign-in once and back to the same page', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice', '/services');
  await drawn(page, '/services');
  await parts.idp('POST', '/sessions/revoke-all');
  await idle(page);
  const addresses = visited(page);
  await page.click('#nav a[href="/routes"]');
  await typeSignIn(page, 'alice');
  await page.waitForURL(`${stack.gui}/routes`);
  await drawn(page, '/routes');
  assert.equal(await page.locator('#main .error').count(), 0);
  assert.deepEqual(starts(addresses), [`${stack.gui}/_api/auth?return_to=%2Froutes`]);
});

test('km_104 with a session at the provider nobody has to type', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice', '/services');
  await idle(page);
  const addresses = visited(page);
  const listed = answered(page, '/_api/plugins');
  await page.click('#nav a[href="/plugins"]');
  await listed;
  await drawn(page, '/plugins');
  assert.equal(starts(addresses).length, 1);
});

test('km_104 a sign-in that does not help is not started again and again', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice', '/services');
  await drawn(page, '/services');
  // Every answer says that the session is over, whatever the browser does.
  await page.route(`${stack.gui}/_api/**`, (route) => (new URL(route.request().url()).pathname === '/_api/auth' ? route.continue() : route.fulfill({
    status: 401, headers: { 'x-kong-sso-login': '/_api/auth' }, contentType: 'application/json', body: '{"message":"Unauthorized"}',
  })));
  const addresses = visited(page);
  await page.click('#nav a[href="/routes"]');
  await page.waitForTimeout(3000);
  assert.equal(starts(addresses).length, 1, addresses.join('\n'));
});

test('a change that fails because the session has ended asks before the page is left', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice', '/services');
  await drawn(page, '/services');
  await page.fill('#create-service [name=name]', 'typed-with-care');
  await page.fill('#create-service [name=url]', 'http://care.internal');
  await idle(page);
  const addresses = visited(page);
  await page.click('#create-service button');
  const question = page.getByRole('alertdialog', { name: 'Session ended' });
  assert.match(await question.textContent(), /the change was not saved/);
  assert.equal(await question.getByRole('button', { name: 'Sign in again' }).evaluate((button) => button === button.getRootNode().activeElement), true);
  await question.getByRole('button', { name: 'Stay here' }).click();
  assert.equal(await question.count(), 0);
  assert.equal(await page.inputValue('#create-service [name=name]'), 'typed-with-care');
  assert.deepEqual(addresses, []);
  await page.click('#create-service button');
  const listed = answered(page, '/_api/services');
  await question.getByRole('button', { name: 'Sign in again' }).click();
  await listed;
  await drawn(page, '/services');
  assert.equal(starts(addresses).length, 1);
  assert.equal(await page.getByRole('link', { name: 'typed-with-care' }).count(), 0);
});

test('km_037 sign-out ends the session here and at the provider, and leads back to the sign-in', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice', '/services');
  const old = (await page.context().cookies()).filter(({ name }) => name === 'kong_sso_session');
  // As a page does it: the session guard may lead to the sign-in at the same moment, which ends at the same place.
  await page.evaluate(async () => {
    const answer = await fetch('/_api/auth?session_logout=true', { method: 'DELETE' });
    location.assign((await answer.json()).logout_url);
  });
  await page.waitForURL(/\/interaction\//);
  await page.context().addCookies(old);
  await page.goto(`${stack.gui}/services`);
  assert.match(page.url(), /\/interaction\//);
});
