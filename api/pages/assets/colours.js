// @ts-check
/** @import { PageCard, Colours } from './types.d.ts' */

const BASIC = 8;
const ALL = 16;

/**
 * The colour of each value, the same in every chart of a page. If its usual colour is taken, the value gets the next free one.
 * @param {readonly Pick<PageCard, 'display' | 'chart' | 'columns'>[]} cards
 * @returns {Colours}
 */
export function createColours(cards) {
  /** @type {Map<string, number>} */
  const values = new Map();
  /** @type {Map<string, number>} */
  const figures = new Map();
  for (const { columns, chart } of cards) {
    if (!chart || chart.series || chart.y.length === 1) continue;
    for (const [index, name] of chart.y.entries())
      take(figures, columns.find((one) => one.name === name)?.title ?? name, index);
  }
  const coloured = new Set(cards.flatMap(({ display, chart }) => [chart?.series, display === 'pie' ? chart?.x : undefined]));
  const ofValue = (/** @type {string} */ value) => take(values, value, hashOf(value) % BASIC);
  return {
    know: (all) => {
      for (const value of [...all].sort()) ofValue(value);
    },
    ofValue,
    ofFigure: (title) => figures.get(title) ?? 0,
    isColoured: (column) => coloured.has(column),
  };
}

/**
 * @param {Map<string, number>} taken
 * @param {string} name
 * @param {number} usual
 */
function take(taken, name, usual) {
  const known = taken.get(name);
  if (known !== undefined) return known;
  const used = new Set(taken.values());
  const places = Array.from({ length: ALL }, (_, n) => ((usual + n) % BASIC) + (n < BASIC ? 0 : BASIC));
  const place = places.find((one) => !used.has(one)) ?? usual;
  taken.set(name, place);
  return place;
}

/** @param {string} text */
function hashOf(text) {
  let hash = 0;
  for (const letter of text) hash = (Math.imul(hash, 31) + /** @type {number} */ (letter.codePointAt(0))) >>> 0;
  return hash;
}
