// The schema engine: defaults, coercion of form values and checks, for the field tables in entities.mjs and plugins.mjs.
// A field is { type, default?, required?, generate?, one_of?, between?, len_min?, check?, elements?, fields?, reference?, open? }.

const own = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const clone = (value) => (value === undefined ? undefined : structuredClone(value));

/** Fill in defaults, generated values and nulls, so that every field of the table is present. */
export function complete(fields, input, generators) {
  const out = { ...input };
  for (const [name, field] of Object.entries(fields)) {
    if (!own(out, name)) out[name] = initial(field, generators);
    else if (field.type === 'record' && !field.open && isObject(out[name])) out[name] = complete(field.fields, out[name], generators);
  }
  return out;
}

function initial(field, generators) {
  if (field.generate) return generators[field.generate]();
  if (field.default !== undefined) return clone(field.default);
  return field.type === 'record' && field.required && !field.open ? complete(field.fields, {}, generators) : null;
}

/** Merge a PATCH into an entity: records are merged, everything else is replaced. */
export function merge(fields, entity, patch) {
  const out = { ...entity };
  for (const [name, value] of Object.entries(patch)) {
    const field = own(fields, name) ? fields[name] : undefined;
    const both = field?.type === 'record' && isObject(value) && isObject(entity[name]);
    out[name] = both ? merge(field.fields ?? {}, entity[name], value) : value;
  }
  return out;
}

/** Turn the strings of a form into the types of the table. */
export function coerce(fields, input) {
  const out = {};
  for (const [name, value] of Object.entries(input)) out[name] = own(fields, name) ? coerceField(fields[name], value) : value;
  return out;
}

function coerceField(field, value) {
  if (value === '') return null;
  switch (field.type) {
    case 'integer': case 'number': return typeof value === 'string' && Number.isFinite(Number(value)) ? Number(value) : value;
    case 'boolean': return value === 'true' ? true : value === 'false' ? false : value;
    case 'array': case 'set': return (Array.isArray(value) ? value : [value]).map((each) => coerceField(field.elements, each));
    case 'record': return isObject(value) && !field.open ? coerce(field.fields, value) : value;
    default: return value;
  }
}

/** Check an object against a table; an object of errors by field, empty when all is well. */
export function check(fields, value) {
  const errors = {};
  for (const name of Object.keys(value)) if (!own(fields, name)) errors[name] = 'unknown field';
  for (const [name, field] of Object.entries(fields)) {
    const error = checkField(field, value[name]);
    if (error !== undefined) errors[name] = error;
  }
  return errors;
}

/** The error of one value: a text, a nested object, an array by position, or undefined. */
export function checkField(field, value) {
  if (value === null || value === undefined) return field.required ? 'required field missing' : undefined;
  return TYPES[field.type](field, value) ?? field.check?.(value);
}

const number = (word, fits) => (field, value) => {
  if (!fits(value)) return `expected ${word}`;
  const [low, high] = field.between ?? [-Infinity, Infinity];
  return value < low || value > high ? `value should be between ${low} and ${high}` : undefined;
};

const list = (word) => (field, value) => {
  if (!Array.isArray(value)) return `expected ${word}`;
  if (field.len_min && value.length < field.len_min) return `length must be at least ${field.len_min}`;
  const errors = value.map((each) => checkField({ ...field.elements, required: true }, each) ?? null);
  return errors.some((error) => error !== null) ? errors.slice(0, errors.findLastIndex((error) => error !== null) + 1) : undefined;
};

const TYPES = {
  string(field, value) {
    if (typeof value !== 'string') return 'expected a string';
    if (value.length < (field.len_min ?? 1)) return `length must be at least ${field.len_min ?? 1}`;
    return field.one_of && !field.one_of.includes(value) ? `expected one of: ${field.one_of.join(', ')}` : undefined;
  },
  integer: number('an integer', Number.isInteger),
  number: number('a number', (value) => typeof value === 'number'),
  boolean: (_field, value) => (typeof value === 'boolean' ? undefined : 'expected a boolean'),
  array: list('an array'),
  set: list('a set'),
  map: (_field, value) => (isObject(value) ? undefined : 'expected a map'),
  foreign: () => undefined,
  record(field, value) {
    if (!isObject(value)) return 'expected a record';
    if (field.open) return undefined;
    const errors = check(field.fields, value);
    return Object.keys(errors).length > 0 ? errors : undefined;
  },
};
