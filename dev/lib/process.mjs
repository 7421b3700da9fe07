// What the servers of dev/ share: addresses, request bodies, JSON answers, start and end of the process.

/** Parse "127.0.0.1:8080" or "[::1]:0" into { host, port }; throws on anything else. */
export function parseAddress(text) {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+):(\d{1,5})$/.exec(text ?? '');
  const port = Number(match?.[2]);
  if (!match || port > 65535) throw new Error(`not an address: ${text}`);
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/** Bind a server to "host:port" (0 = any free port) and resolve to its origin. */
export async function listen(server, address) {
  const { host, port } = parseAddress(address);
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address().port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** Close a server and cut its open connections; resolves when it is gone. */
export function close(server, sockets = []) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections?.();
    for (const socket of sockets) socket.destroy();
  });
}

/** Run `end` once at SIGTERM, SIGINT or, if asked, when stdin closes; then leave with 0. */
export function endWith(end, { withParent = false } = {}) {
  let ending = false;
  const finish = async () => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(0), 2000).unref();
    await end();
    process.exit(0);
  };
  process.on('SIGTERM', finish);
  process.on('SIGINT', finish);
  if (withParent) process.stdin.on('end', finish).on('error', finish).resume();
}

/** The body of a request as text, at most `limit` bytes. */
export async function readText(req, limit = 1024 * 1024) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > limit) throw new Error('body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body of a request as a JSON object; an empty body is {}. */
export async function readJson(req) {
  const text = await readText(req);
  return text === '' ? {} : JSON.parse(text);
}

/** Answer with JSON; `undefined` means an empty body. */
export function sendJson(res, status, value) {
  if (value === undefined) return void res.writeHead(status).end();
  const text = JSON.stringify(value);
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) });
  res.end(text);
}

/**
 * A request listener out of rows of [method, RegExp, async (req, res, ...groups) => value]. A returned value is
 * sent as JSON with 200, `undefined` as 204, unless the handler has answered itself.
 */
export function jsonApi(rows) {
  return async (req, res) => {
    const path = new URL(req.url, 'http://control').pathname;
    try {
      for (const [method, pattern, handler] of rows) {
        const match = method === req.method && pattern.exec(path);
        if (!match) continue;
        const value = await handler(req, res, ...match.slice(1).map(decodeURIComponent));
        if (!res.headersSent) sendJson(res, value === undefined ? 204 : 200, value);
        return;
      }
      sendJson(res, 404, { error: `no ${req.method} ${path} here` });
    } catch (error) {
      if (!res.headersSent) sendJson(res, 400, { error: error.error_description ?? error.message });
    }
  };
}
