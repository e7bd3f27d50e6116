// @ts-check
/** @import { PageData } from './console-data.js' */
import { ask, copies, dataOf, find, parsed } from './console-data.js';
import { instantOf } from './times.js';

/** @typedef {{ id: string, source: string, type: string, time: string, subject?: string, data?: { outcome?: unknown } }} ShownEvent */

const PAGE_ROWS = 50;
/** Rows that a live view keeps. */
const MOST_ROWS = 200;

const { locale, timezone, texts } = /** @type {PageData} */ (dataOf('page'));
const asked = new URLSearchParams(location.search);
const rows = find('events');
const empty = find('empty');
const dialog = /** @type {HTMLDialogElement} */ (find('event'));
const live = /** @type {HTMLInputElement} */ (find('live'));
const written = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'medium', timeZone: timezone });

const keyOf = (/** @type {ShownEvent} */ { source, id, time }) => JSON.stringify([source, id, time]);
/** @type {Set<string>} */
const shown = new Set();

/** @param {ShownEvent} event */
function rowOf(event) {
  const row = document.createElement('tr');
  row.setAttribute('role', 'row');
  row.dataset.key = keyOf(event);
  const { outcome } = event.data ?? {};
  const cells = {
    time: '',
    type: event.type,
    source: event.source,
    subject: event.subject ?? '',
    outcome: typeof outcome === 'string' ? outcome : '',
  };
  for (const [name, text] of Object.entries(cells)) {
    const cell = row.insertCell();
    cell.setAttribute('role', 'cell');
    cell.dataset.title = texts[name];
    cell.textContent = text || (name === 'time' ? '' : '–');
  }
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'link';
  button.textContent = written.format(new Date(event.time));
  button.setAttribute('aria-haspopup', 'dialog');
  button.addEventListener('click', () => {
    find('event-json').textContent = JSON.stringify(event, null, 2);
    const documents = /** @type {HTMLAnchorElement | null} */ (document.getElementById('event-imports'));
    if (documents) documents.href = `/app/imports?${new URLSearchParams({ event: event.id, event_source: event.source })}`;
    dialog.showModal();
  });
  row.cells[0]?.append(button);
  return row;
}

/**
 * Puts events on top that are not there yet.
 * @param {ShownEvent[]} events newest first
 */
function show(events) {
  const fresh = events.filter((event) => !shown.has(keyOf(event)));
  for (const event of fresh) shown.add(keyOf(event));
  rows.prepend(...fresh.map(rowOf));
  while (rows.childElementCount > MOST_ROWS) {
    shown.delete(/** @type {HTMLElement} */ (rows.lastElementChild).dataset.key ?? '');
    rows.lastElementChild?.remove();
  }
  empty.hidden = rows.childElementCount > 0;
  empty.textContent = texts.empty;
}

/** The address with something else in it. @param {Record<string, string | null>} changes */
function addressWith(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return `/app/events${query.size > 0 ? `?${query}` : ''}`;
}

async function load() {
  const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
  for (const name of ['type', 'subject']) if (asked.get(name)) query.set(`filter[${name}]`, asked.get(name) ?? '');
  for (const name of ['from', 'to']) {
    const wall = Date.parse(`${asked.get(name)}Z`);
    if (!Number.isNaN(wall)) query.set(name, new Date(instantOf(wall, timezone)).toISOString());
  }
  for (const name of ['import', 'cursor']) if (asked.get(name)) query.set(name, asked.get(name) ?? '');
  try {
    /** @type {{ data: ShownEvent[], next_cursor: string | null }} */
    const { data, next_cursor } = parsed(await (await ask(`/v1/events?${query}`)).text());
    show(data);
    link('older', next_cursor && addressWith({ cursor: next_cursor, live: null }));
    link('newest', asked.get('cursor') && addressWith({ cursor: null }));
  } catch (error) {
    empty.hidden = true;
    find('failed').textContent = `${texts.failed} ${error instanceof Error ? error.message : ''}`;
    find('failed').hidden = false;
  }
  rows.setAttribute('aria-busy', 'false');
}

/** @param {string} id @param {string | null} href */
function link(id, href) {
  const element = /** @type {HTMLAnchorElement} */ (find(id));
  element.hidden = !href;
  if (href) element.href = href;
}

/** @type {EventSource | undefined} */
let stream;

function follow() {
  stream?.close();
  stream = undefined;
  const state = find('live-state');
  state.textContent = '';
  if (!live.checked) return;
  const type = asked.get('type');
  stream = new EventSource(`/v1/events/live${type ? `?${new URLSearchParams({ 'filter[type]': type })}` : ''}`);
  stream.addEventListener('open', () => {
    state.textContent = texts.live_on;
  });
  stream.addEventListener('event', ({ data }) => show([parsed(data)]));
  stream.addEventListener('gap', () => {
    find('gap').hidden = false;
  });
  stream.addEventListener('error', () => {
    state.textContent = stream?.readyState === EventSource.CLOSED ? texts.live_ended : texts.live_waits;
  });
}

async function suggest() {
  const { data } = await (await ask('/v1/metrics/events.count?group_by=type&interval=total')).json();
  const options = data.map((/** @type {{ type: string }} */ { type }) => new Option(type, type));
  find('types').replaceChildren(...options);
  find('field-type').setAttribute('list', 'types');
}

copies(find('event-copy'), () => find('event-json').textContent ?? '', texts.copied);
live.disabled = ['subject', 'from', 'to', 'import', 'cursor'].some((name) => asked.get(name));
if (live.disabled) find('live-state').textContent = texts.live_not;
else live.checked = asked.get('live') === '1';
live.addEventListener('change', () => {
  history.replaceState(null, '', addressWith({ live: live.checked ? '1' : null }));
  follow();
  // What came while nobody was looking.
  if (live.checked) void load();
});
// The stream first, so that nothing falls between it and the list.
if (live.checked) follow();
void load();
suggest().catch(() => undefined);
