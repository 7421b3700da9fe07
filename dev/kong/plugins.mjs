// Plugins: which are enabled, and the configuration tables of those whose configuration is checked.
// A plugin without a table takes any configuration as it comes.
import { readFileSync } from 'node:fs';
import { KongError, notFound } from './errors.mjs';
import { atLeastOneOf, exactlyOneOf } from './checks.mjs';
import { check, complete } from './schema.mjs';

const load = (name) => JSON.parse(readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8'));
const { enabled: ENABLED, priorities: PRIORITIES } = load('plugins.json');
const PUBLISHED = { 'key-auth': load('key-auth.schema.json') };

const string = (fallback, more) => ({ type: 'string', default: fallback, ...more });
const number = (fallback, more) => ({ type: 'number', default: fallback, ...more });
const flag = (fallback) => ({ type: 'boolean', default: fallback, required: true });
const list = (fallback, more) => ({ type: 'array', elements: { type: 'string' }, default: fallback, ...more });
const record = (fields) => ({ type: 'record', required: true, fields });
const AUTH = { hide_credentials: flag(false), anonymous: string(), realm: string() };
const ADDRESSES = { allow: list(), deny: list(), status: number(), message: string() };
const TRANSFORMS = { headers: list([]), querystring: list([]), body: list([]) };
const RESPONSE_TRANSFORMS = { headers: list([]), json: list([]), json_types: list([]) };

const WINDOWS = Object.fromEntries(['second', 'minute', 'hour', 'day', 'month', 'year'].map((name) => [name, number()]));
const REDIS = {
  host: string(), port: number(6379), timeout: number(2000), username: string(), password: string(),
  database: number(0), ssl: flag(false), ssl_verify: flag(false), server_name: string(),
};
const OLD_REDIS = Object.fromEntries(Object.entries(REDIS).map(([name, field]) => [`redis_${name}`, { ...field, required: false }]));
const GRANTS = ['enable_authorization_code', 'enable_implicit_grant', 'enable_client_credentials', 'enable_password_grant'];

function oneGrant(config) {
  return GRANTS.some((name) => config[name] === true) ? undefined : `at least one of these fields must be true: ${GRANTS.join(', ')}`;
}

const TABLES = {
  'key-auth': {
    fields: {
      ...AUTH, key_names: list(['apikey'], { required: true }), key_in_header: flag(true), key_in_query: flag(true), key_in_body: flag(false),
      run_on_preflight: flag(true),
    },
  },
  acl: {
    fields: { allow: list(), deny: list(), hide_groups_header: flag(false), always_use_authenticated_groups: flag(false) },
    checks: [exactlyOneOf('config.allow', 'config.deny'), atLeastOneOf('config.allow', 'config.deny')],
  },
  jwt: {
    fields: {
      uri_param_names: list(['jwt']), cookie_names: list([]), key_claim_name: string('iss'), secret_is_base64: flag(false), claims_to_verify: list(),
      anonymous: string(), realm: string(), run_on_preflight: flag(true), maximum_expiration: number(0, { between: [0, 31536000] }),
      header_names: list(['authorization']),
    },
  },
  oauth2: {
    fields: {
      scopes: list(), mandatory_scope: flag(false), provision_key: string(undefined, { generate: 'secret' }), token_expiration: number(7200, { required: true }),
      enable_authorization_code: flag(false), enable_implicit_grant: flag(false), enable_client_credentials: flag(false), enable_password_grant: flag(false),
      ...AUTH, accept_http_if_already_terminated: flag(false), global_credentials: flag(false), auth_header_name: string('authorization'),
      refresh_token_ttl: number(1209600), reuse_refresh_token: flag(false), pkce: string('lax', { one_of: ['none', 'lax', 'strict'] }),
    },
    config: oneGrant,
  },
  'basic-auth': { fields: AUTH },
  'correlation-id': {
    fields: {
      header_name: string('Kong-Request-ID'), echo_downstream: flag(false),
      generator: string('uuid#counter', { one_of: ['uuid', 'uuid#counter', 'tracker'], required: true }),
    },
  },
  'rate-limiting': {
    fields: {
      ...WINDOWS, limit_by: string('consumer', { one_of: ['consumer', 'credential', 'ip', 'service', 'header', 'path', 'consumer-group'] }),
      header_name: string(), path: string(), policy: string('local', { one_of: ['local', 'cluster', 'redis'] }), fault_tolerant: flag(true),
      redis: record(REDIS), ...OLD_REDIS, hide_client_headers: flag(false), error_code: number(429), error_message: string('API rate limit exceeded'),
      sync_rate: number(-1, { required: true }),
    },
    checks: [atLeastOneOf(...Object.keys(WINDOWS).map((name) => `config.${name}`))],
  },
  'request-size-limiting': {
    fields: {
      allowed_payload_size: { type: 'integer', default: 128 }, size_unit: string('megabytes', { one_of: ['megabytes', 'kilobytes', 'bytes'], required: true }),
      require_content_length: flag(false),
    },
  },
  'ip-restriction': { fields: ADDRESSES, checks: [atLeastOneOf('config.allow', 'config.deny')] },
  cors: {
    fields: {
      origins: list(), headers: list(), exposed_headers: list(), max_age: number(), credentials: flag(false), private_network: flag(false),
      methods: list(['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']), preflight_continue: flag(false), allow_origin_absent: flag(true),
    },
  },
  'request-termination': {
    fields: { status_code: { type: 'integer', default: 503, between: [100, 599], required: true }, message: string(), content_type: string(), body: string(), echo: flag(false), trigger: string() },
  },
  'request-transformer': {
    fields: { http_method: string(), remove: record(TRANSFORMS), rename: record(TRANSFORMS), replace: record({ ...TRANSFORMS, uri: string() }), add: record(TRANSFORMS), append: record(TRANSFORMS) },
  },
  'response-transformer': {
    fields: Object.fromEntries(['remove', 'rename', 'replace', 'add', 'append'].map((name) => [name, record(RESPONSE_TRANSFORMS)])),
  },
  prometheus: {
    fields: Object.fromEntries(['per_consumer', 'status_code_metrics', 'ai_metrics', 'latency_metrics', 'bandwidth_metrics', 'upstream_health_metrics'].map((name) => [name, flag(false)])),
  },
};

export const enabledPlugins = () => ENABLED;
export const availablePlugins = () => Object.fromEntries(Object.entries(PRIORITIES).map(([name, priority]) => [name, { priority, version: '3.9.3' }]));

/** The field table of a plugin's configuration, or undefined when any configuration is taken. */
export const configFields = (name) => TABLES[name]?.fields;

/** Fill in the defaults of a plugin's configuration. */
export function completeConfig(plugin, generators) {
  const fields = configFields(plugin.name);
  const config = plugin.config ?? {};
  return { ...plugin, config: fields && typeof config === 'object' ? complete(fields, config, generators) : config };
}

/** Errors of a plugin by field, as `check` gives them. */
export function checkPlugin(plugin) {
  if (typeof plugin.name !== 'string') return {};
  if (!ENABLED.includes(plugin.name)) return { name: `plugin '${plugin.name}' not enabled; add it to the 'plugins' configuration property` };
  const table = TABLES[plugin.name];
  if (!table) return {};
  const config = check(table.fields, plugin.config);
  if (Object.keys(config).length > 0) return { config };
  const whole = table.config?.(plugin.config);
  if (whole) return { config: whole };
  const texts = (table.checks ?? []).flatMap((each) => each(plugin));
  return texts.length > 0 ? { '@entity': texts } : {};
}

/** The answer of /schemas/plugins/:name. */
export function pluginSchema(name, publish) {
  if (!ENABLED.includes(name)) throw new KongError(404, { message: `No plugin named '${name}'` });
  return PUBLISHED[name] ?? { entity_checks: [], fields: [{ config: { type: 'record', required: true, fields: publish(configFields(name) ?? {}) } }] };
}

/** One schema by entity name, for /schemas/:name. */
export function entitySchema(entities, name, publish) {
  if (!entities[name]) throw notFound();
  return { entity_checks: [], fields: publish(entities[name].fields) };
}

/** Kong's list form of a field table: [{ name: { type, ... } }]. */
export function publish(fields) {
  return Object.entries(fields).map(([name, { check: _check, generate, fields: inner, elements, ...field }]) => ({
    [name]: { ...field, ...(generate && { auto: true }), ...(inner && { fields: publish(inner) }), ...(elements && { elements: { type: elements.type, one_of: elements.one_of } }) },
  }));
}
