// jwt as Kong 3.9.3 has it: the key claim is sought in the payload, then in the header; kid, iss and aud mean nothing; the
// algorithm must be the credential's.
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { constants } from 'node:crypto';
import { ENTITIES } from '../entities.mjs';

export const priority = 1450;

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const hash = (alg) => `sha${alg.slice(2)}`;
const TIMES = {
  exp: (value, now) => (value <= now ? 'token expired' : undefined),
  nbf: (value, now) => (value > now ? 'token not valid yet' : undefined),
};

/** Identify the caller by a token that it signed. */
export function identify({ store, call, config, seen }) {
  const unauthorized = (message) => ({ status: 401, message, headers: { 'www-authenticate': 'Bearer' } });
  const tokens = [...new Set(found(call, config))];
  if (tokens.length === 0) return unauthorized('Unauthorized');
  if (tokens.length > 1) return unauthorized('Multiple tokens provided');
  const token = decode(tokens[0]);
  if (!token) return unauthorized('Bad token; invalid JSON');
  const claim = config.key_claim_name;
  const key = token.claims[claim] ?? token.header[claim];
  if (key === undefined || key === null) return unauthorized(`No mandatory '${claim}' in claims`);
  if (key === '') return unauthorized(`Invalid '${claim}' in claims`);
  const credential = typeof key === 'string' ? store.byKey(ENTITIES.jwt_secrets, key) : undefined;
  if (!credential) return unauthorized(`No credentials found for given '${claim}'`);
  if (token.header.alg !== credential.algorithm) return unauthorized('Invalid algorithm');
  if (!isSigned(token, credential, config)) return unauthorized('Invalid signature');
  const errors = wrongTimes(token.claims, config);
  if (errors) return { status: 401, ...errors };
  const consumer = store.get(ENTITIES.consumers, credential.consumer.id);
  if (!consumer) return unauthorized(`Could not find consumer for '${claim}=${key}'`);
  Object.assign(seen, { consumer, credential: credential.key, anonymous: false });
  return undefined;
}

function found(call, config) {
  const headers = config.header_names.flatMap((name) => call.headers[name.toLowerCase()] ?? []);
  const bearers = headers.flatMap((value) => /^\s*[Bb]earer\s+(.+)$/.exec(value)?.[1] ?? []);
  return [...config.uri_param_names.flatMap((name) => call.url.searchParams.getAll(name)), ...bearers];
}

function decode(text) {
  const parts = text.split('.');
  if (parts.length !== 3) return undefined;
  const bytes = (part) => Buffer.from(part, 'base64url');
  try {
    const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(bytes(part).toString('utf8')));
    return { header, claims, input: Buffer.from(`${parts[0]}.${parts[1]}`), signature: bytes(parts[2]) };
  } catch {
    return undefined;
  }
}

function isSigned({ input, signature }, { algorithm, secret, rsa_public_key: pem }, config) {
  if (algorithm.startsWith('HS')) {
    const key = config.secret_is_base64 ? Buffer.from(secret, 'base64') : secret;
    const expected = createHmac(hash(algorithm), key).update(input).digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
  const key = createPublicKey(pem);
  if (algorithm === 'EdDSA') return verify(null, input, key, signature);
  if (algorithm.startsWith('ES')) return verify(hash(algorithm), input, { key, dsaEncoding: 'ieee-p1363' }, signature);
  return verify(hash(algorithm), input, algorithm.startsWith('PS') ? { key, ...PSS } : key, signature);
}

function wrongTimes(claims, config) {
  const now = Math.floor(Date.now() / 1000);
  const errors = {};
  for (const name of config.claims_to_verify ?? []) {
    const wrong = typeof claims[name] === 'number' ? TIMES[name](claims[name], now) : 'must be a number';
    if (wrong) errors[name] = wrong;
  }
  if (Object.keys(errors).length > 0) return errors;
  const longest = config.maximum_expiration;
  if (longest > 0 && !(typeof claims.exp === 'number' && claims.exp - now <= longest)) return { exp: 'exceeds maximum allowed expiration' };
  return undefined;
}
