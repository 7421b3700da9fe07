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

const cost = await proxyCost(program);
console.log(table(
  ['GET of a page of services', 'CPU per request', 'compared', `goal <= ${GOAL}`, 'requests per second'],
  cost.map(({ name, microseconds, ratio, perSecond }, index) => [name, `${microseconds.toFixed(0)} us`, ratio.toFixed(2), index === 0 ? '' : ratio <= GOAL ? 'met' : 'missed', perSecond.toFixed(0)]),
));
const start = await startCost();
console.log(`\n${table(['A node on SQLite', ''], [
  ['first answer, new store', `${start.fresh.toFixed(0)} ms`],
  ['first answer, existing store', `${start.again.toFixed(0)} ms`],
  ['memory when idle', `${start.idle.toFixed(0)} MB`],
])}`);
