// The table of Kong's core entities. A row: fields, key (what a path may name besides the id), unique (composite keys),
// restrict (children that forbid deletion; all others go with the parent), doors (nested paths by foreign field).
import * as is from './checks.mjs';
import { CREDENTIALS } from './credentials.mjs';

const string = (more) => ({ type: 'string', ...more });
const integer = (fallback, between, more) => ({ type: 'integer', default: fallback, between, ...more });
const flag = (fallback) => ({ type: 'boolean', default: fallback, required: true });
const set = (elements, more) => ({ type: 'set', elements, ...more });
const record = (fields) => ({ type: 'record', required: true, fields });
const foreign = (reference, more) => ({ type: 'foreign', reference, ...more });
const timeout = integer(60000, [1, 2147483646], { required: true });
const statuses = (list) => ({ type: 'array', elements: integer(undefined, [100, 999]), default: list, required: true });
const count = (fallback, high = 255) => integer(fallback, [0, high], { required: true });

export const TAGS = set(string({ check: is.tag }));
const NAME = string({ check: is.name, unique: true });
const PROTOCOLS = ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'tls_passthrough', 'udp'];
const COMMON = {
  id: string({ generate: 'id', check: is.uuid }),
  created_at: { type: 'number', generate: 'now' },
  updated_at: { type: 'number', generate: 'now' },
  tags: TAGS,
};

const HEALTHCHECKS = record({
  active: record({
    type: string({ one_of: ['tcp', 'http', 'https', 'grpc', 'grpcs'], default: 'http' }),
    timeout: { type: 'number', default: 1, between: [0, 65535], required: true },
    concurrency: integer(10, [1, 2147483648], { required: true }),
    http_path: string({ default: '/', check: is.path, required: true }),
    https_sni: string(),
    https_verify_certificate: flag(true),
    headers: { type: 'map' },
    healthy: record({ interval: count(0, 65535), successes: count(0), http_statuses: statuses([200, 302]) }),
    unhealthy: record({
      interval: count(0, 65535), http_failures: count(0), tcp_failures: count(0), timeouts: count(0),
      http_statuses: statuses([429, 404, 500, 501, 502, 503, 504, 505]),
    }),
  }),
  passive: record({
    type: string({ one_of: ['tcp', 'http', 'https', 'grpc', 'grpcs'], default: 'http' }),
    healthy: record({
      successes: count(0),
      http_statuses: statuses([200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308]),
    }),
    unhealthy: record({ http_failures: count(0), tcp_failures: count(0), timeouts: count(0), http_statuses: statuses([429, 500, 503]) }),
  }),
  threshold: { type: 'number', default: 0, between: [0, 100], required: true },
});

const HASHES = ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'];

/** `url` is another way to write protocol, host, port and path. */
function splitUrl({ url, ...input }) {
  if (typeof url !== 'string') return url === undefined ? input : { ...input, url };
  const [, scheme, host, port, path] = /^(?:([a-z][a-z0-9+.-]*):\/\/([^/:?#]*)(?::(\d+))?)?([^?#]*)/i.exec(url);
  const out = { ...input };
  if (scheme) Object.assign(out, { protocol: scheme, host: host || undefined, port: port ? Number(port) : scheme === 'https' ? 443 : 80 });
  if (path) out.path = path;
  return out;
}

const CORE = {
  services: {
    path: 'services', key: 'name', rewrite: splitUrl,
    fields: {
      ...COMMON, name: NAME, enabled: flag(true), host: string({ required: true, check: is.host }),
      protocol: string({ one_of: PROTOCOLS, default: 'http', required: true }), port: integer(80, [0, 65535], { required: true }),
      path: string({ check: is.path }), retries: integer(5, [0, 32767], { required: true }),
      connect_timeout: timeout, read_timeout: timeout, write_timeout: timeout,
      client_certificate: foreign('certificates', { restrict: true }), tls_verify: { type: 'boolean' }, tls_verify_depth: integer(undefined, [0, 64]),
      ca_certificates: { type: 'array', elements: string({ check: is.uuid }) },
    },
  },
  routes: {
    path: 'routes', key: 'name', checks: [is.routeMatches],
    fields: {
      ...COMMON, name: NAME, protocols: set(string({ one_of: PROTOCOLS }), { default: ['http', 'https'], required: true, len_min: 1 }),
      methods: set(string({ check: is.method })), hosts: { type: 'array', elements: string({ check: is.host }) },
      paths: { type: 'array', elements: string({ check: is.routePath }) }, headers: { type: 'map' }, snis: set(string()),
      sources: set({ type: 'record', open: true }), destinations: set({ type: 'record', open: true }),
      https_redirect_status_code: integer(426, undefined, { required: true }), path_handling: string({ one_of: ['v0', 'v1'], default: 'v0' }),
      preserve_host: flag(false), strip_path: flag(true), regex_priority: integer(0), request_buffering: flag(true), response_buffering: flag(true),
      service: foreign('services', { restrict: true }),
    },
  },
  consumers: {
    path: 'consumers', key: 'username', filters: ['custom_id'], checks: [is.atLeastOneOf('custom_id', 'username')],
    fields: { ...COMMON, username: string({ unique: true }), custom_id: string({ unique: true }) },
  },
  plugins: {
    path: 'plugins', key: 'instance_name', unique: [['consumer', 'name', 'route', 'service']],
    fields: {
      ...COMMON, name: string({ required: true }), instance_name: NAME, enabled: flag(true), config: { type: 'record', open: true },
      protocols: set(string({ one_of: PROTOCOLS.filter((each) => each !== 'tls_passthrough') }), { default: ['grpc', 'grpcs', 'http', 'https'], required: true }),
      service: foreign('services'), route: foreign('routes'), consumer: foreign('consumers'),
    },
  },
  upstreams: {
    path: 'upstreams', key: 'name',
    fields: {
      ...COMMON, name: string({ required: true, unique: true, check: is.host }), slots: integer(10000, [10, 65536], { required: true }),
      algorithm: string({ one_of: ['consistent-hashing', 'least-connections', 'round-robin', 'latency'], default: 'round-robin' }),
      hash_on: string({ one_of: HASHES, default: 'none' }), hash_fallback: string({ one_of: HASHES, default: 'none' }),
      hash_on_header: string(), hash_fallback_header: string(), hash_on_cookie: string(), hash_on_cookie_path: string({ default: '/', check: is.path }),
      hash_on_query_arg: string(), hash_fallback_query_arg: string(), hash_on_uri_capture: string(), hash_fallback_uri_capture: string(),
      host_header: string(), use_srv_name: flag(false), client_certificate: foreign('certificates', { restrict: true, hidden: true }), healthchecks: HEALTHCHECKS,
    },
  },
  targets: {
    path: 'targets', key: 'target', unique: [['target', 'upstream']], exact: true,
    rewrite: (input) => (typeof input.target === 'string' && !/:\d+$/.test(input.target) ? { ...input, target: `${input.target}:8000` } : input),
    fields: { ...COMMON, target: string({ required: true }), weight: integer(100, [0, 65535], { required: true }), upstream: foreign('upstreams', { required: true }) },
  },
  certificates: {
    path: 'certificates', snis: true,
    fields: { ...COMMON, cert: string({ required: true }), key: string({ required: true }), cert_alt: string(), key_alt: string(), snis: set(string({ check: is.host })) },
  },
  snis: { path: 'snis', key: 'name', fields: { ...COMMON, name: string({ required: true, unique: true, check: is.host }), certificate: foreign('certificates', { required: true }) } },
  ca_certificates: { path: 'ca_certificates', fields: { ...COMMON, cert: string({ required: true, unique: true }), cert_digest: string() } },
  vaults: {
    path: 'vaults', key: 'prefix',
    fields: { ...COMMON, name: string({ required: true }), prefix: string({ required: true, unique: true }), description: string(), config: { type: 'record', open: true } },
  },
  key_sets: { path: 'key-sets', key: 'name', fields: { ...COMMON, name: NAME } },
  keys: {
    path: 'keys', key: 'name', unique: [['kid', 'set']], checks: [is.atLeastOneOf('jwk', 'pem')],
    fields: { ...COMMON, name: NAME, kid: string({ required: true }), jwk: string(), pem: { type: 'record', open: true }, set: foreign('key_sets'), x5t: string() },
  },
};

/** All entities by name; each row also knows its name. */
export const ENTITIES = Object.fromEntries(Object.entries({ ...CORE, ...CREDENTIALS }).map(([entity, row]) => [entity, { entity, unique: [], checks: [], ...row }]));
