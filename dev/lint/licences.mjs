// Checks the licence and the source of every dependency against deny.toml: Rust packages as cargo resolves them for
// this machine, npm packages as the lock file names them. A part of cargo-deny that needs no installation.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { satisfies } from './spdx.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index';

/** The accepted licences of deny.toml, and those of single packages. */
export function accepted(denyToml) {
  const section = /^\[licenses\]$([\s\S]*?)^\[/m.exec(denyToml)?.[1] ?? '';
  const list = (text) => [...text.matchAll(/"([^"]+)"/g)].map(([, licence]) => licence);
  const allow = list(/^allow = \[([\s\S]*?)^\]/m.exec(section)?.[1] ?? '');
  const exceptions = [...section.matchAll(/crate = "([^"]+)", allow = \[([^\]]*)\]/g)].map(([, name, text]) => [name, list(text)]);
  if (allow.length === 0) throw new Error('deny.toml allows no licence');
  return { allow: new Set(allow), exceptions: new Map(exceptions) };
}

/** What is wrong with a list of { name, version, licence, source }. */
export function complaints(packages, { allow, exceptions }) {
  return packages.flatMap(({ name, version, licence, isForeign }) => {
    const accepts = (one) => allow.has(one) || (exceptions.get(name)?.includes(one) ?? false);
    if (isForeign) return [`${name} ${version} comes from somewhere else than the public registry`];
    if (!licence) return [`${name} ${version} names no licence`];
    return satisfies(licence, accepts) ? [] : [`${name} ${version} is under ${licence}`];
  });
}

function rustPackages() {
  const run = (program, ...args) => execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'inherit'] });
  const [, host] = /^host: (.+)$/m.exec(run('rustc', '-vV'));
  const { packages } = JSON.parse(run(process.env.CARGO ?? 'cargo', 'metadata', '--locked', '--format-version', '1', '--filter-platform', host));
  return packages.map(({ name, version, license, source }) => ({ name, version, licence: license, isForeign: source !== null && source !== CRATES_IO }));
}

function npmPackages() {
  const { packages } = JSON.parse(readFileSync(`${ROOT}/dev/package-lock.json`, 'utf8'));
  const named = Object.entries(packages).filter(([path]) => path !== '');
  return named.map(([path, { version, license }]) => ({ name: path.replace(/^.*node_modules\//, ''), version, licence: license, isForeign: false }));
}

function main() {
  const rules = accepted(readFileSync(`${ROOT}/deny.toml`, 'utf8'));
  const packages = [...rustPackages(), ...npmPackages()];
  const found = complaints(packages, rules);
  for (const complaint of found) console.error(`deny.toml does not accept: ${complaint}`);
  if (found.length > 0) process.exit(1);
  console.log(`the licences of ${packages.length} packages are acceptable`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
