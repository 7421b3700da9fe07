// The Admin API of one instance as an HTTP server: record, faults, route, answer with Kong's headers.
import { createServer } from 'node:http';
import { parseBody } from './bodies.mjs';
import { HtmlError, KongError, htmlPage, methodNotAllowed, notFound, unexpected } from './errors.mjs';
import { allowed, route } from './router.mjs';
import { parseTarget } from './target.mjs';

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
const RECORDED_BODY = 64 * 1024;
const RECORDED_REQUESTS = 5000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The HTTP server of an instance's Admin API. */
export function adminServer(instance) {
  const server = createServer((req, res) => void serve(instance, req, res));
  server.on('connect', (req, socket) => {
    record(instance, req, '');
    socket.end(rawHtml(405));
  });
  server.on('clientError', (error, socket) => {
    if (socket.writable) socket.end(rawHtml(400));
    else socket.destroy(error);
  });
  return server;
}

async function serve(instance, req, res) {
  instance.served += 1;
  const chunks = [];
  try {
    for await (const chunk of req) chunks.push(chunk);
  } catch {
    return;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  record(instance, req, text);
  if (await fault(instance, req, res)) return;
  const answer = respond(instance, req, text);
  send(instance, req, res, answer);
}

function record(instance, req, text) {
  const headers = [];
  for (let i = 0; i < req.rawHeaders.length; i += 2) headers.push([req.rawHeaders[i], req.rawHeaders[i + 1]]);
  instance.requests.push({ method: req.method, url: req.url, headers, body: text.slice(0, RECORDED_BODY) });
  if (instance.requests.length > RECORDED_REQUESTS) instance.requests.shift();
}

/**
 * Apply the fault that a test has set; true when it was the whole answer. `only` is a pattern of "METHOD target";
 * `after` lets that many matching requests through first.
 */
async function fault(instance, req, res) {
  const { status, delay_ms: delay, down, hang, only, after = 0 } = instance.faults;
  if (only && !new RegExp(only).test(`${req.method} ${req.url}`)) return false;
  if (after > 0) {
    instance.faults.after -= 1;
    return false;
  }
  if (delay) await sleep(delay);
  if (hang) return true;
  if (down) {
    req.socket.destroy();
    return true;
  }
  if (!status) return false;
  send(instance, req, res, { status, body: { message: 'fault of a test' } });
  return true;
}

/** The answer to a request: { status, body?, html?, headers?, cors }. */
function respond(instance, req, text) {
  try {
    if (req.method === 'TRACE') throw new HtmlError(405);
    const { path, segments, query } = parseTarget(req.url);
    const door = route(segments);
    if (!door) throw notFound();
    if (req.method === 'OPTIONS') return preflight(req, door);
    const handler = door.methods[req.method === 'HEAD' ? 'GET' : req.method];
    if (!handler) throw methodNotAllowed();
    const body = WITH_BODY.has(req.method) ? parseBody(req.rawHeaders, text) : { input: {} };
    return { ...handler({ instance, store: instance.store, door, params: door.params, query, path, body }), cors: true };
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error) {
  if (error instanceof HtmlError) return { status: error.status, html: htmlPage(error.status), cors: error.cors };
  if (error instanceof KongError) return { status: error.status, body: error.body, cors: true };
  console.error(error);
  return { ...unexpected(), status: 500, body: { message: 'An unexpected error occurred' }, cors: true };
}

function preflight(req, door) {
  const allow = allowed(door.methods);
  const headers = {
    Allow: allow,
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': req.headers['access-control-request-headers'] ?? 'Content-Type',
  };
  return { status: 204, headers, cors: true };
}

function send(instance, req, res, { status, body, html, headers = {}, cors = true }) {
  const content = html ?? (body === undefined ? '' : JSON.stringify(body));
  const type = html ? 'text/html; charset=UTF-8' : 'application/json; charset=utf-8';
  const all = { ...headers, Server: 'kong/3.9.3' };
  if (content !== '') Object.assign(all, { 'Content-Type': type });
  if (status !== 204) all['Content-Length'] = Buffer.byteLength(content);
  // Kong allows the origin of its own GUI, whoever asks.
  if (cors) Object.assign(all, { 'Access-Control-Allow-Origin': instance.gui, 'Access-Control-Allow-Credentials': 'true', 'X-Kong-Admin-Latency': '1' });
  res.writeHead(status, { ...all, ...instance.faults.raw_headers });
  res.end(req.method === 'HEAD' ? undefined : content);
}

function rawHtml(status) {
  const page = htmlPage(status);
  const reason = status === 405 ? 'Not Allowed' : 'Bad Request';
  return `HTTP/1.1 ${status} ${reason}\r\nServer: kong/3.9.3\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n${page}`;
}
