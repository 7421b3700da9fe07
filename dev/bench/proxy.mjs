// Processor time per request through kong-sso, compared with a bare reverse proxy of the same parts in the same run.
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { accepts, freePort } from '../lib/node.mjs';
import { TOKEN, signIn, startParts, startStack } from '../lib/stack.mjs';
import { cpuSeconds, median, sleep } from './process.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 20000);
const CONNECTIONS = 16;
/** Records of the audit log are written a moment after the answers; their cost counts. */
const SETTLE_MS = 1200;
const call = promisify(execFile);

/** Rows of { name, microseconds, ratio, perSecond }; the first is the bare proxy. `parts` is the program of benches/proxy. */
export async function proxyCost(program) {
  const [echo, bare] = [await freePort(), await freePort()];
  const children = [spawn(program, ['echo', `127.0.0.1:${echo}`]), spawn(program, ['bare', `127.0.0.1:${bare}`, `http://127.0.0.1:${echo}`])];
  await Promise.all([accepts(`127.0.0.1:${echo}`), accepts(`127.0.0.1:${bare}`)]);
  const parts = await startParts();
  const upstream = { ...parts, kong: { ...parts.kong, admin: `http://127.0.0.1:${echo}` } };
  const stacks = [];
  for (const audit of ['off', 'on']) stacks.push({ audit, ...await startStack(upstream, { settings: { audit_log: audit, log_level: 'warn' } }) });
  try {
    const ways = [{ name: 'bare reverse proxy', pid: children[1].pid, url: `http://127.0.0.1:${bare}/services`, headers: [] }];
    for (const stack of stacks) ways.push(...await waysThrough(stack));
    return await compare(program, ways);
  } finally {
    for (const stack of stacks) await stack.stop();
    await parts.stop();
    for (const child of children) child.kill();
  }
}

async function waysThrough({ audit, nodes: [node], gui, admin }) {
  const { browser } = await signIn(gui, 'alice');
  const cookie = `cookie: kong_sso_session=${browser.cookies.get('kong_sso_session')}`;
  return [
    { name: `RBAC token, audit ${audit}`, pid: node.pid, url: `${admin}/services`, headers: [`kong-admin-token: ${TOKEN}`] },
    { name: `session, audit ${audit}`, pid: node.pid, url: `${gui}/_api/services`, headers: [cookie] },
  ];
}

/** All ways in turn, round by round, so that whatever else the machine does meets all of them. */
async function compare(program, ways) {
  const rounds = ways.map(() => []);
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, way] of ways.entries()) {
      const measured = await measure(program, way, round < 0 ? REQUESTS / 10 : REQUESTS);
      if (round >= 0) rounds[index].push(measured);
    }
    process.stderr.write(round < 0 ? 'warmed up\n' : `round ${round + 1} of ${ROUNDS}\n`);
  }
  return ways.map(({ name }, index) => ({
    name,
    microseconds: median(rounds[index].map(({ microseconds }) => microseconds)),
    ratio: median(rounds[index].map(({ microseconds }, round) => microseconds / rounds[0][round].microseconds)),
    perSecond: median(rounds[index].map(({ perSecond }) => perSecond)),
  }));
}

async function measure(program, { pid, url, headers }, requests) {
  const before = cpuSeconds(pid);
  const { stdout } = await call(program, ['load', String(requests), String(CONNECTIONS), url, ...headers]);
  await sleep(SETTLE_MS);
  return { microseconds: ((cpuSeconds(pid) - before) / requests) * 1e6, perSecond: requests / Number(stdout) };
}
