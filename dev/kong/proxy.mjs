// The proxy port of an instance: finds route and service, lets the plugins that guard them decide in Kong's order, and
// answers what the upstream would have received. No upstream is asked: callers want to know who gets through, and as whom.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { ENTITIES } from './entities.mjs';
import { guards } from './guards.mjs';

/** The HTTP server of an instance's proxy port. */
export function proxyServer(instance) {
  return createServer((req, res) => void receive(req).then((body) => answer(instance.store, req, body, res), () => res.destroy()));
}

async function receive(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function answer(store, req, body, res) {
  const url = new URL(req.url, 'http://kong');
  const call = { id: randomBytes(16).toString('hex'), method: req.method, url, headers: req.headersDistinct, host: host(req), body };
  const found = route(store, call);
  if (!found) return refuse(res, call, { status: 404, message: 'no Route matched with those values' });
  const seen = { consumer: undefined, credential: undefined, groups: [], hidden: new Set() };
  for (const { guard, config } of guards(store, found.route)) {
    const refusal = guard({ store, call, config, route: found.route, seen });
    if (refusal) return refuse(res, call, refusal);
  }
  const upstream = { ...visible(call, seen), ...identity(seen), host: found.service.host, 'x-forwarded-path': call.url.pathname, service: found.service.name };
  send(res, call, 200, upstream);
}

const host = (req) => (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();

/** The route of a call with its service: the longest path wins, then hosts, then the older route. */
function route(store, call) {
  const candidates = store.all(ENTITIES.routes).flatMap((each) => {
    const path = each.paths ? longest(each.paths, call.url.pathname) : '';
    const hostFits = !each.hosts || each.hosts.some((name) => hostMatches(name, call.host));
    const methodFits = !each.methods || each.methods.includes(call.method);
    const service = each.service && store.get(ENTITIES.services, each.service.id);
    return path === undefined || !hostFits || !methodFits || !service?.enabled ? [] : [{ route: each, service, path, named: each.hosts ? 1 : 0 }];
  });
  candidates.sort((a, b) => b.path.length - a.path.length || b.named - a.named || a.route.created_at - b.route.created_at);
  return candidates[0];
}

function longest(paths, path) {
  const fits = (pattern) => (pattern.startsWith('~') ? new RegExp(`^(?:${pattern.slice(1)})`).test(path) : path.startsWith(pattern));
  return paths.filter(fits).sort((a, b) => b.length - a.length)[0];
}

const hostMatches = (name, given) => name.toLowerCase() === given
  || (name.startsWith('*.') && given.endsWith(name.slice(1).toLowerCase())) || (name.endsWith('.*') && given.startsWith(name.slice(0, -1).toLowerCase()));

function visible(call, { hidden }) {
  const shown = Object.entries(call.headers).filter(([name]) => !hidden.has(name));
  return Object.fromEntries(shown.map(([name, values]) => [name, values.join(', ')]));
}

function identity({ consumer, credential, groups, anonymous, scope }) {
  if (!consumer) return {};
  const all = {
    'x-consumer-id': consumer.id, 'x-consumer-username': consumer.username, 'x-consumer-custom-id': consumer.custom_id,
    'x-credential-identifier': credential, 'x-authenticated-scope': scope, 'x-consumer-groups': groups.join(', ') || undefined, 'x-anonymous-consumer': anonymous ? 'true' : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

function refuse(res, call, { status, headers = {}, ...body }) {
  send(res, call, status, { ...body, request_id: call.id }, headers);
}

function send(res, call, status, body, headers = {}) {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text), 'x-kong-request-id': call.id, ...headers });
  res.end(text);
}
