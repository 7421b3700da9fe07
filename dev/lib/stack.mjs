// For end-to-end tests: identity provider, Kong stand-in and kong-sso nodes over one database, on free ports.
import { randomBytes, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, runCommand, scratch, settingsText, startNode } from './node.mjs';
import { Browser, call, startServer } from './testing.mjs';

// A test run that is stopped takes its servers with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** The RBAC token of `kong_admin` in every stack. */
export const TOKEN = 'first-super-admin-of-the-test';
const SECRETS = { sso_encryption_key: randomBytes(24).toString('hex'), session_secret: randomBytes(24).toString('hex') };

/** Names of the databases that tests run on. */
export const DATABASES = ['sqlite', 'postgres'];

/** The parts that a test file shares: an identity provider and a Kong stand-in. */
export async function startParts({ idp = [], seed } = {}) {
  const [provider, kong] = await Promise.all([
    startServer('idp/server.mjs', '--control', '127.0.0.1:0', ...idp),
    startServer('kong/server.mjs', '--control', '127.0.0.1:0', ...(seed ? ['--seed', seed] : [])),
  ]);
  const control = (server) => (method, path, body) => call(method, `${server.ready.control}${path}`, body);
  return {
    issuer: provider.ready.issuer,
    kong: kong.ready,
    idp: control(provider),
    kongControl: control(kong),
    stop: () => Promise.all([provider.stop(), kong.stop()]),
  };
}

/**
 * Nodes of kong-sso over one fresh database, and a client of their own at the provider.
 * @param {object} parts what startParts gave; `issuer` may be of a provider that is down
 * @param {object} options database, nodes (count), settings (kong.conf keys), auth (members of admin_gui_auth_conf),
 *   origin (of the GUI for browsers, without port), flags (of its listener)
 */
export async function startStack(parts, { database = 'sqlite', nodes = 1, settings = {}, auth = {}, origin = 'http://127.0.0.1', flags = '', env } = {}) {
  const directory = await scratch('stack');
  const ports = await Promise.all(Array.from({ length: nodes * 3 }, freePort));
  const guis = ports.slice(0, nodes).map((port) => `${origin}:${port}`);
  const client = { client_id: `client-${randomUUID()}`, client_secret: randomBytes(24).toString('hex') };
  if (parts.idp) await parts.idp('POST', '/clients', metadata(client, guis));
  const common = { ...base(parts, client, guis, auth), ...await databaseSettings(database, directory), ...settings };
  const bootstrap = join(directory, 'kong.conf');
  await writeFile(bootstrap, settingsText({ prefix: directory, ...common }), { mode: 0o600 });
  await runCommand(['migrations', 'bootstrap', '-c', bootstrap], { KONG_PASSWORD: TOKEN });
  const running = [];
  for (let index = 0; index < nodes; index += 1) {
    const listen = (which) => `127.0.0.1:${ports[which * nodes + index]}`;
    const own = { sso_gui_listen: `${listen(0)}${flags}`, sso_admin_listen: listen(1), sso_status_listen: listen(2) };
    running.push({ ...await startNode({ ...common, ...own }, { env }), gui: guis[index], admin: `http://${listen(1)}` });
  }
  const stop = async () => {
    await Promise.all(running.map((node) => node.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  return { nodes: running, ...running[0], client, metadata: metadata(client, guis), stop };
}

/** Run `body` with a stack that ends with it. */
export async function withStack(parts, options, body) {
  const stack = await startStack(parts, options);
  try {
    return await body(stack);
  } finally {
    await stack.stop();
  }
}

function metadata(client, guis) {
  return {
    ...client,
    redirect_uris: guis.map((gui) => `${gui}/_api/auth`),
    post_logout_redirect_uris: guis.map((gui) => `${gui}/`),
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
  };
}

function base({ issuer, kong }, client, guis, auth) {
  return {
    enforce_rbac: 'on',
    admin_gui_auth: 'openid-connect',
    sso_upstream_admin_url: kong.admin,
    sso_upstream_gui_url: kong.gui,
    sso_encryption_key: SECRETS.sso_encryption_key,
    sso_bootstrap_groups: 'platform-admins',
    admin_gui_auth_conf: {
      issuer,
      client_id: [client.client_id],
      client_secret: [client.client_secret],
      redirect_uri: guis.map((gui) => `${gui}/_api/auth`),
      login_redirect_uri: guis.map((gui) => `${gui}/`),
      logout_redirect_uri: guis.map((gui) => `${gui}/`),
      session_secret: SECRETS.session_secret,
      ...auth,
    },
  };
}

async function databaseSettings(database, directory) {
  if (database === 'sqlite') return { sso_database: `sqlite:${join(directory, 'kong-sso.db')}` };
  const [host, port] = process.env.KONG_SSO_TEST_POSTGRES?.split(':') ?? [];
  if (!port) throw new Error('run the tests through dev/with-postgres.sh or make test');
  const schema = `e2e_${randomBytes(8).toString('hex')}`;
  return { sso_database: 'postgres', pg_host: host, pg_port: port, pg_user: 'postgres', pg_database: 'postgres', pg_schema: schema };
}

/** A person at the provider with claims of its own; gives the login, which is the password too. */
export async function addPerson(parts, claims = {}, login = `p${randomBytes(6).toString('hex')}`) {
  await parts.idp('POST', '/accounts', { login, password: login, claims: { email: `${login}@example.com`, email_verified: true, ...claims } });
  return login;
}

/** Walk from a page of the GUI through the provider's form to where the browser ends; no scripts run. */
export async function signIn(gui, login, { browser = new Browser(), path = '/', password = login } = {}) {
  let { at, answer } = await browser.visit(`${gui}${path}`);
  if (new URL(at).pathname.startsWith('/interaction/')) ({ at, answer } = await browser.visit(at, { method: 'POST', body: new URLSearchParams({ login, password }) }));
  return { browser, at, answer };
}

/** A call of the Admin API as Kong Manager makes it: cookies, same origin, JSON. */
export async function api(browser, gui, method, path, body) {
  const headers = { accept: 'application/json', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
  const init = { method, headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' } };
  const response = await browser.request(`${gui}/_api${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** A call of the Admin API as a machine makes it. */
export async function byToken(admin, method, path, body, token = TOKEN) {
  const init = { method, headers: { 'kong-admin-token': token, 'content-type': 'application/json' } };
  const response = await fetch(`${admin}${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}
