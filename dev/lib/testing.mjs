// For tests: start a server of dev/ as a child, and a small browser that keeps cookies.
import { spawn } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
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

const agent = new Agent();

/** One request with exactly these headers: fetch adds a Sec-Fetch-Mode of its own. */
export function send(url, { method = 'GET', headers = {}, body } = {}) {
  const text = body === undefined ? undefined : String(body);
  const type = body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  const length = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const answered = async (response) => {
      const chunks = await response.toArray();
      const pairs = Object.entries(response.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value]));
      return new Response(chunks.length > 0 ? Buffer.concat(chunks) : null, { status: response.statusCode, headers: pairs });
    };
    const request = httpRequest(url, { method, agent, headers: { ...type, ...length, ...headers } });
    request.once('response', (response) => answered(response).then(resolve, reject)).once('error', reject).end(text);
  });
}

/** A browser without scripts: cookies of one origin, redirects on request. */
export class Browser {
  cookies = new Map();
  /** The whole Set-Cookie line of each. */
  lines = new Map();

  async request(url, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await send(url, { ...init, headers: { ...(cookie && { cookie }), ...init.headers } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/expires=Thu, 01 Jan 1970|max-age=0\b/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
      this.lines.set(name, line);
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

  /** Load a document as a browser does, following redirects on this machine to wherever they lead. */
  async visit(url, init = {}) {
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
    let at = url;
    let answer = await this.request(at, { ...init, headers });
    for (let hops = 0; [301, 302, 303, 307].includes(answer.status); hops += 1) {
      if (hops === 20) throw new Error(`too many redirects, the last to ${at}`);
      at = new URL(answer.headers.get('location'), at).href;
      if (new URL(at).hostname !== '127.0.0.1') break;
      answer = await this.request(at, { headers });
    }
    return { at, answer };
  }
}
