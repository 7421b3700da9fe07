// Where the demo serves: ports of loopback, and the Kong in front of which it stands.
import { createServer } from 'node:net';

const PORTS = [
  ['gui', 'DEMO_GUI_PORT', 9002, 'Kong Manager behind the sign-in'],
  ['admin', 'DEMO_ADMIN_PORT', 9001, 'protected Admin API'],
  ['status', 'DEMO_STATUS_PORT', 9007, 'health and metrics'],
  ['idp', 'DEMO_IDP_PORT', 9010, 'identity provider'],
  ['portal', 'DEMO_PORTAL_PORT', 8003, 'developer portal'],
  ['portalApi', 'DEMO_PORTAL_API_PORT', 8004, 'JSON API of the developer portal'],
  ['kongAdmin', 'DEMO_KONG_ADMIN_PORT', 9011, "stand-in for Kong's Admin API"],
  ['kongGui', 'DEMO_KONG_GUI_PORT', 9012, 'stand-in for Kong Manager'],
  ['kongProxy', 'DEMO_KONG_PROXY_PORT', 9013, "stand-in for Kong's proxy"],
];

/** Something that the person who started the demo can mend; the message says how. */
export class Trouble extends Error {}

/** Addresses by name from the environment: `host:port` each, and URLs of Kong. */
export function placesOf(env) {
  const real = env.KONG_ADMIN_URL ? { admin: url(env, 'KONG_ADMIN_URL'), gui: url(env, 'KONG_GUI_URL') } : undefined;
  const used = PORTS.filter(([name]) => !(real && name.startsWith('kong')));
  const list = used.map(([name, variable, usual, what]) => ({ name, variable, what, port: port(env, variable, usual) }));
  const address = Object.fromEntries(list.map(({ name, port }) => [name, `127.0.0.1:${port}`]));
  const kong = real ?? { admin: `http://${address.kongAdmin}`, gui: `http://${address.kongGui}` };
  return { list, address, kong, isRealKong: real !== undefined, gui: `http://${address.gui}/`, portal: `http://${address.portal}/` };
}

function port(env, variable, usual) {
  const value = Number(env[variable] ?? usual);
  if (!Number.isInteger(value) || value < 1 || value > 65535) throw new Trouble(`${variable} is not a port: ${env[variable]}`);
  return value;
}

function url(env, variable) {
  if (!env[variable] && variable === 'KONG_GUI_URL') throw new Trouble('KONG_ADMIN_URL is set: set KONG_GUI_URL too, the URL of its Kong Manager, such as http://127.0.0.1:8002');
  if (!URL.canParse(env[variable]) || !/^https?:$/.test(new URL(env[variable]).protocol)) throw new Trouble(`${variable} is not an http URL: ${env[variable]}`);
  return env[variable].replace(/\/+$/, '');
}

/** Refuse to begin while a port is taken, and say which one and what to do. */
export async function requireFree({ list }) {
  const taken = [];
  for (const place of list) if (!(await isFree(place.port))) taken.push(place);
  if (taken.length === 0) return;
  const lines = taken.map(({ port, what, variable }) => `  port ${port} (${what}): stop what uses it, or choose another with ${variable}=...`);
  throw new Trouble(`in use already:\n${lines.join('\n')}`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
