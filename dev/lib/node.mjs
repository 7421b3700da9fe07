// The kong-sso binary as a child process: its settings file, its commands, a running node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The binary under test. */
export const BINARY = process.env.KONG_SSO_BIN ?? join(ROOT, 'target/debug/kong-sso');
const children = new Set();
process.on('exit', () => children.forEach((child) => child.process.kill('SIGKILL')));

/** A loopback port that was free a moment ago, below those that the system hands out by itself. */
export function freePort() {
  const port = 20000 + Math.floor(Math.random() * 12000);
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(freePort()));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}

/** A directory of its own below `target`; remove it with `rm`. */
export async function scratch(name) {
  await mkdir(join(ROOT, 'target'), { recursive: true });
  return mkdtemp(join(ROOT, 'target', `${name}.`));
}

/** The text of a settings file: strings, lists and JSON values. */
export function settingsText(settings) {
  const line = ([key, value]) => {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `${key} = ${text.replaceAll('#', '\\#')}\n`;
  };
  return Object.entries(settings).filter(([, value]) => value !== undefined).map(line).join('');
}

/** Run a command of the binary to its end; rejects with what it wrote unless it ends with 0. */
export async function runCommand(args, env = {}) {
  const child = launch(args, env);
  const code = await child.gone;
  if (code !== 0) throw new Error(`kong-sso ${args.join(' ')} ended with ${code}: ${child.log.text}`);
  return child.log.text;
}

/** Start a node with `settings`; resolves when both listeners accept. Its `log` grows while it runs. */
export async function startNode(settings, { env = {}, poll } = {}) {
  const directory = await scratch('node');
  const conf = join(directory, 'kong.conf');
  await writeFile(conf, settingsText({ prefix: directory, ...settings }), { mode: 0o600 });
  const child = launch(['start', '-c', conf], env);
  const stop = async (signal = 'SIGTERM') => {
    child.process.kill(signal);
    const code = await child.gone;
    await rm(directory, { recursive: true, force: true });
    return code;
  };
  try {
    await Promise.race([
      Promise.all([settings.sso_gui_listen, settings.sso_admin_listen].map((listen) => accepts(listen.split(' ')[0], { poll }))),
      child.gone.then((code) => Promise.reject(new Error(`kong-sso ended with ${code}: ${child.log.text}`))),
    ]);
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
  return { conf, directory, stop, pid: child.process.pid, log: child.log };
}

/** The environment without Kong's settings, which would beat a settings file. */
export function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('KONG_'));
  return { ...Object.fromEntries(kept), ...extra };
}

function launch(args, env) {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run cargo build first`);
  const child = spawn(BINARY, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const log = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log.text += data));
  const gone = new Promise((resolve) => child.once('close', (code) => {
    children.delete(child);
    resolve(code);
  }));
  return { process: child, log, gone };
}

/** Wait until somebody accepts connections at "host:port". */
export async function accepts(address, { patience = 20000, poll = 50 } = {}) {
  const [host, port] = address.split(':');
  const until = Date.now() + patience;
  while (!(await tryConnect(host, Number(port)))) {
    if (Date.now() > until) throw new Error(`nobody accepts connections at ${address}`);
    await new Promise((resolve) => setTimeout(resolve, poll));
  }
}

function tryConnect(host, port) {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (answer) => (socket.destroy(), resolve(answer));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
