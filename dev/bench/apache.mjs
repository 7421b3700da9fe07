// The peer of the gateway benchmark: Apache with mod_auth_openidc as a reverse proxy that checks signed bearer tokens.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts, freePort } from '../lib/node.mjs';

const MODULES = '/usr/lib/apache2/modules';
const USED = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'auth_openidc', 'proxy', 'proxy_http'];

/** Whether the peer is installed. */
export const isInstalled = () => existsSync('/usr/sbin/apache2') && existsSync(join(MODULES, 'mod_auth_openidc.so'));

/**
 * Starts Apache before `upstream`: `/open/` without and `/closed/` with a check of tokens that `certificate` verifies.
 * Resolves to { origin, cpuSeconds, stop }; all of its processes count.
 */
export async function startApache({ upstream, kid, certificate }) {
  // Apache gives up root for another user, who must reach the files.
  const directory = await mkdtemp(join(tmpdir(), 'apache-bench-'));
  const port = await freePort();
  await writeFile(join(directory, 'key.pem'), certificate);
  await writeFile(join(directory, 'httpd.conf'), `
${USED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
DefaultRuntimeDir ${directory}
PidFile ${directory}/pid
ErrorLog ${directory}/error.log
LogLevel error
User www-data
Group www-data
KeepAlive On
MaxKeepAliveRequests 0
OIDCOAuthVerifyCertFiles ${kid}#${directory}/key.pem
OIDCOAuthRemoteUserClaim sub
OIDCCryptoPassphrase not-used-for-bearer-tokens
<Location /open/>
  ProxyPass ${upstream}/ keepalive=On
</Location>
<Location /closed/>
  AuthType oauth20
  Require valid-user
  ProxyPass ${upstream}/ keepalive=On
</Location>
`);
  await new Promise((resolve) => spawn('chmod', ['-R', 'a+rX', directory]).once('close', resolve));
  const child = spawn('/usr/sbin/apache2', ['-f', join(directory, 'httpd.conf'), '-DFOREGROUND'], { stdio: 'ignore' });
  try {
    await accepts(`127.0.0.1:${port}`);
  } catch (error) {
    throw new Error(`Apache did not start: ${await readFile(join(directory, 'error.log'), 'utf8').catch(() => '')}`, { cause: error });
  }
  const stop = async () => {
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    await gone;
    await rm(directory, { recursive: true, force: true });
  };
  return { origin: `http://127.0.0.1:${port}`, pids: () => family(child.pid), stop };
}

/** A process and those it started. */
async function family(parent) {
  const found = [parent];
  for (const name of await readdir('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : '';
    if (Number(/^.*\) \S (\d+)/s.exec(stat)?.[1]) === parent) found.push(Number(name));
  }
  return found;
}
