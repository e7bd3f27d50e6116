// @ts-check
/** @import { PageAnswer, PageCard, Reader } from './types.d.ts' */

/**
 * The open choice that takes the values of a column; undefined where there is none.
 * @param {string} column
 * @param {Reader} reader
 */
export const filterOf = (column, { page }) => page.filters.find((filter) => filter.column === column);

/**
 * What was clicked in a chart, as a choice of the page: the value of the first column with a choice that one of the texts stands for.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 * @param {(string | undefined)[]} texts of the mark: its category, its series
 * @returns {{ name: string, value: string } | undefined}
 */
export function choiceOf(card, answer, reader, texts) {
  for (const column of card.columns) {
    const filter = filterOf(column.name, reader);
    const row = filter && answer.data.find((one) => texts.includes(reader.show(one[column.name], column.format)));
    const value = row?.[column.name];
    // What is not known cannot be chosen.
    if (filter && value !== null && value !== undefined) return { name: filter.name, value: String(value) };
  }
  return undefined;
}

/**
 * Says on a card which of the choices that are made it does not take.
 * @param {HTMLElement} section
 * @param {PageCard} card
 * @param {Reader} reader
 */
export function showUntouched(section, card, { page, say }) {
  const names = page.chosen().filter((name) => !card.takes.includes(name));
  const old = section.querySelector('.untouched');
  if (names.length === 0) return old?.remove();
  const badge = old ?? document.createElement('p');
  badge.className = 'untouched';
  const titles = page.filters.filter(({ name }) => names.includes(name)).map(({ title }) => title);
  badge.textContent = say('untouched', { names: titles.join(', ') });
  if (!old) section.querySelector('header')?.after(badge);
}
