// @ts-check
/** @import { PageAnswer, PageCard, Choices, Reader } from './types.d.ts' */
import { draw } from './charts.js';
import { windowBefore } from './compare.js';
import { progress, scalar, trend } from './figures.js';
import { showUntouched } from './filters.js';
import { tableElement } from './table.js';

/** @type {Record<string, (card: PageCard, answer: PageAnswer, reader: Reader, choices: Choices) => HTMLElement>} */
const ELEMENTS = { scalar, trend, progress, table: tableElement };

/** An error answer of the API, with its status and error code. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   */
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/**
 * One card on the page. Its frame already exists.
 * @param {PageCard} card
 * @param {Reader} reader
 * @param {(card: string, accept: string, window?: { from: string, to: string }) => Promise<Response>} ask
 */
export function createCard(card, reader, ask) {
  const section = /** @type {HTMLElement} */ (document.getElementById(`card-${card.name}`));
  const body = /** @type {HTMLElement} */ (section.querySelector('.body'));
  const tools = /** @type {HTMLButtonElement[]} */ ([...section.querySelectorAll('.tools button')]);
  const toggle = tools.find(({ dataset }) => dataset.does === 'table');
  const png = tools.find(({ dataset }) => dataset.does === 'png');
  /** @type {PageAnswer | undefined} */
  let shown;
  let asTable = false;
  /** @type {Choices} */
  const choices = { hidden: new Set(), page: 0, search: '' };
  let turn = 0;
  let end = () => {};
  /** @type {(() => Promise<Blob | null>) | undefined} */
  let picture;

  /** @param {HTMLElement} element */
  function replace(element) {
    end();
    end = () => {};
    picture = undefined;
    if (png) png.disabled = true;
    body.replaceChildren(element);
  }

  async function show() {
    if (!shown) return;
    const answer = shown;
    const keep = keeperIn(body);
    if (isEmpty(card, answer)) replace(message('empty', card.empty ?? reader.texts.empty));
    else if (asTable) replace(tableElement(card, answer, reader, choices));
    else if (ELEMENTS[card.display]) replace(ELEMENTS[card.display](card, answer, reader, choices));
    else await chart(answer);
    keep();
  }

  /** @param {PageAnswer} answer */
  async function chart(answer) {
    const box = document.createElement('div');
    box.className = 'chart';
    replace(box);
    const mine = turn;
    const drawn = await draw(box, card, answer, reader, choices);
    if (mine !== turn || !box.isConnected) return drawn.stop();
    end = drawn.stop;
    picture = drawn.picture;
    if (png) png.disabled = false;
  }

  /** @param {unknown} error */
  function fail(error) {
    const { code = '', status = 0 } = error instanceof Refused ? error : {};
    const text = code === 'too-many-rows' || code === 'too-many-buckets' ? 'too_many' : status === 429 ? 'busy' : 'failed';
    const box = message('failed', reader.texts[text] ?? '');
    box.setAttribute('role', 'alert');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'button';
    button.textContent = reader.texts.retry ?? '';
    button.addEventListener('click', () => void load());
    box.append(button);
    shown = undefined;
    replace(box);
  }

  /**
   * Reloads the card, which shows its old rows until then. Returns the answer, or undefined after a failure, which the card shows.
   * @returns {Promise<PageAnswer | undefined>}
   */
  async function load() {
    turn += 1;
    const mine = turn;
    section.setAttribute('aria-busy', 'true');
    try {
      const answer = /** @type {PageAnswer} */ (await (await ask(card.name, 'application/json')).json());
      if (mine !== turn) return undefined;
      const window = reader.page.drawsBefore?.() ? windowBefore(card, answer) : undefined;
      // Without a comparison, the chart is still right.
      const before =
        window &&
        (await ask(card.name, 'application/json', window).then(
          (one) => one.json(),
          () => undefined,
        ));
      if (mine !== turn) return undefined;
      shown = { ...answer, before };
      for (const tool of tools) if (tool !== png) tool.disabled = false;
      showUntouched(section, card, reader);
      await show();
      return answer;
    } catch (error) {
      // The page reports an error that concerns all cards, and the card keeps its rows.
      if (mine === turn && !(shown && isOfPage(error))) fail(error);
      if (isOfPage(error)) throw error;
      return undefined;
    } finally {
      if (mine === turn) section.setAttribute('aria-busy', 'false');
    }
  }

  toggle?.addEventListener('click', () => {
    asTable = !asTable;
    toggle.setAttribute('aria-pressed', String(asTable));
    void show();
  });
  tools
    .find(({ dataset }) => dataset.does === 'csv')
    ?.addEventListener('click', async () => {
      const response = await ask(card.name, 'text/csv').catch(() => undefined);
      if (response) save(await response.blob(), `${card.name}.csv`);
    });

  png?.addEventListener('click', async () => {
    const blob = await picture?.();
    if (blob) save(blob, `${card.name}.png`);
  });

  // Draws what it has again.
  return { card, load, redraw: show };
}

/**
 * Returns a function that restores the focus, the cursor and the scroll position after the elements have been replaced.
 * @param {HTMLElement} body
 */
function keeperIn(body) {
  const active = body.contains(document.activeElement) ? document.activeElement : null;
  const name = active instanceof HTMLElement ? active.dataset.focus : undefined;
  const ends = active instanceof HTMLInputElement ? [active.selectionStart, active.selectionEnd] : undefined;
  const { scrollTop = 0, scrollLeft = 0 } = body.querySelector('.scroll') ?? {};
  return () => {
    body.querySelector('.scroll')?.scrollTo(scrollLeft, scrollTop);
    const found = name && /** @type {HTMLElement | null} */ (body.querySelector(`[data-focus="${name}"]`));
    if (!found) return;
    found.focus();
    if (found instanceof HTMLInputElement && ends) found.setSelectionRange(ends[0], ends[1]);
  };
}

/** @param {unknown} error */
const isOfPage = (error) => !(error instanceof Refused) || error.status === 401 || error.status === 403 || error.status === 404;

/**
 * Whether the card has no rows, or only rows without values.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 */
function isEmpty({ chart }, { data }) {
  return data.length === 0 || (chart !== undefined && data.every((row) => chart.y.every((name) => row[name] === null)));
}

/**
 * @param {string} kind
 * @param {string} text
 */
function message(kind, text) {
  const box = document.createElement('div');
  box.className = `said ${kind}`;
  const words = document.createElement('p');
  words.textContent = text;
  box.append(words);
  return box;
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
