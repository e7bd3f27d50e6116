// @ts-check
/** @import { PageAnswer, PageCard, PageColumn, Reader, Row, Value } from './types.d.ts' */
/** @import { Before } from './compare.js' */
import { bucketName } from './format.js';
import { bucketKey, bucketsOf, instantOf, step, wallOf } from './times.js';

const MAX_SERIES = 8;
// In a bucket without a row these are 0. A share or a duration of nothing is unknown.
const COUNTED = ['count', 'bytes', 'usd'];

/**
 * @typedef {{ name: string, format: string, colour: number, values: (number | null)[] }} Series
 * @typedef {{ categories: string[], shorts: string[], walls?: number[], interval: string, placeOf: (row: Row) => number, spanOf?: (first: number, last: number) => { from: string, to: string }, partial: Set<number>, series: Series[], all: number, before?: Before }} Table
 */

/**
 * @param {PageCard} card
 * @param {string | undefined} name
 * @returns {PageColumn}
 */
export function columnOf(card, name) {
  return card.columns.find((column) => column.name === name) ?? { name: name ?? '', title: '', format: 'text' };
}

/** @param {Value} value */
const numberOf = (value) => (value === null || value === undefined || value === '' ? null : Number(value));

/**
 * Rows as an axis and one or more series. A time axis has every bucket of the window.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 * @returns {Table}
 */
export function tableOf(card, answer, reader) {
  const chart = card.chart ?? { y: [] };
  const x = columnOf(card, chart.x);
  const isTime = x.format === 'time' || x.format === 'instant';
  const isBuckets = x.format === 'time';
  const interval = chart.interval ?? answer.interval;
  const width = isBuckets ? interval : 'hour';
  /** @param {Row} row */
  const keyOf = (row) => {
    if (isTime) return bucketKey(String(row[x.name]), width, answer.timezone);
    return x.format === 'period' ? String(row[x.name]) : reader.show(row[x.name], x.format);
  };
  const keys = answer.data.map(keyOf);
  const window = { ...answer, interval };
  const places = isBuckets ? bucketsOf(/** @type {number[]} */ (keys), window, answer.timezone) : [...new Set(keys)];
  const indexes = new Map(places.map((key, index) => [key, index]));
  const placeOf = (/** @type {Row} */ row) => /** @type {number} */ (indexes.get(keyOf(row)));
  const series = chart.series
    ? split(card, answer, reader)
    : chart.y.map((name) => ({ ...named(card, name), rows: answer.data, y: name }));
  const filled = series.map(({ name, format, rows, y }) => {
    /** @type {(number | null)[]} */
    const values = places.map(() => (isBuckets && COUNTED.includes(format) ? 0 : null));
    for (const row of rows) values[placeOf(row)] = numberOf(row[y]);
    return { name, format, values };
  });
  const greatest = filled.length > MAX_SERIES ? filled.toSorted((a, b) => sumOf(b) - sumOf(a)).slice(0, MAX_SERIES) : filled;
  if (chart.series) reader.colours.know(greatest.map(({ name }) => name));
  if (reader.colours.isColoured(chart.x ?? '')) reader.colours.know(places.map(String));
  const colourOf = chart.series ? reader.colours.ofValue : reader.colours.ofFigure;
  const isInstant = width === 'hour' || width === 'total';
  const walls = isTime
    ? /** @type {number[]} */ (places).map((key) => (isInstant ? wallOf(key, answer.timezone) : key))
    : undefined;
  const texts = places.map(String);
  const isPeriod = x.format === 'period';
  const isSpans = isBuckets && interval !== 'total';
  return {
    categories:
      walls?.map((wall) => bucketName(wall, interval, reader)) ??
      (isPeriod ? texts.map((text) => reader.show(text, 'period')) : texts),
    shorts: walls?.map((wall) => bucketName(wall, interval, reader, true)) ?? (isPeriod ? texts.map(reader.period) : texts),
    ...(walls && { walls }),
    interval,
    placeOf,
    ...(isSpans && { spanOf: (first, last) => spanOf(/** @type {number[]} */ (places), first, last, window) }),
    partial: isBuckets ? partialOf(/** @type {number[]} */ (places), window) : new Set(),
    series: greatest.map((one) => ({ ...one, colour: colourOf(one.name) })),
    all: filled.length,
  };
}

/**
 * The buckets that are incomplete because the window or the watermark cuts them.
 * @param {number[]} keys
 * @param {{ from: string, to: string, interval: string, timezone: string, watermark: string }} window
 */
function partialOf(keys, { from, to, interval, timezone, watermark }) {
  const first = keys[0] ?? 0;
  const last = keys.at(-1) ?? 0;
  const startOf = (/** @type {number} */ key) => (interval === 'hour' ? key : instantOf(key, timezone));
  const begin = Date.parse(from);
  /** @type {Set<number>} */
  const partial = new Set();
  if (interval === 'total' || keys.length === 0) return partial;
  if (startOf(first) < begin && begin < startOf(step(first, interval, 1))) partial.add(0);
  if (startOf(step(last, interval, 1)) > Math.min(Date.parse(to), Date.parse(watermark))) partial.add(keys.length - 1);
  return partial;
}

/**
 * From when to when some buckets go, within the window.
 * @param {number[]} keys
 * @param {number} first
 * @param {number} last
 * @param {{ from: string, to: string, interval: string, timezone: string }} window
 */
function spanOf(keys, first, last, { from, to, interval, timezone }) {
  const startOf = (/** @type {number} */ key) => (interval === 'hour' ? key : instantOf(key, timezone));
  const begin = Math.max(startOf(keys[first]), Date.parse(from));
  const end = Math.min(startOf(step(keys[last], interval, 1)), Date.parse(to));
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
}

/**
 * The minimum and maximum that a chart shows. Stacked values are added up.
 * @param {Table} table
 * @param {boolean} isStacked
 * @param {ReadonlySet<string>} hidden names of series that are not shown
 */
export function extentOf({ categories, series, before }, isStacked, hidden) {
  const old = (before?.series ?? []).filter(({ name }) => !hidden.has(name)).flatMap(({ values }) => values);
  const shown = series.filter(({ name }) => !hidden.has(name)).map(({ values }) => values);
  const own = isStacked
    ? categories.map((_, index) => shown.reduce((sum, values) => sum + (values[index] ?? 0), 0))
    : shown.flat();
  const known = [...own, ...old].filter((value) => value !== null);
  return { low: known.length > 0 ? Math.min(...known) : 0, high: known.length > 0 ? Math.max(...known) : 0 };
}

/** @param {Pick<Series, 'values'>} series */
export const sumOf = ({ values }) => values.reduce((/** @type {number} */ sum, value) => sum + (value ?? 0), 0);

/**
 * @param {PageCard} card
 * @param {string} name
 */
function named(card, name) {
  const { title, format } = columnOf(card, name);
  return { name: title, format };
}

/**
 * One series for each value of the series column, or for each column of `y`.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 */
function split(card, { data }, reader) {
  const { y, series = '' } = card.chart ?? { y: [] };
  const { format: textFormat } = columnOf(card, series);
  const groups = Map.groupBy(data, (row) => reader.show(row[series], textFormat));
  return [...groups].flatMap(([group, rows]) =>
    y.map((name) => {
      const { name: title, format } = named(card, name);
      return { name: y.length > 1 ? `${group} · ${title}` : group, format, rows, y: name };
    }),
  );
}

/**
 * The buckets that get a label, at most `most` of them: whole days, or hours that divide a day evenly.
 * @param {number[]} walls
 * @param {string} interval
 * @param {number} most
 */
export function labelled(walls, interval, most) {
  const hours = interval === 'hour' ? [1, 2, 3, 6, 12, 24, 48, 72, 168, 336] : [];
  const every = hours.find((step) => walls.length / step <= most);
  if (every) return new Set(walls.flatMap((wall, index) => (Math.round(wall / 3_600_000) % every === 0 ? [index] : [])));
  const stride = Math.max(1, Math.ceil(walls.length / most));
  const last = walls.length - 1;
  return new Set(walls.flatMap((_, index) => ((last - index) % stride === 0 ? [index] : [])));
}

/**
 * A chart in one sentence, for screen readers.
 * @param {PageCard} card
 * @param {Table} table
 * @param {Reader} reader
 */
export function summaryOf(card, table, reader) {
  const sentences = table.series.slice(0, 4).flatMap(({ name, format, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return [];
    const [low, high] = [Math.min(...known), Math.max(...known)].map((value) => reader.show(value, format));
    const last = reader.show(known.at(-1), format);
    return reader.say('summary', { title: '', column: name, count: String(known.length), low, high, last }).replace(/^\. /, '');
  });
  return [card.title, ...sentences].join('. ').replace('..', '.');
}
