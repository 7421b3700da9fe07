// The request target as Kong's web server and router read it.
import { HtmlError } from './errors.mjs';

/** Split a target into { path, segments (still encoded), query }; throws for those that nginx refuses. */
export function parseTarget(raw) {
  const origin = /^https?:\/\/[^/?#]+(.*)$/i.exec(raw);
  const target = origin ? origin[1] || '/' : raw;
  if (!target.startsWith('/')) throw new HtmlError(400);
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (/%00|%(?![0-9a-f]{2})/i.test(path)) throw new HtmlError(400);
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  return { path, segments: trimmed === '/' ? [] : trimmed.slice(1).split('/'), query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)) };
}

/** Decode one path segment; bytes that are not UTF-8 stay as they are. */
export function decodeSegment(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
