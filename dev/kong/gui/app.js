// A stand-in for Kong Manager: finds and calls the Admin API in the same way, shows far less.
import { createForm, entityPage, errorState, h, listPage, overview, table } from './views.js';

const KINDS = {
  services: ['name', 'protocol', 'host', 'port', 'path', 'enabled', 'tags'],
  routes: ['name', 'protocols', 'methods', 'hosts', 'paths', 'tags'],
  consumers: ['username', 'custom_id', 'tags'],
  plugins: ['name', 'enabled', 'service', 'route', 'consumer', 'tags'],
  upstreams: ['name', 'algorithm', 'slots', 'tags'],
};
const PAGE_SIZE = 30;

/** Values of K_CONFIG are strings that may hold JSON. */
function setting(name) {
  const text = window.K_CONFIG?.[name];
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const BASE = String(setting('ADMIN_GUI_PATH') ?? '/').replace(/\/+$/, '');

function adminApi() {
  const { protocol, hostname } = window.location;
  const url = setting('ADMIN_API_URL');
  if (url !== undefined) return /^(https?:)?\/\//.test(url) ? url : `${protocol}//${url}`;
  const port = protocol === 'https:' ? setting('ADMIN_API_SSL_PORT') ?? 8444 : setting('ADMIN_API_PORT') ?? 8001;
  return `${protocol}//${hostname}:${port}`;
}

/** Call the Admin API; rejects with { status, body } unless the status is 2xx. */
function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, adminApi() + path);
    xhr.withCredentials = true;
    xhr.timeout = 30000;
    xhr.setRequestHeader('Accept', 'application/json, text/plain, */*');
    if (body !== undefined) xhr.setRequestHeader('Content-Type', 'application/json');
    const parsed = () => {
      try {
        return JSON.parse(xhr.responseText);
      } catch {
        return xhr.responseText;
      }
    };
    xhr.onload = () => (xhr.status >= 200 && xhr.status < 300 ? resolve(parsed()) : reject({ status: xhr.status, body: parsed() }));
    xhr.onerror = xhr.ontimeout = () => reject({ status: 0, body: undefined });
    xhr.send(body === undefined ? undefined : JSON.stringify(body));
  });
}

let node;

// Before every change of route, until one answer carried a version. Failures are swallowed.
async function loadNode() {
  if (node?.version) return;
  node = await call('GET', '').catch(() => undefined);
  document.getElementById('version').textContent = node?.version ? `Kong ${node.version}` : '';
}

const main = document.getElementById('main');

function show(title, ...content) {
  document.title = `${title} · Kong stand-in`;
  main.replaceChildren(h('h1', {}, title), ...content);
}

function navigation(current) {
  const link = (path, text) => h('a', { href: `${BASE}/${path}`, ...(path === current && { 'aria-current': 'page' }) }, text);
  document.getElementById('nav').replaceChildren(link('', 'Overview'), ...Object.keys(KINDS).map((kind) => link(kind, title(kind))));
}

const title = (kind) => kind[0].toUpperCase() + kind.slice(1);

async function showOverview() {
  const counts = await Promise.all(Object.keys(KINDS).map(async (kind) => {
    const list = await call('GET', `/${kind}?size=${PAGE_SIZE}`).catch(() => undefined);
    return [title(kind), list?.data ? `${list.data.length}${list.offset ? '+' : ''}` : '–'];
  }));
  show('Overview', overview(node, counts));
}

async function showList(kind) {
  const offset = new URLSearchParams(window.location.search).get('offset');
  const list = await call('GET', `/${kind}?size=${PAGE_SIZE}${offset ? `&offset=${encodeURIComponent(offset)}` : ''}`);
  const href = (row) => (kind === 'services' ? `${BASE}/services/${row.id}` : undefined);
  const next = list.offset && `${BASE}/${kind}?offset=${encodeURIComponent(list.offset)}`;
  const form = kind === 'services' ? createForm(async (input) => {
    await call('POST', '/services', input);
    await render();
  }) : undefined;
  show(title(kind), listPage(kind, table(KINDS[kind], list.data, href), next, form));
}

async function showService(id) {
  const service = await call('GET', `/services/${id}`);
  const routes = await call('GET', `/services/${id}/routes?size=${PAGE_SIZE}`);
  const plugins = await call('GET', `/services/${id}/plugins?size=${PAGE_SIZE}`);
  const remove = async () => {
    await call('DELETE', `/services/${id}`);
    go(`${BASE}/services`);
  };
  show(service.name ?? service.id, entityPage(service, remove), h('h2', {}, 'Routes'), table(KINDS.routes, routes.data), h('h2', {}, 'Plugins'), table(KINDS.plugins, plugins.data));
}

let turn = 0;

async function render() {
  const mine = (turn += 1);
  await loadNode();
  if (mine !== turn) return;
  const [kind = '', id] = window.location.pathname.slice(BASE.length).split('/').filter(Boolean);
  navigation(kind);
  try {
    if (kind === '') await showOverview();
    else if (kind === 'services' && id) await showService(id);
    else if (KINDS[kind]) await showList(kind);
    else show('Not found', h('p', {}, 'There is no such page.'));
  } catch (error) {
    show(title(kind), errorState(error));
  }
  main.dataset.ready = window.location.pathname;
}

function go(path) {
  window.history.pushState({}, '', path);
  main.focus({ preventScroll: true });
  void render();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href);
  if (url.origin !== window.location.origin || url.hash || !link.closest('.bar, #nav, #main')) return;
  event.preventDefault();
  go(url.pathname + url.search);
});
window.addEventListener('popstate', () => void render());
void render();
