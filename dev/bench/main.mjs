// make bench: builds, measures, prints Markdown tables. Needs Linux (/proc). Criterion's benchmark of the decision is
// `cargo bench --bench decision`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CARGO = process.env.CARGO ?? 'cargo';
const GOAL = 1.3;

function build() {
  const cargo = (...args) => execFileSync(CARGO, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 << 20 });
  cargo('build', '--locked', '--release');
  const messages = cargo('bench', '--locked', '--no-run', '--bench', 'proxy', '--message-format', 'json-render-diagnostics').trim().split('\n').map((line) => JSON.parse(line));
  return messages.find(({ target, executable }) => target?.name === 'proxy' && executable).executable;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const program = build();
process.env.KONG_SSO_BIN = join(ROOT, 'target/release/kong-sso');
const { proxyCost } = await import('./proxy.mjs');
const { startCost } = await import('./start.mjs');
const { gatewayCost, sessionScale } = await import('./gateway.mjs');

const cost = await proxyCost(program);
console.log(table(
  ['GET of a page of services', 'CPU per request', 'compared', `goal <= ${GOAL}`, 'requests per second'],
  cost.map(({ name, microseconds, ratio, perSecond }, index) => [name, `${microseconds.toFixed(0)} us`, ratio.toFixed(2), index === 0 ? '' : ratio <= GOAL ? 'met' : 'missed', perSecond.toFixed(0)]),
));

const gateway = await gatewayCost(program);
console.log(`\n${table(
  ['GET through the gateway', 'CPU per request', 'compared', 'goal', 'requests per CPU-second'],
  gateway.map(({ name, goal, microseconds, ratio, perCpuSecond }) => [name, `${microseconds.toFixed(0)} us`, ratio.toFixed(2), goal ? `<= ${goal}: ${ratio <= goal ? 'met' : 'missed'}` : '', perCpuSecond.toFixed(0)]),
)}`);
const own = gateway.find(({ name }) => name === 'bearer JWT, warm');
const peer = gateway.find(({ isPeer }) => isPeer);
console.log(peer ? `\nBearer tokens per CPU-second: ${(own.perCpuSecond / peer.perCpuSecond).toFixed(1)} times those of Apache with mod_auth_openidc (goal: 2.5).` : '\nApache with mod_auth_openidc is not installed (packages apache2, libapache2-mod-auth-openidc): not compared.');
const scale = await sessionScale(program);
console.log(`\nSessions in the database: ${scale.few.toFixed(0)} us a request with 100, ${scale.many.toFixed(0)} us with ${scale.count} of them in turn (${(scale.many / scale.few).toFixed(2)} times; goal: 1.10), ${scale.megabytes.toFixed(0)} MB resident.`);
const start = await startCost();
console.log(`\n${table(['A node on SQLite', ''], [
  ['first answer, new store', `${start.fresh.toFixed(0)} ms`],
  ['first answer, existing store', `${start.again.toFixed(0)} ms`],
  ['memory when idle', `${start.idle.toFixed(0)} MB`],
])}`);
