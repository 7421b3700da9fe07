// The processes of the demo: started in order, watched, stopped together.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cleanEnvironment } from '../lib/node.mjs';

const TAIL = 12;
const PATIENCE_MS = 8000;

export class Children {
  #running = new Map();
  #ending = false;

  /** `onDeath(message)` is called when a child ends that nobody stopped. */
  constructor(directory, onDeath) {
    this.directory = directory;
    this.onDeath = onDeath;
  }

  /** Start a program that writes to `NAME.log`. A group of its own keeps the terminal's Ctrl-C away from it. */
  start(name, program, args, env = {}) {
    if (this.#ending) throw new Error('the demo is ending');
    const log = join(this.directory, `${name}.log`);
    const file = openSync(log, 'a', 0o600);
    const child = spawn(program, args, { stdio: ['ignore', file, file], env: cleanEnvironment(env), detached: true });
    closeSync(file);
    const gone = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`ended with ${signal ?? code}`));
    });
    this.#running.set(name, { child, gone });
    gone.then((how) => {
      this.#running.delete(name);
      if (!this.#ending) this.onDeath(`${name} ${how}. The end of ${log}:\n${tail(log)}`);
    });
  }

  /** Stop everything, the last one started first; kill what does not listen. */
  async stop() {
    this.#ending = true;
    for (const { child, gone } of [...this.#running.values()].reverse()) {
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await gone;
      clearTimeout(kill);
    }
  }
}

/** Run a program to its end; rejects with what it wrote unless it ends with 0. */
export function run(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${basename(program)} ${args[0]} ended with ${code}: ${output}`))));
  });
}

const tail = (file) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL).map((line) => `  ${line}`).join('\n');
