// Kong's error answers. Every refusal of the stand-in is one of these.

/** An error with Kong's status and JSON body. */
export class KongError extends Error {
  constructor(status, body) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

const coded = (status, code, name, message, more) => new KongError(status, { code, name, message, ...more });

/** Lua-like text of a key: {consumer={id="x"},group="g1"}, members sorted. */
export function keyText(value) {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return typeof value === 'string' ? `"${value}"` : String(value);
  return `{${Object.keys(value).sort().map((name) => `${name}=${keyText(value[name])}`).join(',')}}`;
}

function flatten(errors, prefix = '') {
  return Object.keys(errors).sort().flatMap((name) => {
    const error = errors[name];
    if (error === null) return [];
    if (name === '@entity') return error;
    const path = `${prefix}${Array.isArray(errors) ? Number(name) + 1 : name}`;
    return typeof error === 'string' ? [`${path}: ${error}`] : flatten(error, `${path}.`);
  });
}

/** 400: `fields` maps field names to texts, nested objects, arrays by position, and "@entity" to a list. */
export function schemaViolation(fields) {
  const all = flatten(fields);
  const title = all.length === 1 ? 'schema violation' : `${all.length} schema violations`;
  return coded(400, 2, 'schema violation', `${title} (${all.join('; ')})`, { fields });
}

export const uniqueViolation = (key) =>
  coded(409, 5, 'unique constraint violation', `UNIQUE violation detected on '${keyText(key)}'`, { fields: key });

export const foreignViolation = (field, key, parent) =>
  coded(400, 4, 'foreign key violation', `the foreign key '${keyText(key)}' does not reference an existing '${parent}' entity.`, { fields: { [field]: key } });

export const referencedBy = (child, parent) =>
  coded(400, 4, 'foreign key violation', `an existing '${child}' entity references this '${parent}' entity`, { fields: { '@referenced_by': child } });

export function foreignUnresolved(field, key, parent) {
  const [name] = Object.keys(key);
  const text = `the foreign key cannot be resolved with '${keyText(key)}' for an existing '${parent}' entity`;
  return coded(400, 13, 'foreign keys unresolved', `foreign key unresolved (${field}.${name}: ${text})`, { fields: { [field]: { [name]: text } } });
}

export const noSuchEntity = (key) =>
  coded(404, 6, 'not found', `could not find the entity with ${'id' in key ? 'primary key ' : ''}'${keyText(key)}'`, { fields: key });

export const invalidUnique = (field, message) => coded(400, 10, `invalid unique ${field}`, message);
export const invalidOffset = (offset, why) => coded(400, 7, 'invalid offset', `'${offset}' is not a valid offset: bad ${why} encoding`);
export const invalidSize = (message) => coded(400, 9, 'invalid size', message);
export const invalidOptions = (options) =>
  coded(400, 11, 'invalid options', `invalid option (${Object.entries(options).map(([name, text]) => `${name}: ${text}`).join('; ')})`, { options });

const plain = (status, message) => new KongError(status, { message });
export const notFound = () => plain(404, 'Not found');
export const methodNotAllowed = () => plain(405, 'Method not allowed');
export const badJson = () => plain(400, 'Cannot parse JSON body');
export const unexpected = () => plain(500, 'An unexpected error occurred');
export const refused = (message) => plain(400, message);

const REASONS = { 400: 'Bad Request', 405: 'Not Allowed', 415: 'Unsupported Media Type' };

/** The page that nginx itself answers with. */
export function htmlPage(status) {
  const title = `${status} ${REASONS[status]}`;
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
}

/** An answer that comes from nginx as HTML; `cors` says whether Kong still adds its CORS headers. */
export class HtmlError extends Error {
  constructor(status, { cors = false } = {}) {
    super(`HTTP ${status}`);
    this.status = status;
    this.cors = cors;
  }
}
