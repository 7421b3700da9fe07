// The demo: node dev/demo/main.mjs [BINARY]. Starts an identity provider, a stand-in for Kong and kong-sso on SQLite,
// and stops them all when it is stopped or one of them ends. Ports: DEMO_*_PORT; a real Kong: KONG_ADMIN_URL, KONG_GUI_URL.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accepts } from '../lib/node.mjs';
import { Children, run } from './children.mjs';
import { requireFree, placesOf, Trouble } from './places.mjs';
import { demoSettings, newSecrets } from './settings.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const script = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const say = (text) => console.log(text);
/** A developer of the portal; the people of the identity provider are admins. */
const BOB = { email: 'bob@example.com', password: 'bob-the-developer' };

async function main(binary) {
  const directory = process.env.DEMO_DIRECTORY ?? join(ROOT, 'target/demo');
  const children = new Children(directory, (message) => end(children, message));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(children));
  try {
    const places = placesOf(process.env);
    await requireFree(places);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const secrets = newSecrets();
    await start(children, { binary, directory, places, secrets });
    await mapDevelopers(places, secrets);
    await openPortal(places, secrets);
    announce(places, secrets, directory);
  } catch (error) {
    await end(children, error instanceof Trouble ? error.message : error.stack);
  }
}

/** Start the parts in order; each is there before the next begins. */
async function start(children, { binary, directory, places, secrets }) {
  const { address, gui } = places;
  say('Starting the identity provider ...');
  children.start('idp', process.execPath, [script('idp/server.mjs'), '--listen', address.idp, '--demo',
    '--client-id', 'kong-manager', '--client-name', 'Kong Manager',
    '--redirect-uri', `${gui}_api/auth`, '--post-logout-redirect-uri', gui], { IDP_CLIENT_SECRET: secrets.client });
  await accepts(address.idp);
  if (!places.isRealKong) {
    say('Starting the stand-in for Kong ...');
    children.start('kong', process.execPath, [script('kong/server.mjs'), '--admin', address.kongAdmin, '--gui', address.kongGui,
      '--proxy', address.kongProxy, '--seed', 'demo']);
    await Promise.all([accepts(address.kongAdmin), accepts(address.kongGui), accepts(address.kongProxy)]);
  }
  say('Starting kong-sso ...');
  const conf = join(directory, 'kong.conf');
  await writeFile(conf, demoSettings(places, secrets, directory), { mode: 0o600 });
  await run(binary, ['migrations', 'bootstrap', '-c', conf], { KONG_PASSWORD: secrets.token });
  children.start('kong-sso', binary, ['start', '-c', conf]);
  await Promise.all([accepts(address.admin), accepts(address.gui), accepts(address.portal)]);
}

/** The provider's group `developers` may read everything: bob's role. */
async function mapDevelopers({ address }, { token }) {
  await create(address, token, '/groups', { name: 'developers', comment: 'Developers of the demo' });
  await create(address, token, '/groups/developers/roles', { rbac_role_id: 'read-only', workspace_id: 'default' });
}

/** Two published APIs, and bob as a developer who was approved. What a real Kong has is its owner's to publish. */
async function openPortal({ address, isRealKong }, { token }) {
  await create(address, token, '/developers', { email: BOB.email, password: BOB.password, meta: { full_name: 'Bob' }, status: 0 });
  if (isRealKong) return;
  await create(address, token, '/portal/apis', {
    service: 'inventory', name: 'Inventory', visibility: 'public', description: 'What is in stock, and where.',
    document: '# Inventory\n\n`GET /inventory/items` lists what is in stock. Send your key in the header `apikey`.\n',
  });
  await create(address, token, '/portal/apis', {
    service: 'catalogue', name: 'Catalogue', visibility: 'public', auto_approve: true, description: 'Products with their prices.',
    document: '# Catalogue\n\n`GET /catalogue/products` lists products. Access is given at once.\n',
  });
}

/** POST to the Admin API; what is there already stays. */
async function create(address, token, path, body) {
  const headers = { 'content-type': 'application/json', 'kong-admin-token': token };
  const answer = await fetch(`http://${address.admin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (![200, 201, 409].includes(answer.status)) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
}

function announce({ address, kong, isRealKong, gui, portal }, { token }, directory) {
  say(`
Kong Manager     ${gui}            sign in as one of these, the password is the name:
                   alice   group platform-admins   super-admin
                   bob     group developers        may read everything
                   carol   no group                may sign in and do nothing
Admin pages      ${gui}_sso/       groups, roles, audit log
Developer portal ${portal}default/     ${BOB.email}, password ${BOB.password}; alice decides at ${gui}_sso/portal/requests${calls(isRealKong, address)}
Admin API        http://${address.admin}/            curl -H 'Kong-Admin-Token: ${token}' http://${address.admin}/services
Provider         http://${address.idp}/
${isRealKong ? 'Kong            ' : 'Stand-in of Kong'} ${kong.admin}/            open to everybody on this machine: what kong-sso protects
State and logs   ${directory}   deleted at the next start
Stop with Ctrl-C.
kong-sso demo is ready: ${gui}`);
}

function calls(isRealKong, { kongProxy }) {
  return isRealKong ? '' : `\n                 then   curl -H 'apikey: KEY' http://${kongProxy}/inventory/items`;
}

let ending = false;
async function end(children, trouble) {
  if (ending) return;
  ending = true;
  if (trouble !== undefined) console.error(`make demo: ${trouble}`);
  await children.stop();
  process.exit(trouble === undefined ? 0 : 1);
}

await main(process.argv[2] ?? process.env.KONG_SSO_BIN ?? join(ROOT, 'target/release/kong-sso'));
