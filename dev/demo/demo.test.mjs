// The demo as a stranger uses it: started, walked by HTTP, stopped.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BINARY, freePort, scratch } from '../lib/node.mjs';
import { api, byToken, signIn, startParts } from '../lib/stack.mjs';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));
const VARIABLES = ['DEMO_GUI_PORT', 'DEMO_ADMIN_PORT', 'DEMO_STATUS_PORT', 'DEMO_IDP_PORT',
  'DEMO_PORTAL_PORT', 'DEMO_PORTAL_API_PORT', 'DEMO_KONG_ADMIN_PORT', 'DEMO_KONG_GUI_PORT', 'DEMO_KONG_PROXY_PORT'];

/** Start the demo on free ports; `ready` resolves with its lines so far at the last of them. */
async function startDemo(env = {}) {
  const directory = await scratch('demo');
  const ports = Object.fromEntries(await Promise.all(VARIABLES.map(async (name) => [name, String(await freePort())])));
  const child = spawn(process.execPath, [MAIN, BINARY], { env: { ...process.env, ...ports, DEMO_DIRECTORY: directory, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill());
  const lines = [];
  let complaints = '';
  child.stderr.on('data', (data) => (complaints += data));
  const gone = once(child, 'close').then(async ([code]) => {
    await rm(directory, { recursive: true, force: true });
    return { code, complaints, lines };
  });
  const ready = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => (lines.push(line), line.startsWith('kong-sso demo is ready') && resolve(lines)));
    gone.then(({ code }) => reject(new Error(`the demo ended with ${code}: ${complaints}`)));
  });
  ready.catch(() => {});
  const stop = (signal = 'SIGTERM') => (child.kill(signal), gone);
  return { ports, directory, ready, gone, stop, pid: child.pid, gui: `http://127.0.0.1:${ports.DEMO_GUI_PORT}`, admin: `http://127.0.0.1:${ports.DEMO_ADMIN_PORT}` };
}

async function openPorts({ ports }) {
  const states = await Promise.all(Object.values(ports).map((port) => fetch(`http://127.0.0.1:${port}/`).then(() => port, () => undefined)));
  return states.filter(Boolean);
}

test('the demo starts, its three people may do what it says, and it stops whole', async () => {
  const demo = await startDemo({ KONG_SSO_GUI_LISTEN: '127.0.0.1:1', KONG_ENFORCE_RBAC: 'off' });
  try {
    const lines = await demo.ready;
    assert.equal(lines.at(-1), `kong-sso demo is ready: ${demo.gui}/`);
    for (const word of ['alice', 'bob', 'carol', `${demo.gui}/`, `${demo.admin}/`, demo.directory]) assert.ok(lines.some((line) => line.includes(word)), word);
    const may = async (login, calls) => {
      const { browser, at } = await signIn(demo.gui, login);
      assert.equal(at, `${demo.gui}/`);
      return Promise.all(calls.map(async ([method, path, body]) => (await api(browser, demo.gui, method, path, body)).status));
    };
    const calls = [['GET', '/services'], ['POST', '/services', { url: 'http://demo.internal' }], ['GET', '/rbac/roles']];
    assert.deepEqual(await may('alice', calls), [200, 201, 200]);
    assert.deepEqual(await may('bob', calls), [200, 403, 200]);
    assert.deepEqual(await may('carol', calls), [403, 403, 403]);
    const [, token] = /Kong-Admin-Token: ([\w-]+)/.exec(lines.join('\n'));
    assert.equal((await byToken(demo.admin, 'GET', '/services', undefined, token)).status, 200);
    let audit = await byToken(demo.admin, 'GET', '/audit/requests?status=403', undefined, token);
    const hasCarol = () => audit.body.data.some(({ rbac_user_name: name }) => name === 'carol@example.com');
    // Records are written in batches.
    for (let tries = 0; tries < 50 && !hasCarol(); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      audit = await byToken(demo.admin, 'GET', '/audit/requests?status=403', undefined, token);
    }
    assert.ok(hasCarol());
    assert.equal(statSync(`${demo.directory}/kong.conf`).mode & 0o777, 0o600);
    assert.equal(statSync(demo.directory).mode & 0o777, 0o700);
  } finally {
    const { code, lines } = await demo.stop();
    assert.equal(code, 0);
    assert.match(lines.at(-1), /^kong-sso demo is ready/);
  }
  assert.deepEqual(await openPorts(demo), []);
});

test('bob gets a key for a published API in the portal, and it works at the proxy', async () => {
  const demo = await startDemo();
  try {
    const lines = await demo.ready;
    const [, email, password] = /Developer portal .* (\S+@\S+), password (\S+);/.exec(lines.join('\n'));
    const portal = `http://127.0.0.1:${demo.ports.DEMO_PORTAL_API_PORT}/default`;
    const entered = await fetch(`${portal}/auth`, { headers: { authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}` } });
    assert.equal(entered.status, 204);
    const cookie = entered.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
    const call = async (method, path, body) => {
      const answer = await fetch(`${portal}${path}`, { method, headers: { cookie, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
      return { status: answer.status, body: await answer.json() };
    };
    const { body: services } = await call('GET', '/application_services');
    assert.deepEqual(services.data.map(({ app_registration_config: api }) => api.display_name).sort(), ['Catalogue', 'Inventory']);
    const made = await call('POST', '/applications', { name: 'shop' });
    assert.equal(made.status, 201);
    const key = await call('POST', `/applications/${made.body.id}/credentials`, {});
    const status = (path) => fetch(`http://127.0.0.1:${demo.ports.DEMO_KONG_PROXY_PORT}${path}`, { headers: { apikey: key.body.credential } }).then((answer) => answer.status);
    assert.deepEqual([await status('/catalogue/products'), await status('/inventory/items')], [403, 403]);
    for (const service of services.data) {
      const asked = await call('POST', `/applications/${made.body.id}/application_instances`, { service: { id: service.id } });
      assert.equal(asked.status, 201);
    }
    assert.deepEqual([await status('/catalogue/products'), await status('/inventory/items')], [200, 403]);
    assert.equal((await fetch(`http://127.0.0.1:${demo.ports.DEMO_PORTAL_PORT}/default/apis`)).status, 200);
  } finally {
    await demo.stop();
  }
});

test('each start has secrets and a store of its own', async () => {
  const conf = [];
  const tokens = [];
  for (const _ of [1, 2]) {
    const demo = await startDemo();
    const lines = await demo.ready;
    conf.push(readFileSync(`${demo.directory}/kong.conf`, 'utf8'));
    tokens.push(/Kong-Admin-Token: ([\w-]+)/.exec(lines.join('\n'))[1]);
    assert.equal((await demo.stop('SIGINT')).code, 0);
  }
  const secrets = conf.map((text) => ['sso_encryption_key = ', '"client_secret":\\["', '"session_secret":"'].map((name) => new RegExp(`${name}([\\w-]+)`).exec(text)[1]));
  assert.equal(new Set([...secrets.flat(), ...tokens]).size, 8);
});

test('a port that is taken is named with the way out, and nothing is left running', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const port = String(blocker.address().port);
  const demo = await startDemo({ DEMO_IDP_PORT: port });
  const { code, complaints } = await demo.gone;
  blocker.close();
  assert.equal(code, 1);
  assert.match(complaints, new RegExp(`port ${port} \\(identity provider\\): stop what uses it, or choose another with DEMO_IDP_PORT=`));
  assert.deepEqual(await openPorts({ ports: { ...demo.ports, DEMO_IDP_PORT: '1' } }), []);
});

test('when a part ends the demo says which, stops the rest and fails', async () => {
  const demo = await startDemo();
  await demo.ready;
  process.kill(childOf(demo.pid, 'kong/server.mjs'), 'SIGKILL');
  const { code, complaints } = await demo.gone;
  assert.equal(code, 1);
  assert.match(complaints, /^make demo: kong ended with SIGKILL/);
  assert.deepEqual(await openPorts(demo), []);
});

test('KONG_ADMIN_URL and KONG_GUI_URL name a real Kong', async () => {
  const parts = await startParts();
  const demo = await startDemo({ KONG_ADMIN_URL: `${parts.kong.admin}/`, KONG_GUI_URL: parts.kong.gui });
  try {
    const lines = await demo.ready;
    assert.ok(lines.some((line) => line.startsWith('Kong ') && line.includes(parts.kong.admin)));
    const { browser } = await signIn(demo.gui, 'alice');
    const made = await api(browser, demo.gui, 'POST', '/services', { name: 'through-the-demo', url: 'http://x.internal' });
    assert.equal(made.status, 201);
    assert.equal((await fetch(`${parts.kong.admin}/services/through-the-demo`)).status, 200);
    assert.deepEqual(await openPorts({ ports: { admin: demo.ports.DEMO_KONG_ADMIN_PORT } }), []);
  } finally {
    await demo.stop();
    await parts.stop();
  }
});

test('KONG_ADMIN_URL without KONG_GUI_URL is refused with an example', async () => {
  const demo = await startDemo({ KONG_ADMIN_URL: 'http://127.0.0.1:8001' });
  const { code, complaints } = await demo.gone;
  assert.equal(code, 1);
  assert.match(complaints, /set KONG_GUI_URL too/);
});

/** The process id of a child whose command line names `script`. */
function childOf(parent, script) {
  const field = (pid) => Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))[1]);
  const isIt = (pid) => {
    try {
      return field(pid) === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(script);
    } catch {
      return false;
    }
  };
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isIt(name)));
}
