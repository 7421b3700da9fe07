// The entities that authentication plugins bring: credentials of consumers and what hangs on them.
import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import * as is from './checks.mjs';

const string = (more) => ({ type: 'string', ...more });
const consumer = { type: 'foreign', reference: 'consumers', required: true };
const COMMON = {
  id: string({ generate: 'id', check: is.uuid }),
  created_at: { type: 'number', generate: 'now' },
  tags: { type: 'set', elements: string({ check: is.tag }) },
  consumer,
};

const rsa = (algorithm) => /^(RS|ES|PS)|^EdDSA$/.test(algorithm);

function sha1Password(row) {
  const digest = createHash('sha1').update(row.password + row.consumer.id).digest('hex');
  return { ...row, password: digest };
}

// The text form of Kong's hashed secrets; lengths and rounds as Kong writes them.
function hashedSecret(row) {
  if (!row.hash_secret || row.client_secret.startsWith('$pbkdf2')) return row;
  const salt = randomBytes(16);
  const text = (bytes) => bytes.toString('base64').replace(/=+$/, '');
  const key = pbkdf2Sync(row.client_secret, salt, 10000, 32, 'sha512');
  return { ...row, client_secret: `$pbkdf2-sha512$i=10000,l=32$${text(salt)}$${text(key)}` };
}

function jwtErrors(row) {
  if (!rsa(row.algorithm) || row.rsa_public_key) return undefined;
  return { '@entity': ["failed conditional validation given value of field 'algorithm'"], rsa_public_key: 'required field missing' };
}

export const CREDENTIALS = {
  keyauth_credentials: {
    path: 'key-auths', door: 'key-auth', key: 'key',
    fields: { ...COMMON, key: string({ generate: 'secret', unique: true }), ttl: { type: 'integer', between: [0, 100000000] } },
  },
  acls: { path: 'acls', key: 'group', unique: [['consumer', 'group']], scopedKey: true, fields: { ...COMMON, group: string({ required: true }) } },
  basicauth_credentials: {
    path: 'basic-auths', door: 'basic-auth', key: 'username', seal: sha1Password, sealed: ['password'],
    fields: { ...COMMON, username: string({ required: true, unique: true }), password: string({ required: true }) },
  },
  hmacauth_credentials: {
    path: 'hmac-auths', door: 'hmac-auth', key: 'username',
    fields: { ...COMMON, username: string({ required: true, unique: true }), secret: string({ generate: 'secret' }) },
  },
  jwt_secrets: {
    path: 'jwts', door: 'jwt', key: 'key', fieldErrors: jwtErrors,
    fields: {
      ...COMMON, key: string({ generate: 'secret', unique: true }), secret: string({ generate: 'secret' }), rsa_public_key: string(),
      algorithm: string({
        default: 'HS256',
        one_of: ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA'],
      }),
    },
  },
  oauth2_credentials: {
    path: 'oauth2', key: 'client_id', seal: hashedSecret, sealed: ['client_secret', 'hash_secret'],
    fields: {
      ...COMMON, name: string({ required: true }), client_id: string({ generate: 'secret', unique: true }), client_secret: string({ generate: 'secret' }),
      hash_secret: { type: 'boolean', default: false, required: true }, client_type: string({ one_of: ['confidential', 'public'], default: 'confidential', required: true }),
      redirect_uris: { type: 'array', elements: string({ check: is.redirectUri }) },
    },
  },
  oauth2_tokens: {
    path: 'oauth2_tokens', key: 'access_token',
    fields: {
      id: COMMON.id, created_at: COMMON.created_at, tags: COMMON.tags, credential: { type: 'foreign', reference: 'oauth2_credentials', required: true },
      service: { type: 'foreign', reference: 'services' }, token_type: string({ default: 'bearer', one_of: ['bearer'] }),
      expires_in: { type: 'integer', required: true }, access_token: string({ generate: 'secret', unique: true }), refresh_token: string({ unique: true }),
      authenticated_userid: string(), scope: string(), ttl: { type: 'integer' },
    },
  },
};
