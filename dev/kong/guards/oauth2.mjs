// oauth2 as Kong 3.9.3 has it, as far as client credentials go: tokens are issued at POST ../oauth2/token over HTTPS, are
// entities that hang on their credential, and count where `global_credentials` fits.
import { pbkdf2Sync } from 'node:crypto';
import { ENTITIES } from '../entities.mjs';

export const priority = 1400;

const oauthError = (status, error, description, headers) => ({ status, error, error_description: description, headers });

/** Issue a token, or identify the caller by one. */
export function identify(context) {
  const { call } = context;
  if (call.method === 'POST' && /\/oauth2\/token\/?$/.test(call.url.pathname)) return issue(context);
  return authenticate(context);
}

function authenticate({ store, call, config, route, seen }) {
  const challenge = (more) => ({ 'www-authenticate': `Bearer realm="service"${more}` });
  const [kind, text] = (call.headers[config.auth_header_name.toLowerCase()]?.[0] ?? '').split(/\s+/);
  const value = /^(bearer|token)$/i.test(kind) ? text : call.url.searchParams.get('access_token');
  if (!value) return oauthError(401, 'invalid_request', 'The access token is missing', challenge(''));
  const invalid = (words) => oauthError(401, 'invalid_token', words, challenge(` error="invalid_token" error_description="${words}"`));
  const token = store.byKey(ENTITIES.oauth2_tokens, value);
  if (!token) return invalid('The access token is invalid or has expired');
  if (token.service ? token.service.id !== route.service.id : !config.global_credentials) {
    return invalid("The access token is global, but the current plugin is configured without 'global_credentials'");
  }
  if (token.created_at + token.expires_in < Date.now() / 1000) return invalid('The access token is invalid or has expired');
  const credential = store.get(ENTITIES.oauth2_credentials, token.credential.id);
  const consumer = credential && store.get(ENTITIES.consumers, credential.consumer.id);
  if (!consumer) return invalid('The access token is invalid or has expired');
  Object.assign(seen, { consumer, credential: credential.client_id, anonymous: false, scope: token.scope ?? undefined });
  if (config.hide_credentials) seen.hidden.add(config.auth_header_name.toLowerCase());
  return undefined;
}

function issue({ store, call, config, route }) {
  const isSecure = config.accept_http_if_already_terminated && call.headers['x-forwarded-proto']?.[0] === 'https';
  if (!isSecure) return oauthError(400, 'access_denied', 'You must use HTTPS');
  const form = Object.fromEntries(new URLSearchParams(call.body));
  if (form.grant_type !== 'client_credentials' || !config.enable_client_credentials) {
    return oauthError(400, 'unsupported_grant_type', 'Invalid grant_type');
  }
  const credential = client(store, call, form);
  if (!credential) {
    return oauthError(401, 'invalid_client', 'Invalid client authentication', { 'www-authenticate': 'Basic realm="OAuth2.0"' });
  }
  const scopes = form.scope?.split(/\s+/).filter(Boolean) ?? [];
  const unknown = scopes.find((scope) => !config.scopes?.includes(scope));
  if (unknown) return oauthError(400, 'invalid_scope', `"${unknown}" is an invalid scope`);
  if (scopes.length === 0 && config.mandatory_scope) return oauthError(400, 'invalid_scope', 'You must specify a scope');
  const token = store.insert(ENTITIES.oauth2_tokens, {
    credential: { id: credential.id }, service: config.global_credentials ? null : { id: route.service.id },
    expires_in: config.token_expiration, scope: scopes.join(' ') || null, refresh_token: null,
  });
  return { status: 200, access_token: token.access_token, token_type: 'bearer', expires_in: token.expires_in };
}

function client(store, call, form) {
  const basic = /^Basic\s+(\S+)$/i.exec(call.headers.authorization?.[0] ?? '')?.[1];
  const [id, secret] = basic ? Buffer.from(basic, 'base64').toString('utf8').split(/:(.*)/s) : [form.client_id, form.client_secret];
  const credential = id && store.byKey(ENTITIES.oauth2_credentials, id);
  if (!credential || secret === undefined) return undefined;
  return isSecret(credential, secret) ? credential : undefined;
}

function isSecret({ hash_secret: isHashed, client_secret: held }, given) {
  if (!isHashed) return held === given;
  const [, , , salt, key] = held.split('$');
  return pbkdf2Sync(given, Buffer.from(salt, 'base64'), 10000, 32, 'sha512').equals(Buffer.from(key, 'base64'));
}
