// For tests: start a server of dev/ as a child, and a small browser that keeps cookies.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Start `node <script> ...args`; resolves to { ready, stop, child } with the parsed ready line. */
export async function startServer(script, ...args) {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args, '--exit-with-parent'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (data) => (complaints += data));
  const gone = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    gone.then((code) => reject(new Error(`${script} ended with ${code}: ${complaints}`)));
  });
  return { ready, child, gone, stop: () => (child.kill('SIGTERM'), gone) };
}

/** POST (or another method) JSON and parse the JSON answer; throws on an error status. */
export async function call(method, url, body) {
  const init = { method };
  if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A browser without scripts: cookies of one origin, redirects on request. */
export class Browser {
  cookies = new Map();

  async request(url, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...init, headers: { cookie, ...init.headers } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  submit(url, fields) {
    return this.request(url, { method: 'POST', body: new URLSearchParams(fields) });
  }

  /** Follow redirects while they stay on `origin`; the last answer and the first address elsewhere. */
  async follow(url, origin, response = undefined) {
    let at = url;
    let answer = response ?? (await this.request(at));
    while ([301, 302, 303, 307].includes(answer.status)) {
      at = new URL(answer.headers.get('location'), at).href;
      if (!at.startsWith(`${origin}/`)) break;
      answer = await this.request(at);
    }
    return { at, answer };
  }
}
