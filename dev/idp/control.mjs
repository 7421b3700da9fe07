// The control API: what tests do to the provider while it runs. Never part of a demo.
import { jsonApi, readJson } from '../lib/process.mjs';

/** A request listener for the control port. */
export function control({ provider, accounts, behaviour, store }) {
  return jsonApi([
    ['POST', /^\/clients$/, async (req) => upsertClient(provider, store, await readJson(req))],
    ['DELETE', /^\/clients\/([^/]+)$/, (_req, _res, id) => store.delete('Client', id)],
    ['POST', /^\/accounts$/, async (req) => accounts.upsert(await readJson(req))],
    ['DELETE', /^\/accounts\/([^/]+)$/, (_req, _res, login) => void accounts.delete(login)],
    ['POST', /^\/behaviour$/, async (req) => behaviour.set(await readJson(req))],
    ['GET', /^\/counters$/, () => behaviour.counters],
    ['DELETE', /^\/counters$/, () => behaviour.resetCounters()],
    ['POST', /^\/faults$/, async (req) => (behaviour.faults.push(await readJson(req)), behaviour.faults)],
    ['DELETE', /^\/faults$/, () => void (behaviour.faults = [])],
    ['POST', /^\/sessions\/revoke-all$/, () => store.clear('Session', 'Grant', 'AccessToken', 'RefreshToken', 'AuthorizationCode', 'Interaction')],
  ]);
}

// Checks the metadata by the rules of registration, then keeps it; the next request sees it.
async function upsertClient(provider, store, metadata) {
  if (typeof metadata.client_id !== 'string') throw new Error('client_id is required');
  const client = new provider.Client(metadata);
  store.put('Client', metadata.client_id, metadata);
  return client.metadata();
}
