// The kong.conf of the demo, with secrets of its own at every start.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { settingsText } from '../lib/node.mjs';

const HEAD = `# Settings of a running demo, written anew at each start of it. The secrets below are of this one run and the
# provider accepts alice/alice: take no line of this file to another place.
`;

/** Fresh secrets. `token` is the RBAC token of the first super-admin, kong_admin. */
export function newSecrets() {
  const secret = () => randomBytes(24).toString('base64url');
  return { client: secret(), session: secret(), encryption: secret(), portal: secret(), token: secret() };
}

/** The text of kong.conf. */
export function demoSettings({ address, kong, gui }, secrets, directory) {
  return HEAD + settingsText({
    prefix: directory,
    sso_database: `sqlite:${join(directory, 'kong-sso.db')}`,
    sso_gui_listen: address.gui,
    sso_admin_listen: address.admin,
    sso_status_listen: address.status,
    sso_upstream_admin_url: kong.admin,
    sso_upstream_gui_url: kong.gui,
    enforce_rbac: 'on',
    audit_log: 'on',
    sso_bootstrap_groups: 'platform-admins',
    sso_encryption_key: secrets.encryption,
    admin_gui_auth: 'openid-connect',
    admin_gui_url: gui,
    admin_gui_auth_conf: {
      issuer: `http://${address.idp}`,
      client_id: ['kong-manager'],
      client_secret: [secrets.client],
      redirect_uri: [`${gui}_api/auth`],
      login_redirect_uri: [gui],
      logout_redirect_uri: [gui],
      session_secret: secrets.session,
    },
    portal: 'on',
    portal_auth: 'basic-auth',
    portal_session_conf: { secret: secrets.portal },
    portal_gui_listen: address.portal,
    portal_gui_host: address.portal,
    portal_api_listen: address.portalApi,
    portal_smtp_admin_emails: 'alice@example.com',
    sso_portal_outbox_dir: join(directory, 'mails'),
  });
}
