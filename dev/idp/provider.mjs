// oidc-provider, configured as the demo and test identity provider.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Provider, errors, interactionPolicy } from 'oidc-provider';
import { SCOPED_CLAIMS } from './accounts.mjs';
import { passwordGrant } from './password_grant.mjs';
import { sleep } from './behaviour.mjs';
import * as views from './views.mjs';

const RESOURCE_SCOPES = 'openid profile email api:read api:write';
const PROTOCOL_CLAIMS = new Set(['sub', 'acr', 'amr', 'auth_time']);
const GATED = new Set(Object.values(SCOPED_CLAIMS).flat());

/**
 * Build the provider.
 * @param {object} parts issuer, accounts, behaviour, store, clients (static metadata), conformIdTokenClaims, registration
 */
export function buildProvider(parts) {
  const provider = new Provider(parts.issuer, configuration(parts));
  const handler = passwordGrant(provider, {
    accounts: parts.accounts,
    findAccount: (id) => findAccount(parts.accounts, id, parts.conformIdTokenClaims),
    resourceInfo: (client, resource = parts.behaviour.of(client.clientId).default_resource) => resource && [resource, resourceInfo(parts.behaviour, resource, client)],
  });
  provider.registerGrantType('password', handler, ['username', 'password', 'scope', 'resource']);
  releaseExtraClaims(provider);
  grantOfflineAccessWithoutConsent(provider);
  provider.use(observeTokenEndpoint(parts.behaviour));
  return provider;
}

function configuration({ accounts, behaviour, store, clients, conformIdTokenClaims, registration }) {
  return {
    adapter: store.adapter(),
    clients,
    claims: { openid: ['sub', 'groups'], ...SCOPED_CLAIMS },
    scopes: ['openid', 'offline_access', 'email', 'profile', 'groups', 'api:read', 'api:write'],
    conformIdTokenClaims,
    clientDefaults: { grant_types: ['authorization_code', 'refresh_token'] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    jwks: { keys: signingKeys() },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'HS256'],
      userinfoSigningAlgValues: ['RS256', 'ES256'],
    },
    features: features(behaviour, registration),
    fetch: (url, { dispatcher: _loopbackRefusing, ...options }) => fetch(url, options),
    findAccount: (_ctx, id) => findAccount(accounts, id, conformIdTokenClaims),
    extraTokenClaims: (_ctx, token) => accounts.findById(token.accountId)?.claims,
    interactions: { policy: signInOnly(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant,
    pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' },
    issueRefreshToken: (_ctx, client, source) => client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    rotateRefreshToken: (ctx) => refreshAllowed(behaviour.of(ctx.oidc.client.clientId)),
    renderError: views.renderError,
    ttl: {
      AccessToken: (_ctx, _token, client) => behaviour.of(client.clientId).access_token_ttl,
      ClientCredentials: (_ctx, _token, client) => behaviour.of(client.clientId).access_token_ttl,
      IdToken: (_ctx, _token, client) => behaviour.of(client.clientId).id_token_ttl,
      RefreshToken: (_ctx, _token, client) => behaviour.of(client.clientId).refresh_token_ttl,
      Grant: 14 * 86400,
      Interaction: 3600,
      Session: 14 * 86400,
    },
  };
}

function features(behaviour, registration) {
  return {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: registration },
    registrationManagement: { enabled: registration },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true, logoutSource: views.logoutSource, postLogoutSuccessSource: views.signedOut },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_ctx, client, oneOf) => oneOf ?? behaviour.of(client.clientId).default_resource,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource, client) => resourceInfo(behaviour, resource, client),
    },
  };
}

// A named resource gets JWT access tokens.
function resourceInfo(behaviour, resource, client) {
  return {
    scope: RESOURCE_SCOPES,
    audience: resource,
    accessTokenTTL: behaviour.of(client.clientId).access_token_ttl,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
}

function signingKeys() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return [{ ...rsa, use: 'sig', kid: 'rsa-1' }, { ...ec, use: 'sig', kid: 'ec-1' }];
}

function findAccount(accounts, id, conformIdTokenClaims) {
  const account = accounts.findById(id);
  if (!account) return undefined;
  const claims = (use, _scope, requested = {}) => {
    const all = { ...account.claims, sub: id };
    if (use !== 'id_token' || !conformIdTokenClaims) return all;
    return Object.fromEntries(Object.entries(all).filter(([name]) => name === 'sub' || name in requested));
  };
  return { accountId: id, claims };
}

// Every client is first party: sign-in is the only question, all that is asked for is granted.
function signInOnly() {
  const policy = interactionPolicy.base();
  policy.get('consent').checks.clear();
  return policy;
}

async function loadExistingGrant(ctx) {
  const { client, session, provider, params, requestParamClaims, resourceServers } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  const grant = (known && (await provider.Grant.find(known))) || new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope ?? 'openid');
  grant.addOIDCClaims([...requestParamClaims]);
  for (const resource of Object.keys(resourceServers ?? {})) grant.addResourceScope(resource, RESOURCE_SCOPES);
  await grant.save();
  return grant;
}

function refreshAllowed({ refresh }) {
  if (refresh === 'invalid_grant') throw new errors.InvalidGrant('refused by the test');
  if (String(refresh) === '500') throw new Error('broken by the test');
  return true;
}

// The library releases declared claims only; accounts of tests may carry any claim, nested ones included.
function releaseExtraClaims(provider) {
  const Base = provider.Claims;
  class Claims extends Base {
    #openid = false;

    scope(value = '') {
      this.#openid = value.split(' ').includes('openid');
      return super.scope(value);
    }

    async result() {
      const claims = await super.result();
      if (!this.#openid) return claims;
      for (const [name, value] of Object.entries(this.available)) {
        if (!(name in claims) && !GATED.has(name) && !PROTOCOL_CLAIMS.has(name)) claims[name] = value;
      }
      return claims;
    }
  }
  Object.defineProperty(provider, 'Claims', { value: Claims });
}

// The library drops `offline_access` unless the client sent prompt=consent; here consent is implied.
function grantOfflineAccessWithoutConsent(provider) {
  const Base = provider.OIDCContext;
  class Context extends Base {
    get prompts() {
      const prompts = super.prompts;
      const offline = this.params?.scope?.split(' ').includes('offline_access');
      return offline && !prompts.has('none') ? new Set([...prompts, 'consent']) : prompts;
    }

    promptPending(name) {
      return name !== 'consent' && super.promptPending(name);
    }
  }
  Object.defineProperty(provider, 'OIDCContext', { value: Context });
}

function observeTokenEndpoint(behaviour) {
  return async (ctx, next) => {
    await next();
    if (ctx.oidc?.route !== 'token') return;
    const clientId = ctx.oidc.client?.clientId ?? ctx.oidc.params?.client_id ?? 'unknown';
    behaviour.countGrant(clientId, ctx.oidc.params?.grant_type ?? 'unknown', ctx.status === 200);
    await sleep(behaviour.of(clientId).token_delay_ms);
  };
}
