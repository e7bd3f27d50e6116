// @ts-check
/** @import { PageAnswer, Definition, Mark, Reader } from './types.d.ts' */
import { createCard, Refused } from './cards.js';
import { readerOf } from './format.js';
import { createPickers } from './pickers.js';

const EVERY_MS = 60_000;
const MAX_WAITS = 3;

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const definition = /** @type {Definition} */ (JSON.parse(find('dashboard').textContent ?? ''));
// The last segment of a short link, /s/<id>, is used like a token.
const isShort = location.pathname.startsWith('/s/');
// Who is signed in needs no token.
const token = isShort ? location.pathname.slice('/s/'.length) : new URLSearchParams(location.search).get('token');
const notice = find('notice');
const watermark = find('watermark');
const restated = find('restated');
const auto = /** @type {HTMLInputElement} */ (find('auto-refresh'));
const refresh = /** @type {HTMLButtonElement} */ (find('refresh'));
const pickers = createPickers(definition, () => void loadAll());
/** @type {Mark[]} */
let marks = [];
/** @type {Reader} */
const reader = {
  ...readerOf(definition),
  page: {
    filters: definition.parameters.flatMap(({ name, title, values }) =>
      values && !Object.hasOwn(definition.locked, name) ? [{ name, title, column: values.column }] : [],
    ),
    chosen: () => Object.keys(pickers.chosen()),
    choose: pickers.choose,
    ...(pickers.zoom && { zoom: pickers.zoom }),
    isCompared: pickers.isCompared,
    // Only the console lets its reader choose.
    drawsBefore: () => definition.console !== undefined && pickers.zoom !== undefined && pickers.isCompared(),
    marks: () => marks,
  },
};
const cards = definition.cards.map((card) => createCard(card, reader, ask));

let loaded = 0;
let isOver = false;

// What the console has beside the cards.
const extras =
  definition.console &&
  (await import('./dashboard-extras.js')).createExtras(definition, reader, pickers, () => extras?.marks().then(showMarks));

/**
 * Returns the API's answer for one card. Throws Refused. If the API is busy, retries after the time in Retry-After.
 * @param {string} card
 * @param {string} accept
 * @param {{ from: string, to: string }} [window] another than that of the page
 * @returns {Promise<Response>}
 */
async function ask(card, accept, window) {
  const query = new URLSearchParams([...pickers.query(), ...(token === null ? [] : [['token', token]])]);
  for (const [name, value] of Object.entries(window ?? {})) query.set(name, value);
  const address = `/v1/dashboards/${definition.slug}/cards/${card}?${query}`;
  for (let waits = 0; ; waits += 1) {
    const response = await fetch(address, { headers: { accept } });
    if (response.ok) return response;
    if ((response.status === 429 || response.status === 503) && waits < MAX_WAITS) {
      const seconds = Number(response.headers.get('retry-after') ?? 1);
      await new Promise((done) => setTimeout(done, Math.min(10, seconds || 1) * 1000));
      continue;
    }
    const problem = await response.json().catch(() => ({}));
    throw new Refused(response.status, problem.errors?.[0]?.code ?? problem.code ?? '');
  }
}

/** @param {Mark[]} [found] */
async function showMarks(found) {
  if (!found || JSON.stringify(found) === JSON.stringify(marks)) return;
  marks = found;
  await Promise.all(cards.map((one) => one.redraw()));
}

async function loadAll() {
  if (isOver) return;
  loaded = Date.now();
  refresh.classList.add('turning');
  extras?.showWindow();
  const noted = extras?.marks();
  const results = await Promise.allSettled(cards.map((one) => one.load()));
  await showMarks(await noted);
  refresh.classList.remove('turning');
  const answers = results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  const failed = results.find((result) => result.status === 'rejected');
  say(failed ? noticeOf(/** @type {PromiseRejectedResult} */ (failed).reason) : '');
  showWatermark(answers.filter((answer) => answer !== undefined));
  offerChoices(answers);
}

/** @param {unknown} error */
function noticeOf(error) {
  if (!(error instanceof Refused)) return 'offline';
  isOver = true;
  auto.checked = false;
  for (const control of [auto, refresh]) control.disabled = true;
  return error.code === 'expired-token' ? 'ended' : 'closed';
}

/** @param {string} text */
function say(text) {
  notice.hidden = text === '';
  notice.textContent = reader.texts[text] ?? '';
}

/** @param {PageAnswer[]} answers */
function showWatermark(answers) {
  if (answers.length === 0) return;
  const earliest = new Date(Math.min(...answers.map((answer) => Date.parse(answer.watermark)))).toISOString();
  watermark.textContent = reader.say('watermark', { at: reader.show(earliest, 'instant') });
  const changed = answers.flatMap(({ restated }) => (restated?.latest ? [restated] : []));
  const days = String(Math.max(0, ...changed.map((one) => one.days)));
  const at = reader.show(
    changed
      .map(({ latest }) => latest)
      .sort()
      .at(-1),
    'instant',
  );
  restated.hidden = changed.length === 0;
  restated.textContent = reader.say(days === '1' ? 'restated_day' : 'restated_days', { at, days });
}

/** @param {(PageAnswer | undefined)[]} answers */
function offerChoices(answers) {
  for (const { name, values } of definition.parameters) {
    const answer = answers[cards.findIndex(({ card }) => card.name === values?.card)];
    if (!values || !answer) continue;
    pickers.offer(
      name,
      answer.data.flatMap((row) => (row[values.column] === null ? [] : [String(row[values.column])])),
    );
  }
}

const isDue = () => auto.checked && document.visibilityState === 'visible' && Date.now() - loaded >= EVERY_MS;
const ifDue = () => {
  if (isDue()) void loadAll();
};

for (const control of [auto, refresh]) control.disabled = false;
refresh.addEventListener('click', () => void loadAll());
auto.addEventListener('change', ifDue);
document.addEventListener('visibilitychange', ifDue);
setInterval(ifDue, 1000);
void loadAll();
