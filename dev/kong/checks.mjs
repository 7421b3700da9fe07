// Checks of single values, with Kong's wording.

// Anything beyond ASCII is accepted, as Kong does for valid UTF-8.
const asciiOnly = (text) => [...text].filter((char) => char.codePointAt(0) < 128).join('');

export const isUuid = (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);

export const uuid = (value) => (isUuid(value) ? undefined : 'expected a valid UUID');

export const name = (value) =>
  (/^[A-Za-z0-9.\-_~]*$/.test(asciiOnly(value)) ? undefined
    : `invalid value '${value}': the only accepted ascii characters are alphanumerics or ., -, _, and ~`);

export const tag = (value) =>
  (/^[\x20-\x7e]*$/.test(asciiOnly(value)) && !/[,/]/.test(value) ? undefined
    : `invalid tag '${value}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`);

export const path = (value) => (value.startsWith('/') ? undefined : 'should start with: /');

export const routePath = (value) =>
  (/^~?\//.test(value) ? undefined : 'should start with: / (fixed path) or ~/ (regex path)');

export const method = (value) => (/^[A-Z]+$/.test(value) ? undefined : `invalid value: ${value}`);

export const host = (value) => (/^[^\s/?#@]+$/.test(value) ? undefined : `invalid value: ${value}`);

export function redirectUri(value) {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return `cannot parse '${value}'`;
  return value.includes('#') ? `fragment not allowed in '${value}'` : undefined;
}

const filled = (value) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
const at = (entity, dotted) => dotted.split('.').reduce((value, part) => value?.[part], entity);
const quoted = (names) => names.map((each) => `'${each}'`).join(', ');

/** Checks of whole entities: each takes the entity and gives a list of texts. */
export const atLeastOneOf = (...names) => (entity) =>
  (names.some((each) => filled(at(entity, each))) ? [] : [`at least one of these fields must be non-empty: ${quoted(names)}`]);

export const exactlyOneOf = (...names) => (entity) =>
  (names.filter((each) => filled(at(entity, each))).length === 1 ? [] : [`exactly one of these fields must be non-empty: ${quoted(names)}`]);

const MATCHERS = [
  [['https'], ['methods', 'hosts', 'headers', 'paths', 'snis']],
  [['http'], ['methods', 'hosts', 'headers', 'paths']],
  [['grpcs'], ['hosts', 'headers', 'paths', 'snis']],
  [['grpc'], ['hosts', 'headers', 'paths']],
  [['tls', 'tcp', 'udp'], ['sources', 'destinations', 'snis']],
  [['tls_passthrough'], ['snis']],
];

/** A route must say what it matches, by its first protocol in the table above. */
export function routeMatches(route) {
  for (const [protocols, names] of MATCHERS) {
    const protocol = protocols.find((each) => route.protocols?.includes(each));
    if (!protocol) continue;
    return names.some((each) => filled(route[each])) ? [] : [`must set one of ${quoted(names)} when 'protocols' is '${protocol}'`];
  }
  return [];
}
