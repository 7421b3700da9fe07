// The GUI port: a small single-page application in the place of Kong Manager.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const file = (name) => readFileSync(new URL(`./gui/${name}`, import.meta.url));
const INDEX = file('index.html');
const LONG = 'public, max-age=7776000';
const FILES = new Map([
  ['/assets/app.js', ['text/javascript; charset=utf-8', file('app.js')]],
  ['/assets/views.js', ['text/javascript; charset=utf-8', file('views.js')]],
  ['/assets/app.css', ['text/css; charset=utf-8', file('app.css')]],
  ['/favicon.ico', ['image/svg+xml', file('favicon.svg')]],
  ['/robots.txt', ['text/plain; charset=utf-8', 'User-agent: *\nDisallow: /\n']],
]);
const HEADERS = { 'X-Frame-Options': 'sameorigin', 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'strict-origin-when-cross-origin' };

/** Kong's own kconfig.js: all values are strings. */
function kconfig(instance) {
  const port = new URL(instance.admin).port;
  const config = { ADMIN_GUI_PATH: '/', ADMIN_API_URL: instance.admin, ADMIN_API_PORT: port, ADMIN_API_SSL_PORT: '', ANONYMOUS_REPORTS: 'false' };
  return `window.K_CONFIG = ${JSON.stringify(config, null, 2)};\n`;
}

/** The HTTP server of an instance's GUI. */
export function guiServer(instance) {
  return createServer((req, res) => {
    const path = req.url.split('?', 1)[0];
    const send = (type, cache, body) => {
      res.writeHead(200, { 'Content-Type': type, 'Cache-Control': cache, 'Content-Length': Buffer.byteLength(body), ...HEADERS });
      res.end(req.method === 'HEAD' ? undefined : body);
    };
    if (!['GET', 'HEAD'].includes(req.method)) return void res.writeHead(405, HEADERS).end();
    if (path === '/kconfig.js') return send('application/javascript; charset=utf-8', 'no-cache', kconfig(instance));
    const found = FILES.get(path);
    if (found) return send(found[0], LONG, found[1]);
    if (path.startsWith('/assets/')) return void res.writeHead(404, HEADERS).end();
    return send('text/html; charset=utf-8', 'no-cache', INDEX);
  });
}
