// What a request costs the database once everything about it is known: nothing. Counted on the way to PostgreSQL.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { listen } from '../lib/process.mjs';
import { api, byToken, signIn, startParts, startStack } from '../lib/stack.mjs';

const REQUESTS = 200;
/** The node asks twice a second whether another one changed something. */
const POLLS_PER_SECOND = 2;
let parts;
let way;
let stack;
before(async () => {
  parts = await startParts({ seed: 'demo' });
  way = await countedWay(process.env.KONG_SSO_TEST_POSTGRES);
  stack = await startStack(parts, { database: 'postgres', settings: { pg_port: way.port } });
});
after(async () => {
  await stack.stop();
  await parts.stop();
  way.close();
});

/** A way to `target` that counts what clients send. */
async function countedWay(target) {
  const [host, port] = target.split(':');
  const count = { sent: 0 };
  const sockets = new Set();
  const server = createServer((client) => {
    const database = connect(Number(port), host);
    for (const socket of [client, database]) sockets.add(socket.on('error', () => {}));
    client.on('data', () => (count.sent += 1)).pipe(database).pipe(client);
  });
  const origin = await listen(server, '127.0.0.1:0');
  const close = () => (server.close(), sockets.forEach((socket) => socket.destroy()));
  return { count, close, port: new URL(origin).port };
}

/** How often the database was written to by `call`, made many times, above what the node asks by itself. */
async function statements(call) {
  // A change, such as a sign-in, empties the caches once more when the node next asks for changes.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (let warm = 0; warm < 3; warm += 1) assert.equal((await call()).status, 200);
  const [before, started] = [way.count.sent, Date.now()];
  for (let round = 0; round < REQUESTS; round += 1) assert.equal((await call()).status, 200);
  const seconds = (Date.now() - started) / 1000;
  return { sent: way.count.sent - before, allowed: Math.ceil(seconds * POLLS_PER_SECOND + 1) * 4 };
}

test('a warm request with a token asks the database nothing', async () => {
  const { sent, allowed } = await statements(() => byToken(stack.admin, 'GET', '/services'));
  assert.ok(sent <= allowed, `${sent} messages for ${REQUESTS} requests, ${allowed} allowed`);
});

test('a warm request with a session asks the database nothing', async () => {
  const { browser } = await signIn(stack.gui, 'alice');
  const { sent, allowed } = await statements(() => api(browser, stack.gui, 'GET', '/services'));
  assert.ok(sent <= allowed, `${sent} messages for ${REQUESTS} requests, ${allowed} allowed`);
});

test('the count can fail: every sign-in writes', async () => {
  const before = way.count.sent;
  await signIn(stack.gui, 'alice');
  assert.ok(way.count.sent - before > 5);
});
