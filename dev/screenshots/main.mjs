// make screenshots: starts the demo, uses it as alice, bob and carol would, and keeps pictures in docs/images.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { drawn, launchChromium, openPage, signInWith } from '../lib/chromium.mjs';

const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const VIEW = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.5 };

async function startDemo() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../demo/main.mjs', import.meta.url)), ...process.argv.slice(2)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, gui] = /^kong-sso demo is ready: (.*)\/$/.exec(line) ?? [];
      if (gui) resolve(gui);
    });
    gone.then(() => reject(new Error('the demo did not start')));
  });
  return { gui: await ready, stop: () => (child.kill('SIGTERM'), gone) };
}

/** What people did before the pictures: the audit log tells of it. */
async function everydayLife(browser, gui) {
  for (const login of ['carol', 'bob']) {
    const page = await openPage(browser);
    await signInWith(page, gui, login, '/services');
    await drawn(page, '/services');
    await page.evaluate(() => fetch('/_api/services/billing', { method: 'DELETE' }).then((answer) => answer.text()));
    await page.context().close();
  }
}

async function take(page, name, address) {
  if (address) await page.goto(address);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `${IMAGES}/${name}.png` });
  console.log(`docs/images/${name}.png`);
}

async function pictures(browser, gui) {
  const page = await openPage(browser, VIEW);
  await signInWith(page, gui, 'alice', '/services');
  await drawn(page, '/services');
  await page.evaluate(() => fetch('/_api/services/orders', { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"retries":3}' }).then((answer) => answer.text()));
  await page.getByRole('button', { name: /Signed in as/ }).click();
  await take(page, 'kong-manager');
  await take(page, 'groups', `${gui}/_sso/groups`);
  await page.goto(`${gui}/_sso/roles`);
  await page.getByRole('link', { name: 'admin', exact: true }).click();
  await take(page, 'role');
  await take(page, 'explain', `${gui}/_sso/roles/explain?${new URLSearchParams({ user: 'bob@example.com', workspace: 'default', method: 'DELETE', path: '/services/billing' })}`);
  await take(page, 'audit', `${gui}/_sso/audit`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await take(page, 'audit-dark', `${gui}/_sso/audit`);
}

/** The portal as bob sees it, with a key of his. */
async function portalPictures(browser) {
  const portal = 'http://127.0.0.1:8003/default';
  const page = await openPage(browser, VIEW);
  await page.goto(`${portal}/login`);
  await page.getByLabel('E-mail').fill('bob@example.com');
  await page.getByLabel('Password').fill('bob-the-developer');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => !url.pathname.includes('login'));
  await page.goto(`${portal}/applications/new`);
  await page.getByLabel('Name').first().fill('Shop');
  await page.getByRole('button', { name: 'Create application' }).click();
  await page.waitForURL(/\/applications\/[0-9a-f-]{36}/);
  const application = page.url();
  for (const slug of ['catalogue', 'inventory']) {
    await page.goto(`${portal}/apis/${slug}`);
    if (slug === 'inventory') await take(page, 'portal-api');
    await page.getByRole('button', { name: 'Use this API' }).click();
    await page.waitForLoadState('networkidle');
  }
  await page.goto(application);
  await page.getByRole('button', { name: 'Create a credential' }).click();
  await page.waitForSelector('.secret');
  await take(page, 'portal-application');
}

await mkdir(IMAGES, { recursive: true });
const demo = await startDemo();
const browser = await launchChromium();
try {
  await everydayLife(browser, demo.gui);
  await pictures(browser, demo.gui);
  await portalPictures(browser);
} finally {
  await browser.close();
  await demo.stop();
}
