// Pieces of the page. Text only ever reaches the document as text nodes.

/** An element with attributes and children; `on...` functions become listeners. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else if (value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

const badge = (text, kind = '') => h('span', { class: `badge ${kind}` }, String(text));

function cell(column, value, href) {
  if (value === null || value === undefined) return h('span', { class: 'none' }, '–');
  if (typeof value === 'boolean') return badge(value ? 'yes' : 'no', value ? 'good' : 'off');
  if (Array.isArray(value)) return h('span', { class: 'badges' }, ...value.map((each) => badge(each)));
  if (typeof value === 'object') return h('code', {}, (value.id ?? JSON.stringify(value)).slice(0, 8));
  return href ? h('a', { href }, String(value)) : String(value);
}

/** A table of entities; the first column links to `href(row)`. */
export function table(columns, rows, href = () => undefined) {
  if (!rows || rows.length === 0) return h('p', { class: 'empty' }, 'Nothing here yet.');
  const head = h('tr', {}, ...columns.map((column) => h('th', { scope: 'col' }, column.replace('_', ' '))));
  const body = rows.map((row) => h('tr', {}, ...columns.map((column, i) => {
    const link = i === 0 ? href(row) : undefined;
    return h('td', {}, cell(column, link ? row[column] ?? row.id : row[column], link));
  })));
  return h('div', { class: 'scroll' }, h('table', {}, h('thead', {}, head), h('tbody', {}, ...body)));
}

export function listPage(kind, rows, next, form) {
  const pager = next && h('p', { class: 'pager' }, h('a', { href: next }, 'Next page'));
  return h('div', {}, form, rows, pager || undefined);
}

export function overview(node, counts) {
  const cards = counts.map(([name, count]) => h('div', { class: 'card' }, h('p', { class: 'figure' }, count), h('p', {}, name)));
  const facts = [['Version', node?.version], ['Edition', node?.edition], ['Host', node?.hostname], ['Database', node?.configuration?.database]];
  return h('div', {}, h('div', { class: 'cards' }, ...cards), h('dl', {}, ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value ?? '–')])));
}

/** What Kong Manager shows for any failure of a list. */
export function errorState({ status, body }) {
  return h('div', { class: 'error', role: 'alert' }, h('p', {}, h('strong', {}, 'The data could not be loaded.')),
    h('p', {}, status ? `Status ${status}. ${body?.message ?? ''}` : 'The Admin API cannot be reached.'));
}

/** The form for a new service; shows what the Admin API complains about. */
export function createForm(submit) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const field = (name, placeholder) => h('label', {}, h('span', {}, name), h('input', { name, placeholder, required: '', autocomplete: 'off' }));
  const onsubmit = async (event) => {
    event.preventDefault();
    problem.textContent = '';
    try {
      await submit(Object.fromEntries(new FormData(event.target)));
    } catch ({ status, body }) {
      problem.textContent = body?.message ?? `Failed with status ${status}.`;
    }
  };
  return h('form', { class: 'create', id: 'create-service', onsubmit }, field('name', 'orders'), field('url', 'http://orders.internal:8080'), h('button', {}, 'Create service'), problem);
}

export function entityPage(entity, remove) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const onclick = async () => {
    if (!window.confirm(`Delete the service ${entity.name ?? entity.id}?`)) return;
    try {
      await remove();
    } catch ({ status, body }) {
      problem.textContent = body?.message ?? `Failed with status ${status}.`;
    }
  };
  const facts = Object.keys(entity).sort().flatMap((name) => [h('dt', {}, name), h('dd', {}, cell(name, entity[name]))]);
  return h('div', {}, h('dl', {}, ...facts), h('button', { class: 'danger', id: 'delete-service', onclick }, 'Delete service'), problem);
}
