// @ts-check
/** @import { PageAnswer, PageCard, Choices, PageColumn, Reader, Row } from './types.d.ts' */
import { filterOf } from './filters.js';

const TEXTS = ['text', 'word', 'period', 'time', 'instant'];
const PAGE_ROWS = 25;
// A shorter table has no search.
const MIN_SEARCHED = 10;

/**
 * A card's rows as a table that its headers sort, with the number of rows. A long table also has a search and pages.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 * @param {Choices} choices
 */
export function tableElement(card, answer, reader, choices) {
  const { say, texts } = reader;
  const interval = card.chart?.interval ?? answer.interval;
  const lines = answer.data.map((row) => ({
    row,
    cells: card.columns.map(({ name, format }) => reader.show(row[name], format, interval)),
  }));
  const box = element('div', 'table-box');
  const scroll = element('div', 'scroll');
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', card.title);
  // On a phone the stylesheet displays rows as blocks, which drops their table roles. Set the roles explicitly.
  const table = document.createElement('table');
  table.setAttribute('role', 'table');
  const head = table.createTHead();
  head.setAttribute('role', 'rowgroup');
  const headRow = head.insertRow();
  headRow.setAttribute('role', 'row');
  const body = table.createTBody();
  body.setAttribute('role', 'rowgroup');
  const count = element('p', 'count');
  count.setAttribute('role', 'status');
  const before = turner('‹', 'page_before', -1);
  const after = turner('›', 'page_after', 1);
  const foot = element('div', 'table-foot');
  foot.append(count, before, after);

  for (const column of card.columns) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.setAttribute('role', 'columnheader');
    if (!TEXTS.includes(column.format)) cell.className = 'number';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = column.title;
    button.title = say('sort', { column: column.title });
    button.dataset.focus = `sort-${column.name}`;
    button.addEventListener('click', () => sortBy(column));
    cell.append(button);
    headRow.append(cell);
  }

  /**
   * @param {string} sign
   * @param {string} label
   * @param {1 | -1} by
   */
  function turner(sign, label, by) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'tool';
    button.textContent = sign;
    button.title = texts[label];
    button.setAttribute('aria-label', texts[label]);
    button.dataset.focus = label;
    button.addEventListener('click', () => {
      choices.page += by;
      fill();
      scroll.scrollTop = 0;
    });
    return button;
  }

  /** @param {PageColumn} column */
  function sortBy({ name, format }) {
    const first = TEXTS.includes(format) ? 1 : -1;
    const direction = choices.order?.column === name ? (choices.order.direction === 1 ? -1 : 1) : first;
    choices.order = { column: name, direction };
    choices.page = 0;
    fill();
  }

  function fill() {
    const { order } = choices;
    for (const [index, cell] of [...headRow.cells].entries()) {
      if (order && card.columns[index].name === order.column) {
        cell.setAttribute('aria-sort', order.direction === 1 ? 'ascending' : 'descending');
      } else cell.removeAttribute('aria-sort');
    }
    const words = choices.search.trim().toLocaleLowerCase(reader.locale);
    const found = words
      ? lines.filter(({ cells }) => cells.some((text) => text.toLocaleLowerCase(reader.locale).includes(words)))
      : lines;
    const sorted = order
      ? found.toSorted((a, b) => order.direction * compare(a.row[order.column], b.row[order.column]))
      : found;
    const pages = Math.max(1, Math.ceil(sorted.length / PAGE_ROWS));
    choices.page = Math.min(Math.max(0, choices.page), pages - 1);
    const start = choices.page * PAGE_ROWS;
    const shown = sorted.slice(start, start + PAGE_ROWS);
    body.replaceChildren(...shown.map(({ row, cells }) => rowOf(row, cells)));
    before.hidden = after.hidden = pages === 1;
    before.disabled = choices.page === 0;
    after.disabled = choices.page === pages - 1;
    count.textContent = counted({ start, shown: shown.length, found: found.length, hasPages: pages > 1 });
  }

  /** @param {{ start: number, shown: number, found: number, hasPages: boolean }} of */
  function counted({ start, shown, found, hasPages }) {
    const show = (/** @type {number} */ number) => reader.show(number, 'count');
    const all = say(lines.length === 1 ? 'row_one' : 'rows', { count: show(lines.length) });
    const whole = found < lines.length ? say('rows_found', { count: show(found), all }) : all;
    return hasPages ? say('rows_page', { first: show(start + 1), last: show(start + shown), all: whole }) : whole;
  }

  /**
   * @param {Row} row
   * @param {string[]} cells
   */
  function rowOf(row, cells) {
    const line = document.createElement('tr');
    line.setAttribute('role', 'row');
    for (const [index, { name, title, format }] of card.columns.entries()) {
      const cell = line.insertCell();
      cell.setAttribute('role', 'cell');
      cell.dataset.title = title;
      if (!TEXTS.includes(format)) cell.className = 'number';
      if (row[name] === null) cell.classList.add('absent');
      const filter = filterOf(name, reader);
      if (filter && row[name] !== null) cell.append(picker(filter, String(row[name]), cells[index]));
      else cell.textContent = cells[index];
    }
    return line;
  }

  /**
   * @param {{ name: string, title: string }} filter
   * @param {string} value
   * @param {string} text
   */
  function picker({ name, title }, value, text) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'pick';
    button.textContent = text;
    button.title = say('pick', { name: title, value: text });
    button.addEventListener('click', () => reader.page.choose(name, value));
    return button;
  }

  if (lines.length >= MIN_SEARCHED) box.append(searchField(card, reader, choices, fill));
  fill();
  scroll.append(table);
  box.append(scroll, foot);
  return box;
}

/**
 * @param {PageCard} card
 * @param {Reader} reader
 * @param {Choices} choices
 * @param {() => void} fill
 */
function searchField(card, { texts }, choices, fill) {
  const field = document.createElement('input');
  field.type = 'search';
  field.className = 'search';
  field.placeholder = texts.search;
  field.setAttribute('aria-label', `${texts.search}: ${card.title}`);
  field.value = choices.search;
  field.dataset.focus = 'search';
  field.addEventListener('input', () => {
    choices.search = field.value;
    choices.page = 0;
    fill();
  });
  return field;
}

/**
 * @param {string} tag
 * @param {string} className
 */
function element(tag, className) {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}

/**
 * Ascending: unknown values last, and numbers, also within texts, by size.
 * @param {Row[string]} a
 * @param {Row[string]} b
 */
function compare(a, b) {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
