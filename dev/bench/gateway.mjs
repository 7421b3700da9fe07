// Processor time per request through the gateway: bearer tokens, sessions and forward-auth, compared in one run with the
// gateway without authentication, and with Apache and mod_auth_openidc on the same tokens.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SignJWT, exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { accepts, freePort, scratch, startNode } from '../lib/node.mjs';
import { isInstalled, startApache } from './apache.mjs';
import { cpuSeconds, median, residentMegabytes, sleep } from './process.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 20000);
const CONNECTIONS = 16;
/** Tokens that are seen once; each has to be signed before it can be sent. */
const COLD = 2000;
const DISTINCT = 10_000;
const SESSIONS = 100_000;
const ISSUER = 'https://idp.bench.example';
const call = promisify(execFile);

/** Rows of { name, microseconds, ratio, perCpuSecond }; the first is the gateway without authentication. */
export async function gatewayCost(program) {
  const directory = await scratch('gateway-bench');
  const echo = await freePort();
  const upstream = spawn(program, ['echo', `127.0.0.1:${echo}`]);
  const keys = await startKeys(directory);
  const parts = { directory, program, keys, upstream: `http://127.0.0.1:${echo}` };
  let gateway, apache;
  try {
    await accepts(`127.0.0.1:${echo}`);
    gateway = await startGateway(parts);
    apache = isInstalled() ? await startApache({ upstream: parts.upstream, kid: 'RS256', certificate: keys.certificate }) : undefined;
    return await compare(program, [...await waysThroughGateway(parts, gateway), ...(apache ? await waysThroughApache(parts, apache) : [])]);
  } finally {
    await apache?.stop();
    await gateway?.stop();
    keys.stop();
    upstream.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A key set server, and tokens signed by its keys. */
async function startKeys(directory) {
  const pairs = {};
  for (const alg of ['RS256', 'ES256']) pairs[alg] = await generateKeyPair(alg, { extractable: true });
  const published = await Promise.all(Object.entries(pairs).map(async ([alg, { publicKey }]) => ({ ...await exportJWK(publicKey), kid: alg, alg, use: 'sig' })));
  const server = createServer((request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published })));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const token = (alg, jti) => new SignJWT({ jti, scope: 'read write', client_id: 'bench' })
    .setProtectedHeader({ alg, kid: alg, typ: 'at+jwt' }).setIssuer(ISSUER).setSubject('bench').setAudience('api').setIssuedAt().setExpirationTime('2h').sign(pairs[alg].privateKey);
  return { url: `http://127.0.0.1:${server.address().port}/jwks`, token, certificate: await certificateOf(pairs.RS256.privateKey, directory), stop: () => server.close() };
}

/** A self-signed certificate of a key: what Apache takes for a verification key. */
async function certificateOf(privateKey, directory) {
  const key = join(directory, 'key.pem');
  await writeFile(key, await exportPKCS8(privateKey), { mode: 0o600 });
  return execFileSync('openssl', ['req', '-new', '-x509', '-key', key, '-subj', '/CN=bench', '-days', '2'], { encoding: 'utf8' });
}

function plugin(keys, methods, more = {}) {
  return {
    name: 'openid-connect',
    config: { issuer: ISSUER, using_pseudo_issuer: true, jwks_endpoint: keys.url, auth_methods: methods, session_secret: 'a secret of the benchmark only', ...more },
  };
}

async function startGateway({ directory, keys, upstream }) {
  const [proxy, admin, gui] = await Promise.all([freePort(), freePort(), freePort()]);
  const route = (name, plugins = []) => ({ name, paths: [`/${name}`], plugins });
  const session = { session_storage: 'database', disable_session: ['session'] };
  const declared = {
    _format_version: '3.0',
    services: [{
      name: 'echo', url: upstream,
      routes: [route('open'), route('bearer', [plugin(keys, ['bearer'])]), route('session', [plugin(keys, ['bearer', 'session'], session)])],
    }],
  };
  const file = join(directory, 'gateway.json');
  await writeFile(file, JSON.stringify(declared));
  const node = await startNode({
    sso_database: `sqlite:${join(directory, 'store.db')}`, sso_proxy_listen: `127.0.0.1:${proxy}`, sso_proxy_config: file, trusted_ips: '127.0.0.1',
    sso_forward_auth_path: '/_sso/auth', sso_openid_connect_cache_size: '1g',
    sso_gui_listen: `127.0.0.1:${gui}`, sso_admin_listen: `127.0.0.1:${admin}`, sso_status_listen: 'off', log_level: 'warn',
  });
  await accepts(`127.0.0.1:${proxy}`);
  return { ...node, origin: `http://127.0.0.1:${proxy}` };
}

async function waysThroughGateway({ directory, keys }, { pid, origin }) {
  const pids = () => [pid];
  const bearer = async (alg, jti) => `authorization: Bearer ${await keys.token(alg, jti)}`;
  const many = async (alg, count, name) => {
    const file = join(directory, name);
    await writeFile(file, (await Promise.all(Array.from({ length: count }, (_, index) => bearer(alg, `${name}-${index}`)))).join('\n'));
    return `@${file}`;
  };
  const warm = await bearer('RS256', 'warm');
  const asked = { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'http', 'x-forwarded-host': new URL(origin).host, 'x-forwarded-uri': '/bearer/x' };
  const forwarded = Object.entries(asked).map(([name, value]) => `${name}: ${value}`);
  const [cookie] = await sessions(origin, warm, 1);
  return [
    { name: 'gateway without authentication', pids, url: `${origin}/open/x`, headers: [] },
    { name: 'bearer JWT, warm', pids, url: `${origin}/bearer/x`, headers: [warm], goal: 1.15 },
    { name: `bearer JWT, ${DISTINCT} tokens in turn`, pids, url: `${origin}/bearer/x`, headers: [await many('RS256', DISTINCT, 'rs')] },
    { name: 'bearer JWT, cold RS256', pids, url: `${origin}/bearer/x`, cold: async (round) => many('RS256', COLD, `rs-${round}`) },
    { name: 'bearer JWT, cold ES256', pids, url: `${origin}/bearer/x`, cold: async (round) => many('ES256', COLD, `es-${round}`) },
    { name: 'session in the database, warm', pids, url: `${origin}/session/x`, headers: [cookie], goal: 1.2 },
    { name: 'forward-auth, bearer JWT, warm', pids, url: `${origin}/_sso/auth`, headers: [warm, ...forwarded], goal: 1.15 },
  ];
}

/** `cookie: ...` lines of new sessions. */
async function sessions(origin, bearer, count) {
  const [name, value] = bearer.split(/: (.*)/s);
  const lines = [];
  const make = async () => {
    while (lines.length < count) {
      const at = lines.push('') - 1;
      const answer = await fetch(`${origin}/session/x`, { headers: { [name]: value } });
      await answer.arrayBuffer();
      const cookies = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
      if (answer.status !== 200 || cookies.length === 0) throw new Error(`no session: ${answer.status}`);
      lines[at] = `cookie: ${cookies.join('; ')}`;
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, CONNECTIONS) }, make));
  return lines;
}

async function waysThroughApache({ keys }, { origin, pids }) {
  const warm = `authorization: Bearer ${await keys.token('RS256', 'apache')}`;
  return [
    { name: 'Apache without authentication', pids, url: `${origin}/open/x`, headers: [] },
    { name: 'Apache with mod_auth_openidc, bearer JWT', pids, url: `${origin}/closed/x`, headers: [warm], isPeer: true },
  ];
}

/** All ways in turn, round by round, so that whatever else the machine does meets all of them. */
async function compare(program, ways) {
  const rounds = ways.map(() => []);
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, way] of ways.entries()) {
      const headers = way.cold ? [await way.cold(round)] : way.headers;
      const measured = await measure(program, way, headers, way.cold ? COLD : round < 0 ? REQUESTS / 10 : REQUESTS);
      if (round >= 0) rounds[index].push(measured);
    }
    process.stderr.write(round < 0 ? 'warmed up\n' : `round ${round + 1} of ${ROUNDS}\n`);
  }
  return ways.map(({ name, goal, isPeer }, index) => {
    const microseconds = median(rounds[index]);
    return { name, goal, isPeer, microseconds, ratio: median(rounds[index].map((value, round) => value / rounds[0][round])), perCpuSecond: 1e6 / microseconds };
  });
}

async function measure(program, { pids, url }, headers, requests) {
  const seconds = async () => (await pids()).reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = await seconds();
  await call(program, ['load', String(requests), String(CONNECTIONS), url, ...headers]);
  await sleep(300);
  return ((await seconds() - before) / requests) * 1e6;
}

/** What a hundred thousand sessions change: { few, many, count, megabytes }, microseconds per request with 100 and with all. */
export async function sessionScale(program) {
  const directory = await scratch('gateway-bench');
  const echo = await freePort();
  const upstream = spawn(program, ['echo', `127.0.0.1:${echo}`]);
  const keys = await startKeys(directory);
  let gateway;
  try {
    await accepts(`127.0.0.1:${echo}`);
    gateway = await startGateway({ directory, program, keys, upstream: `http://127.0.0.1:${echo}` });
    const bearer = `authorization: Bearer ${await keys.token('RS256', 'scale')}`;
    const cost = async (count) => {
      const file = join(directory, `sessions-${count}`);
      await writeFile(file, (await sessions(gateway.origin, bearer, count)).join('\n'));
      const way = { pids: () => [gateway.pid], url: `${gateway.origin}/session/x` };
      await measure(program, way, [`@${file}`], count);
      return measure(program, way, [`@${file}`], Math.max(REQUESTS, count));
    };
    const few = await cost(100);
    const count = Number(process.env.BENCH_SESSIONS ?? SESSIONS);
    const many = await cost(count);
    return { few, many, count, megabytes: residentMegabytes(gateway.pid) };
  } finally {
    await gateway?.stop();
    keys.stop();
    upstream.kill();
    await rm(directory, { recursive: true, force: true });
  }
}
