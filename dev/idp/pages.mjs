// The requests that are not protocol: the sign-in page and its assets.
import { readFileSync } from 'node:fs';
import { readText } from '../lib/process.mjs';
import * as views from './views.mjs';

const asset = (name, type) => [`/assets/${name}`, { type, body: readFileSync(new URL(`./assets/${name}`, import.meta.url)) }];
const ASSETS = new Map([
  asset('idp.css', 'text/css; charset=utf-8'),
  asset('idp.svg', 'image/svg+xml'),
  asset('submit.js', 'text/javascript; charset=utf-8'),
]);

/** A handler (req, res, path) that says whether it has answered. */
export function pages({ provider, accounts, demo }) {
  return async (req, res, path) => {
    const found = ASSETS.get(path);
    if (found) {
      res.writeHead(200, { 'content-type': found.type, 'cache-control': 'max-age=300' }).end(found.body);
      return true;
    }
    if (!path.startsWith('/interaction/')) return false;
    try {
      await interaction(req, res, { provider, accounts, demo });
    } catch (error) {
      if (!error.expose && error.error === undefined) throw error;
      send(res, 400, views.problem('This sign-in has ended', 'Go back to the application and start again.'));
    }
    return true;
  };
}

async function interaction(req, res, { provider, accounts, demo }) {
  const { uid, prompt, params } = await provider.interactionDetails(req, res);
  if (prompt.name !== 'login') return provider.interactionFinished(req, res, { consent: {} });
  const client = await provider.Client.find(params.client_id);
  const render = (status, more) => send(res, status, views.signIn({
    action: `/interaction/${uid}`, client: client.clientName ?? client.clientId, demo, ...more,
  }), params.redirect_uri);
  if (req.method !== 'POST') return render(200, { login: params.login_hint });
  const form = new URLSearchParams(await readText(req, 16384));
  const account = accounts.authenticate(form.get('login'), form.get('password'));
  if (!account) return render(401, { login: form.get('login') ?? '', error: 'The user name or password is wrong.' });
  return provider.interactionFinished(req, res, { login: { accountId: account.id, amr: ['pwd'] } });
}

function send(res, status, html, redirectUri) {
  res.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': views.policy(redirectUri),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }).end(html);
}
