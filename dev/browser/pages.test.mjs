// The admin pages in a real browser: complaints of the browser, small screens, without scripts, and what they do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drawn, launchChromium, openPage, signInWith, typeSignIn } from '../lib/chromium.mjs';
import { byToken, startParts, startStack } from '../lib/stack.mjs';

const PAGES = ['/', '/admins', '/rbac-users', '/roles', '/roles/explain', '/groups', '/workspaces', '/audit', '/sso', '/profile'];
const SMALL = { width: 360, height: 740 };
let parts;
let browser;
let stack;
before(async () => {
  [parts, browser] = await Promise.all([startParts({ seed: 'demo' }), launchChromium()]);
  stack = await startStack(parts, { settings: { audit_log: 'on' } });
  const add = async (path, body) => assert.equal((await byToken(stack.admin, 'POST', path, body)).status, 201, path);
  await add('/workspaces', { name: 'payments' });
  await add('/groups', { name: 'developers' });
  await add('/groups/developers/roles', { rbac_role_id: 'read-only', workspace_id: 'default' });
});
after(async () => {
  await browser.close();
  await stack.stop();
  await parts.stop();
});

const ui = (path) => `${stack.gui}/_sso${path}`;

for (const [name, options] of [['wide', {}], ['360 pixels wide and dark', { viewport: SMALL, colorScheme: 'dark' }]]) {
  test(`every page loads without a complaint of the browser and without side scroll: ${name}`, async () => {
    const page = await openPage(browser, options);
    await signInWith(page, stack.gui, 'alice');
    await drawn(page, '/');
    for (const path of PAGES) {
      const answer = await page.goto(ui(path));
      assert.equal(answer.status(), 200, path);
      assert.equal(await page.locator('h1').count(), 1, path);
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(content <= window, `${path} is ${content} wide in ${window}`);
    }
    assert.deepEqual(page.problems, []);
  });
}

test('from Kong Manager to the admin pages and back by links', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice');
  await page.getByRole('button', { name: /Signed in as/ }).click();
  await page.getByRole('link', { name: 'Admins, roles and audit' }).click();
  await page.waitForURL(ui('/'));
  await page.getByRole('link', { name: 'Groups' }).first().click();
  await page.waitForURL(ui('/groups'));
  await page.getByRole('navigation').getByRole('link', { name: 'Kong Manager' }).click();
  await page.waitForURL(`${stack.gui}/`);
  assert.deepEqual(page.problems, []);
});

test('without scripts a group is made, mapped and deleted, and its members feel it', async () => {
  const admin = await openPage(browser, { javaScriptEnabled: false });
  await admin.goto(ui('/groups'));
  await admin.getByRole('link', { name: /Sign in/ }).click();
  await typeSignIn(admin, 'alice');
  await admin.waitForURL(ui('/groups'));
  await admin.fill('#name', 'sre');
  await admin.getByRole('button', { name: 'Create group and add roles' }).click();
  await admin.getByRole('heading', { level: 1, name: 'sre' }).waitFor();
  await admin.selectOption('#rbac_role_id', { label: 'read-only' });
  await admin.getByRole('button', { name: 'Add role' }).click();
  await admin.getByRole('row', { name: /read-only/ }).waitFor();
  await parts.idp('POST', '/accounts', { login: 'erin', password: 'erin', claims: { email: 'erin@example.com', groups: ['sre'] } });
  const member = await openPage(browser);
  await signInWith(member, stack.gui, 'erin', '/services');
  await drawn(member, '/services');
  assert.equal(await member.locator('#main .error').count(), 0);
  await admin.getByText('Delete this group').click();
  await admin.fill('#confirm', 'sre');
  await admin.getByRole('button', { name: 'Delete group' }).click();
  await admin.waitForURL((url) => url.pathname === '/_sso/groups');
  await member.click('#nav a[href="/routes"]');
  await drawn(member, '/routes');
  assert.match(await member.textContent('#main .error'), /403/);
});

test('the chip switches the workspace of Kong Manager', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice');
  const chip = page.getByRole('button', { name: /Signed in as/ });
  await chip.click();
  await page.getByLabel('Workspace', { exact: true }).selectOption('payments');
  await page.getByRole('button', { name: 'Switch' }).click();
  await page.waitForFunction(() => window.K_CONFIG?.ADMIN_API_URL.endsWith('/_api/payments'));
  assert.match(await chip.getAttribute('aria-label'), /workspace payments/);
  const asked = page.waitForResponse((response) => new URL(response.url()).pathname === '/_api/payments/services');
  await page.click('#nav a[href="/services"]');
  assert.equal((await asked).status(), 200);
});

test('km_037 signing out by the page ends at the provider\'s form, and Back shows nothing', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'alice');
  await page.goto(ui('/audit'));
  await page.goto(ui('/logout'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/interaction\//);
  await page.goBack();
  assert.equal(await page.getByRole('heading', { name: 'Sign out?' }).count(), 0);
  await page.goto(ui('/audit'));
  await page.getByRole('link', { name: /Sign in/ }).waitFor();
});

test('bob sees the pages he may read, without buttons that he may not use', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'bob');
  await page.goto(ui('/groups'));
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor();
  assert.equal(await page.getByRole('button', { name: /Create group/ }).count(), 0);
});

test('carol sees a home page that says why it is empty, and no page behind a permission', async () => {
  const page = await openPage(browser);
  await signInWith(page, stack.gui, 'carol');
  assert.equal((await page.goto(ui('/'))).status(), 200);
  assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'Audit log' }).count(), 0);
  assert.equal((await page.goto(ui('/audit'))).status(), 403);
});
