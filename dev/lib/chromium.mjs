// A real browser for tests: Debian's Chromium through playwright-core, and pages that remember what went wrong in them.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic'];
/** A name of another site than 127.0.0.1, for what SameSite cookies do. */
export const OTHER_SITE = 'kong.test';

/** Start Chromium; `OTHER_SITE` leads to this machine. */
export async function launchChromium() {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: install the package chromium, or name one with CHROMIUM=...`);
  return chromium.launch({ executablePath: PROGRAM, headless: true, args: [...ARGUMENTS, `--host-resolver-rules=MAP ${OTHER_SITE} 127.0.0.1`] });
}

/** A page of a browser context of its own, unless `context` is given. `problems` are console errors, exceptions and refused content. */
export async function openPage(browser, { context, ...options } = {}) {
  const own = context ?? (await browser.newContext({ ignoreHTTPSErrors: true, ...options }));
  const page = await own.newPage();
  page.setDefaultTimeout(15000);
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(`${message.text()} (${message.location().url})`));
  page.on('pageerror', (error) => problems.push(String(error)));
  return Object.assign(page, { problems });
}

/** Addresses that the page's main frame went to, from now on. */
export function visited(page) {
  const list = [];
  page.on('request', (request) => request.isNavigationRequest() && request.frame() === page.mainFrame() && list.push(request.url()));
  return list;
}

/** Fill in the provider's form. */
export async function typeSignIn(page, login, password = login) {
  await page.waitForURL(/\/interaction\//);
  await page.fill('#login', login);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
}

/** From a page of the GUI through the provider to Kong Manager. */
export async function signInWith(page, gui, login, path = '/') {
  await page.goto(`${gui}${path}`);
  await typeSignIn(page, login);
  await page.waitForURL(`${gui}${path}`);
}

/** Wait until the stand-in of Kong Manager has drawn the page of `path`. */
export const drawn = (page, path) => page.waitForSelector(`main[data-ready="${path}"]`);
