// key-auth as Kong 3.9.3 has it.
import { ENTITIES } from '../entities.mjs';

export const priority = 1250;

/** Identify the caller by an API key. */
export function identify({ store, call, config, seen }) {
  const challenge = { 'www-authenticate': config.realm ? `Key realm="${config.realm}"` : 'Key' };
  const refused = (message) => ({ status: 401, message, headers: challenge });
  const places = config.key_names.map((name) => [name, [
    ...(config.key_in_header ? call.headers[name.toLowerCase()] ?? [] : []),
    ...(config.key_in_query ? call.url.searchParams.getAll(name) : []),
  ]]);
  const [name, keys] = places.find(([, values]) => values.length > 0) ?? [];
  if (!name || keys[0] === '') return refused('No API key found in request');
  if (keys.length > 1) return refused('Duplicate API key found');
  const credential = store.byKey(ENTITIES.keyauth_credentials, keys[0]);
  const consumer = credential && store.get(ENTITIES.consumers, credential.consumer.id);
  if (!consumer) return refused('Unauthorized');
  Object.assign(seen, { consumer, credential: credential.id, anonymous: false });
  if (config.hide_credentials) seen.hidden.add(name.toLowerCase());
  return undefined;
}
