// From nothing to a call: a developer's way through the portal in one browser, an admin's decisions in another.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rm } from 'node:fs/promises';
import { launchChromium, openPage, signInWith } from '../lib/chromium.mjs';
import { BINARY, freePort, scratch } from '../lib/node.mjs';

const NAMES = ['GUI', 'ADMIN', 'STATUS', 'IDP', 'PORTAL', 'PORTAL_API', 'KONG_ADMIN', 'KONG_GUI', 'KONG_PROXY'];
const EMAIL = 'dana@example.com';
const PASSWORD = 'long enough for dana';

let demo;
let browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launchChromium()]);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

async function startDemo() {
  const directory = await scratch('portal');
  const ports = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [`DEMO_${name}_PORT`, String(await freePort())])));
  const child = spawn(process.execPath, [fileURLToPath(new URL('../demo/main.mjs', import.meta.url)), BINARY],
    { env: { ...process.env, ...ports, DEMO_DIRECTORY: directory }, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const gone = once(child, 'close').then(() => rm(directory, { recursive: true, force: true }));
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('kong-sso demo is ready') && resolve());
    gone.then(() => reject(new Error('the demo ended')));
  });
  const at = (name) => `http://127.0.0.1:${ports[`DEMO_${name}_PORT`]}`;
  return { gui: at('GUI'), portal: `${at('PORTAL')}/default`, proxy: at('KONG_PROXY'), stop: () => (child.kill('SIGTERM'), gone) };
}

const press = (page, name) => page.getByRole('button', { name }).first().click();

async function enter(page) {
  await page.goto(`${demo.portal}/login`);
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Sign in');
}

test('dp_058 dp_059 dp_061 a newcomer gets a key that works until an admin takes it away', async () => {
  const [developer, admin] = [await openPage(browser), await openPage(browser)];
  await developer.goto(`${demo.portal}/`);
  await developer.getByRole('link', { name: 'Register' }).first().click();
  await developer.getByLabel('E-mail').fill(EMAIL);
  await developer.getByLabel('Full Name').fill('Dana');
  await developer.getByLabel('Password').fill(PASSWORD);
  await press(developer, 'Register');
  await enter(developer);
  await developer.waitForURL(/\/pending/);

  await signInWith(admin, demo.gui, 'alice', '/services');
  await admin.goto(`${demo.gui}/_sso/developers?status=pending`);
  await press(admin, /Approve/);
  await admin.waitForLoadState('networkidle');

  await enter(developer);
  await developer.waitForURL((url) => !/login|pending/.test(url.pathname));
  await developer.goto(`${demo.portal}/applications/new`);
  await developer.getByLabel('Name').first().fill('shop');
  await press(developer, 'Create application');
  await developer.waitForURL(/\/applications\/[0-9a-f-]{36}/);
  const application = developer.url();
  await developer.goto(`${demo.portal}/apis`);
  await developer.getByRole('link', { name: 'Inventory' }).click();
  await developer.getByLabel(/Reason/).fill('for the shop');
  await press(developer, 'Use this API');
  await developer.waitForLoadState('networkidle');
  await developer.goto(application);
  await press(developer, 'Create a credential');
  const key = await developer.locator('.secret code').textContent();
  const call = () => fetch(`${demo.proxy}/inventory/items`, { headers: { apikey: key } }).then((answer) => answer.status);
  assert.equal(await call(), 403);

  await admin.goto(`${demo.gui}/_sso/portal/requests`);
  assert.match(await admin.textContent('main'), /for the shop/);
  await press(admin, /^Approve/);
  await admin.waitForLoadState('networkidle');
  assert.equal(await call(), 200);
  await developer.goto(application);
  assert.match(await developer.textContent('main'), /approved/i);
  assert.ok(!(await developer.textContent('main')).includes(key), 'a key is shown once');

  await admin.goto(`${demo.gui}/_sso/portal/requests?status=approved`);
  await press(admin, /^Revoke/);
  await admin.waitForLoadState('networkidle');
  assert.equal(await call(), 403);
  await developer.goto(application);
  await developer.getByRole('link', { name: 'Why 403?' }).first().click();
  assert.match(await developer.textContent('main'), /revoked/i);
  assert.deepEqual([...developer.problems, ...admin.problems], []);
});
