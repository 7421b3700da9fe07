// Request bodies as Kong reads them: JSON, forms and multipart, with the form spellings a.b=, a[]=, a[1]=.
import { HtmlError, badJson, unexpected } from './errors.mjs';

/** Parse a body; answers { input, form }. Throws what Kong answers to a body that it cannot read. */
export function parseBody(rawHeaders, text) {
  const types = headerValues(rawHeaders, 'content-type');
  if (types.length > 1) throw unexpected();
  const [whole = ''] = types;
  const type = whole.split(';', 1)[0].trim().toLowerCase();
  switch (type) {
    case 'application/json': return { input: parseJson(text), form: false };
    case 'application/x-www-form-urlencoded': return { input: nest(new URLSearchParams(text)), form: true };
    case 'multipart/form-data': return { input: nest(multipart(whole, text)), form: true };
    default:
      if (type === '' && text === '') return { input: {}, form: false };
      throw new HtmlError(415, { cors: true });
  }
}

/** The values of a header in the order of the request, from node's flat list. */
export function headerValues(rawHeaders, name) {
  const values = [];
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i].toLowerCase() === name) values.push(rawHeaders[i + 1]);
  return values;
}

function parseJson(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw badJson();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected();
  return value;
}

function multipart(type, text) {
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  const pairs = [];
  for (const part of boundary ? text.split(`--${boundary}`).slice(1) : []) {
    const match = /^\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n?$/.exec(part);
    const name = match && /;\s*name="([^"]*)"/i.exec(match[1])?.[1];
    if (name) pairs.push([name, match[2]]);
  }
  return pairs;
}

// Build the nested value of pairs such as ["config.key_names[]", "apikey"].
function nest(pairs) {
  const out = Object.create(null);
  for (const [name, value] of pairs) {
    const steps = [...name.matchAll(/([^.[\]]+)|\[(\d*)\]/g)].map(([, word, index]) => word ?? (index ? Number(index) - 1 : '[]'));
    put(out, steps, value);
  }
  return { ...out };
}

function put(target, [step, ...rest], value) {
  const key = step === '[]' ? target.length : step;
  if (step === undefined || key === '__proto__') return;
  if (rest.length === 0) {
    const held = target[key];
    target[key] = held === undefined ? value : Array.isArray(held) ? [...held, value] : [held, value];
    return;
  }
  const listNext = rest[0] === '[]' || typeof rest[0] === 'number';
  if (typeof target[key] !== 'object' || target[key] === null) target[key] = listNext ? [] : {};
  put(target[key], rest, value);
}
