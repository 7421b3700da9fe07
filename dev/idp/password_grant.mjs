// The resource owner password grant (RFC 6749, 4.3), which oidc-provider leaves to its user.
import { errors } from 'oidc-provider';

/**
 * A grant handler that checks username and password against the accounts and issues tokens.
 * `parts`: accounts, findAccount (id -> the library's account), resourceInfo ((client, resource?) -> [uri, info] or undefined).
 */
export function passwordGrant(provider, { accounts, findAccount, resourceInfo }) {
  return async (ctx) => {
    const { client, params } = ctx.oidc;
    const account = accounts.authenticate(params.username, params.password);
    if (!account) throw new errors.InvalidGrant('wrong username or password');
    const scope = params.scope ?? 'openid';
    const grant = new provider.Grant({ clientId: client.clientId, accountId: account.id });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    const found = findAccount(account.id);
    ctx.oidc.entity('Client', client);
    ctx.oidc.entity('Grant', grant);
    ctx.oidc.entity('Account', found);
    ctx.body = await tokens(provider, ctx, { accountId: account.id, client, grantId, gty: 'password', scope }, found, resourceInfo(client, params.resource));
  };
}

async function tokens(provider, ctx, source, account, resource) {
  const { client, scope } = source;
  const scopes = new Set(scope.split(' '));
  const accessToken = new provider.AccessToken(source);
  if (resource) accessToken.resourceServer = new provider.ResourceServer(...resource);
  ctx.oidc.entity('AccessToken', accessToken);
  const body = { access_token: await accessToken.save(), expires_in: accessToken.expiration, token_type: accessToken.tokenType, scope };
  if (scopes.has('offline_access') && client.grantTypeAllowed('refresh_token')) {
    body.refresh_token = await new provider.RefreshToken({ ...source, rotations: 0 }).save();
  }
  if (scopes.has('openid')) {
    const idToken = new provider.IdToken({ ...(await account.claims('id_token', scope)), sub: source.accountId }, { ctx });
    idToken.scope = scope;
    idToken.mask = {};
    idToken.rejected = [];
    body.id_token = await idToken.issue({ use: 'idtoken' });
  }
  return body;
}
