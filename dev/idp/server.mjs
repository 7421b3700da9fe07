// The demo and test identity provider: node server.mjs --listen 127.0.0.1:0 [--control 127.0.0.1:0] ...
// Prints one line of JSON when ready: {"issuer":"...","control":"..."|null}. IDP_CLIENT_SECRET may stand for --client-secret.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { close, endWith, listen } from '../lib/process.mjs';
import { Accounts } from './accounts.mjs';
import { Behaviour, sleep } from './behaviour.mjs';
import { control } from './control.mjs';
import { pages } from './pages.mjs';
import { buildProvider } from './provider.mjs';
import { Store } from './store.mjs';

const OPTIONS = {
  listen: { type: 'string', default: '127.0.0.1:0' },
  control: { type: 'string' },
  'client-id': { type: 'string' },
  'client-secret': { type: 'string' },
  'client-name': { type: 'string' },
  'redirect-uri': { type: 'string', multiple: true },
  'post-logout-redirect-uri': { type: 'string', multiple: true },
  'backchannel-logout-uri': { type: 'string' },
  'conform-id-token-claims': { type: 'boolean', default: false },
  demo: { type: 'boolean', default: false },
  'exit-with-parent': { type: 'boolean', default: false },
};

function staticClients(options) {
  if (!options['client-id']) return [];
  const secret = options['client-secret'] ?? process.env.IDP_CLIENT_SECRET;
  const client = {
    client_id: options['client-id'],
    client_name: options['client-name'],
    client_secret: secret,
    token_endpoint_auth_method: secret ? 'client_secret_basic' : 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: options['redirect-uri'] ?? [],
    post_logout_redirect_uris: options['post-logout-redirect-uri'] ?? [],
  };
  if (options['backchannel-logout-uri']) {
    client.backchannel_logout_uri = options['backchannel-logout-uri'];
    client.backchannel_logout_session_required = true;
  }
  return [Object.fromEntries(Object.entries(client).filter(([, value]) => value !== undefined))];
}

/** Faults first, then our own pages, then the protocol. */
function frontDoor({ behaviour, answerPage, protocol }) {
  return async (req, res) => {
    const path = new URL(req.url, 'http://idp').pathname;
    behaviour.countRequest(req.method, path);
    const fault = behaviour.faultFor(path);
    if (fault?.down) return void req.socket.destroy();
    if (fault?.delay_ms) await sleep(fault.delay_ms);
    if (fault?.status) return void res.writeHead(fault.status, { 'content-type': 'text/plain' }).end('fault of a test');
    try {
      if (!(await answerPage(req, res, path))) protocol(req, res);
    } catch (error) {
      console.error(error);
      if (!res.headersSent) res.writeHead(500).end();
    }
  };
}

async function main() {
  const { values: options } = parseArgs({ options: OPTIONS });
  const server = createServer();
  const issuer = await listen(server, options.listen);
  const parts = { issuer, accounts: new Accounts(), behaviour: new Behaviour(), store: new Store() };
  parts.provider = buildProvider({
    ...parts,
    clients: staticClients(options),
    conformIdTokenClaims: options['conform-id-token-claims'],
    registration: options.control !== undefined,
  });
  parts.provider.on('server_error', (_ctx, error) => console.error(error.stack));
  const answerPage = pages({ ...parts, demo: options.demo });
  server.on('request', frontDoor({ ...parts, answerPage, protocol: parts.provider.callback() }));
  const servers = [server];
  let controlOrigin = null;
  if (options.control !== undefined) {
    servers.push(createServer(control(parts)));
    controlOrigin = await listen(servers[1], options.control);
  }
  endWith(() => Promise.all(servers.map((each) => close(each))), { withParent: options['exit-with-parent'] });
  console.log(JSON.stringify({ issuer, control: controlOrigin }));
}

await main().catch((error) => {
  console.error(`idp: ${error.message}`);
  process.exit(2);
});
