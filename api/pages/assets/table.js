// @ts-check
/** @import { Answer, Card, Column, Reader, Row } from './types.d.ts' */

const TEXTS = ['text', 'time', 'instant'];

/**
 * A card's rows as a table that is sorted by the headers of its columns.
 * @param {Card} card
 * @param {Answer} answer
 * @param {Reader} reader
 */
export function tableElement(card, answer, reader) {
  const box = document.createElement('div');
  box.className = 'scroll';
  box.tabIndex = 0;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', card.title);
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  const body = table.createTBody();
  /** @type {{ column: string, direction: 1 | -1 } | undefined} */
  let order;

  for (const column of card.columns) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    if (!TEXTS.includes(column.format)) cell.className = 'number';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = column.title;
    button.title = reader.say('sort', { column: column.title });
    button.addEventListener('click', () => sortBy(column));
    cell.append(button);
    head.append(cell);
  }

  /** @param {Column} column */
  function sortBy(column) {
    const first = TEXTS.includes(column.format) ? 1 : -1;
    const direction = order?.column === column.name ? (order.direction === 1 ? -1 : 1) : first;
    order = { column: column.name, direction };
    for (const [index, cell] of [...head.cells].entries()) {
      if (card.columns[index] === column) cell.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
      else cell.removeAttribute('aria-sort');
    }
    fill([...answer.data].sort((a, b) => direction * compare(a[column.name], b[column.name])));
  }

  /** @param {readonly Row[]} rows */
  function fill(rows) {
    body.replaceChildren(
      ...rows.map((row) => {
        const line = document.createElement('tr');
        for (const { name, format } of card.columns) {
          const cell = line.insertCell();
          if (!TEXTS.includes(format)) cell.className = 'number';
          if (row[name] === null) cell.classList.add('absent');
          cell.textContent = reader.show(row[name], format, answer.interval);
        }
        return line;
      }),
    );
  }

  fill(answer.data);
  box.append(table);
  return box;
}

/**
 * What is not known comes last when sorted upwards; numbers, also in texts, by their size.
 * @param {Row[string]} a
 * @param {Row[string]} b
 */
function compare(a, b) {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
