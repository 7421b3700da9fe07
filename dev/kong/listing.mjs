// Lists: filters by tags and by field, pages.
import * as errors from './errors.mjs';

const OFFSET = /^[A-Za-z0-9_-]+$/;

function pageSize(text) {
  if (text === null) return 100;
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw errors.invalidSize('size must be a number');
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1 || size > 1000) throw errors.invalidSize('size must be an integer between 1 and 1000');
  return size;
}

function lastId(offset) {
  if (offset === null) return '';
  if (!OFFSET.test(offset)) throw errors.invalidOffset(offset, 'base64');
  try {
    const [id] = JSON.parse(Buffer.from(offset, 'base64url').toString('utf8'));
    return String(id);
  } catch {
    throw errors.invalidOffset(offset, 'json');
  }
}

/** The filter of ?tags=: "a,b" wants all, "a/b" wants any. */
function tagFilter(text) {
  if (text === null) return () => true;
  if (text === '') throw errors.invalidOptions({ tags: 'cannot be null' });
  if (text.includes(',') && text.includes('/')) throw errors.invalidOptions({ tags: 'invalid filter syntax' });
  const any = text.includes('/');
  const wanted = text.split(any ? '/' : ',');
  return ({ tags }) => wanted[any ? 'some' : 'every']((tag) => tags?.includes(tag));
}

/** One page of a list as { data, next, offset? }. `path` is the path that `next` continues. */
export function page(store, row, { path, query, within = () => true }) {
  const size = pageSize(query.get('size'));
  const after = lastId(query.get('offset'));
  const tagged = tagFilter(query.get('tags'));
  const fields = (row.filters ?? []).filter((name) => query.has(name));
  const wanted = (value) => within(value) && tagged(value) && value.id > after && fields.every((name) => value[name] === query.get(name));
  const rest = store.all(row, wanted);
  const data = rest.slice(0, size);
  if (rest.length <= size) return { data, next: null };
  const offset = Buffer.from(JSON.stringify([data.at(-1).id])).toString('base64url');
  const more = new URLSearchParams({ offset });
  for (const name of ['size', 'tags']) if (query.has(name)) more.set(name, query.get(name));
  return { data, next: `${path}?${more}`, offset };
}
