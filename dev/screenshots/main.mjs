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

await mkdir(IMAGES, { recursive: true });
const demo = await startDemo();
const browser = await launchChromium();
try {
  await everydayLife(browser, demo.gui);
  await pictures(browser, demo.gui);
} finally {
  await browser.close();
  await demo.stop();
}
