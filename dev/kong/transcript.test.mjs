// Replays what was recorded from a real Kong 3.9.3 against the stand-in, in order and over raw sockets, and compares
// status, body and the headers that matter. The stand-in is given the recorded ids, so that lists and pages have the
// recorded order; secrets that Kong made up are learned; times only have to be times.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Instance } from './instance.mjs';

const LINES = readFileSync(new URL('./kong-3.9.3-transcript.jsonl', import.meta.url), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const ADMIN_LINES = LINES.filter(({ name }) => !name.startsWith('proxy:'));
const GUI = 'http://127.0.0.1:8002';
const SNI_ID = ADMIN_LINES.find(({ name }) => name === 'snis').response.body.data[0].id;

// Answers about a running process: the same members with values of the same type, not the same values.
const SHAPE_ONLY = {
  'node information (some members only)': 'process ids, node id and timer counts are those of a process',
  status: 'memory and connection counts are those of a process',
  timers: 'the stand-in has no timers of its own; the counts are those of a process',
};

const COMPARED_HEADERS = ['content-type', 'allow', 'access-control-allow-origin', 'access-control-allow-credentials', 'access-control-allow-methods', 'access-control-allow-headers'];
const TIMES = new Set(['created_at', 'updated_at']);
const MADE_UP = [/^[A-Za-z0-9]{32}$/, /^\$pbkdf2-sha512\$i=10000,l=32\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/];

let current;
let kong;
const learned = new Map();

before(async () => {
  const newId = (entity) => (entity === 'snis' ? SNI_ID : current.response.body?.id ?? randomUUID());
  kong = await new Instance('transcript', { newId }).start();
});
after(() => kong.stop());

/** Send a request exactly as written; gives { status, headers, body }. */
function send({ method, path, headers, body }) {
  // PEM texts were cut from the record after its lengths were taken.
  const sent = body?.includes('<PEM') ? { ...headers, 'Content-Length': Buffer.byteLength(body) } : headers;
  const lines = Object.entries(sent).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\r\n`));
  const { hostname, port } = new URL(kong.admin);
  return new Promise((resolve, reject) => {
    const chunks = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n${lines.join('')}\r\n${body ?? ''}`);
    });
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(chunks).toString('utf8'))));
  });
}

function parseAnswer(text) {
  const end = text.indexOf('\r\n\r\n');
  const [first, ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const raw = text.slice(end + 4);
  const json = headers['content-type']?.startsWith('application/json') && raw !== '';
  return { status: Number(first.split(' ')[1]), headers, body: json ? JSON.parse(raw) : raw };
}

/** Make the stand-in's value comparable with the recorded one: same made-up secret, time, remaining lifetime. */
function align(recorded, actual, name) {
  if (typeof recorded === 'string' && typeof actual === 'string') {
    if (name === 'request_id' && /^[0-9a-f]{32}$/.test(actual)) return recorded;
    if (name === 'node_id' && actual === kong.nodeId) return recorded;
    const pattern = MADE_UP.find((each) => each.test(recorded) && each.test(actual));
    if (!pattern) return actual;
    if (!learned.has(recorded)) learned.set(recorded, actual);
    return learned.get(recorded) === actual ? recorded : actual;
  }
  if (typeof recorded === 'number' && typeof actual === 'number') {
    if (TIMES.has(name)) return Math.abs(actual - Date.now() / 1000) < 60 && (!Number.isInteger(recorded) || Number.isInteger(actual)) ? recorded : actual;
    return name === 'ttl' && Math.abs(actual - recorded) <= 2 ? recorded : actual;
  }
  if (Array.isArray(recorded) && Array.isArray(actual)) return actual.map((each, i) => align(recorded[i], each));
  if (isObject(recorded) && isObject(actual)) return Object.fromEntries(Object.entries(actual).map(([key, value]) => [key, align(recorded[key], value, key)]));
  return actual;
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function assertShape(recorded, actual, path = 'body') {
  assert.equal(typeof actual, typeof recorded, path);
  if (!isObject(recorded)) return;
  for (const key of Object.keys(recorded)) {
    if (path.endsWith('.stats.timers')) return;
    assertShape(recorded[key], actual[key], `${path}.${key}`);
  }
}

const wantedHeaders = (headers) => Object.fromEntries(COMPARED_HEADERS.filter((name) => headers[name] !== undefined)
  .map((name) => [name, headers[name] === kong.gui ? GUI : headers[name]]));

test('the transcript holds the 228 recorded requests to the Admin API', () => {
  assert.equal(ADMIN_LINES.length, 228);
  for (const name of Object.keys(SHAPE_ONLY)) assert.ok(ADMIN_LINES.some((line) => line.name === name), name);
});

for (const [i, line] of ADMIN_LINES.entries()) {
  test(`${i + 1} ${line.name}`, async () => {
    current = line;
    const { status, headers, body } = await send(line.request);
    const aligned = align(line.response.body, body);
    if (line.name in SHAPE_ONLY) {
      assert.equal(status, line.response.status);
      assertShape(line.response.body, body);
    } else {
      assert.deepEqual({ status, body: aligned }, { status: line.response.status, body: line.response.body });
    }
    assert.deepEqual(wantedHeaders(headers), wantedHeaders(line.response.headers));
  });
}
