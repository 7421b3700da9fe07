// How soon a node on SQLite answers, and how much memory it holds when nobody asks.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, scratch, startNode } from '../lib/node.mjs';
import { median, residentMegabytes, sleep } from './process.mjs';

const ROUNDS = 7;
const IDLE_MS = 3000;

/** { fresh, again, idle }: milliseconds to the first answer on a new and on an existing store, megabytes when idle. */
export async function startCost() {
  const directory = await scratch('bench');
  const times = { fresh: [], again: [] };
  let idle = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const database = `sqlite:${join(directory, `${round}.db`)}`;
    for (const state of ['fresh', 'again']) {
      const { node, milliseconds } = await timedStart(database);
      times[state].push(milliseconds);
      if (round === 0 && state === 'again') {
        await sleep(IDLE_MS);
        idle = residentMegabytes(node.pid);
      }
      await node.stop();
    }
  }
  await rm(directory, { recursive: true, force: true });
  return { fresh: median(times.fresh), again: median(times.again), idle };
}

async function timedStart(database) {
  const [gui, admin, status] = await Promise.all([freePort(), freePort(), freePort()]);
  const listen = (port) => `127.0.0.1:${port}`;
  const before = performance.now();
  const node = await startNode({
    sso_database: database, enforce_rbac: 'on', sso_super_admins: 'a@example.com', log_level: 'warn', ...signIn(gui),
    sso_gui_listen: listen(gui), sso_admin_listen: listen(admin), sso_status_listen: listen(status),
  }, { poll: 2 });
  const answer = await fetch(`http://${listen(admin)}/services`);
  if (answer.status !== 401) throw new Error(`an unexpected first answer: ${answer.status}`);
  return { node, milliseconds: performance.now() - before };
}

function signIn(port) {
  const gui = `http://127.0.0.1:${port}/`;
  return {
    admin_gui_auth: 'openid-connect',
    admin_gui_auth_conf: { issuer: 'http://127.0.0.1:9/', client_id: ['x'], client_secret: ['x'], redirect_uri: [`${gui}_api/auth`], login_redirect_uri: [gui], logout_redirect_uri: [gui] },
  };
}
