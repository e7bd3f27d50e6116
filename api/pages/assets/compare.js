// @ts-check
/** @import { PageAnswer, PageCard, Reader } from './types.d.ts' */
/** @import { Drawing } from './charts.js' */
/** @import { Table } from './chart-data.js' */
import { tableOf } from './chart-data.js';
import { bucketKey, bucketsOf, instantOf, step } from './times.js';

/** More lines would be too many to tell apart. */
const MAX_LINES = 4;

/**
 * @typedef {{ name: string, format: string, colour?: number, values: (number | null)[] }} SeriesBefore
 * @typedef {{ categories: string[], series: SeriesBefore[] }} Before
 */

/**
 * The window before that of a chart of times: as many whole buckets, up to the first of the chart. Undefined for what is no such chart, and
 * where there are no data from before.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @returns {{ from: string, to: string } | undefined}
 */
export function windowBefore({ columns, chart, display }, { data, has_before, interval, timezone, ...window }) {
  const x = columns.find(({ name }) => name === chart?.x);
  const isTimes = ['line', 'area', 'bar'].includes(display) && x?.format === 'time' && !chart?.interval && interval !== 'total';
  if (!isTimes || data.length === 0 || has_before === false) return undefined;
  const known = data.map((row) => bucketKey(String(row[x.name]), interval, timezone));
  const keys = bucketsOf(known, { ...window, interval }, timezone);
  const begin = keys.reduce((at) => step(at, interval, -1), keys[0]);
  const [from, to] = [begin, keys[0]].map((key) =>
    new Date(interval === 'hour' ? key : instantOf(key, timezone)).toISOString(),
  );
  return { from, to };
}

/**
 * The series of the window before, bucket by bucket beside those of this one; of a stacked chart their sum.
 * @param {PageCard} card
 * @param {Table} table
 * @param {PageAnswer | undefined} before
 * @param {Reader} reader
 * @returns {Before | undefined}
 */
export function beforeOf(card, { series, categories }, before, reader) {
  const isStacked = card.chart?.stacked === true && series.length > 1;
  if (!before || before.data.length === 0 || (!isStacked && series.length > MAX_LINES)) return undefined;
  const old = tableOf(card, before, reader);
  const fitted = (/** @type {(number | null)[]} */ values) => categories.map((_, index) => values[index] ?? null);
  const found = series.flatMap(({ name, format, colour }) => {
    const same = old.series.find((one) => one.name === name);
    return same ? [{ name, format, colour, values: fitted(same.values) }] : [];
  });
  if (found.length === 0) return undefined;
  const title = reader.texts.compare_before ?? '';
  const sums = categories.map((_, index) => found.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const shown =
    isStacked || series.length === 1
      ? [{ name: title, format: series[0].format, values: isStacked ? sums : found[0].values }]
      : found.map((one) => ({ ...one, name: `${one.name} · ${title}` }));
  return { categories: old.categories, series: shown };
}

/**
 * Muted lines of the window before.
 * @param {Drawing} drawing
 */
export const linesBefore = (drawing) =>
  (drawing.table.before?.series ?? []).map((one) => ({
    name: one.name,
    type: 'line',
    color: mutedOf(one, drawing),
    data: one.values,
    symbol: 'none',
    silent: true,
    z: 1,
    lineStyle: { width: 1.5, type: 'dotted' },
  }));

/**
 * What a tooltip says of the window before: each value, with its own bucket.
 * @param {Drawing} drawing
 * @param {number} index
 */
export const tipsBefore = (drawing, index) => {
  const { before } = drawing.table;
  const bucket = before?.categories[index];
  if (!before || bucket === undefined) return [];
  return before.series
    .filter(({ name }) => !drawing.choices.hidden.has(name))
    .map((one) => ({
      name: `${one.name} · ${bucket}`,
      value: drawing.reader.show(one.values[index], one.format),
      colour: mutedOf(one, drawing),
    }));
};

/**
 * @param {SeriesBefore} series
 * @param {Drawing} drawing
 */
const mutedOf = ({ colour }, { theme }) => (colour !== undefined && colour < 8 ? theme.colours[colour + 8] : theme.muted);
