// @ts-check
/** @import { PageAnswer, PageCard, Reader } from './types.d.ts' */
import { columnOf } from './chart-data.js';

// A factor of ten. Above it a percentage is not helpful.
const MAX_CHANGE = 9;

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * One big number, with the other columns of its row below it.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 */
export function scalar(card, { data, interval }, reader) {
  const [first = '', ...rest] = card.chart?.y ?? [];
  const row = data.at(-1) ?? {};
  const box = element('div', 'figure-box');
  box.append(element('p', 'big', reader.show(row[first], columnOf(card, first).format, interval)));
  const others = rest.map((name) => {
    const { title, format } = columnOf(card, name);
    return element('p', 'beside', `${title}: ${reader.show(row[name], format, interval)}`);
  });
  box.append(...others);
  return box;
}

/**
 * The number of this period, and its change since the previous period.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 */
export function trend(card, { data, has_before = true }, reader) {
  const name = card.chart?.y[0] ?? '';
  const { format } = columnOf(card, name);
  const [before, now] = data.length > 1 ? [data[0]?.[name], data.at(-1)?.[name]] : [null, data[0]?.[name]];
  const box = element('div', 'figure-box');
  box.append(element('p', 'big', reader.show(now, format)));
  if (!reader.page.isCompared()) return box;
  const line = element('p', 'change');
  const [old, present] = [before, now].map((value) => (value === null || value === undefined ? Number.NaN : Number(value)));
  const change = format === 'share' ? present - old : (present - old) / Math.abs(old);
  // A previous period with data for only a part of it is not comparable.
  if (!has_before || !Number.isFinite(change) || (format !== 'share' && change >= MAX_CHANGE)) {
    line.append(element('span', 'beside', reader.texts.no_before));
    box.append(line);
    return box;
  }
  const words = amount(change, format, reader);
  const isZero = !/[1-9]/.test(words);
  const isBetter = change > 0 === (card.chart?.better === 'higher');
  const tone = isZero ? 'same' : isBetter ? 'better' : 'worse';
  const pill = element('span', `pill ${tone}`, `${isZero ? '' : change > 0 ? '▲ ' : '▼ '}${words}`);
  pill.append(element('span', 'unseen', ` ${reader.texts[tone]}`));
  line.append(pill, element('span', 'beside', reader.say('before', { value: reader.show(before, format) })));
  box.append(line);
  return box;
}

/**
 * @param {number} change
 * @param {string} format
 * @param {Reader} reader
 */
function amount(change, format, { locale, say }) {
  const digits = { maximumFractionDigits: Math.abs(change) < 0.1 ? 1 : 0, signDisplay: /** @type {const} */ ('exceptZero') };
  if (format !== 'share') return new Intl.NumberFormat(locale, { style: 'percent', ...digits }).format(change);
  return say('points', { value: new Intl.NumberFormat(locale, { ...digits, maximumFractionDigits: 1 }).format(change * 100) });
}

/**
 * How much of a goal has been reached.
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 */
export function progress(card, { data }, reader) {
  const name = card.chart?.y[0] ?? '';
  const { format } = columnOf(card, name);
  const value = Number(data.at(-1)?.[name] ?? 0);
  const goal = card.chart?.goal ?? 1;
  const share = goal === 0 ? 0 : value / goal;
  const box = element('div', 'figure-box');
  const isShare = format === 'share';
  const ofGoal = isShare
    ? reader.say('goal', { value: reader.show(goal, format) })
    : reader.say('of_goal', { share: reader.show(share, 'share'), goal: reader.show(goal, format) });
  const bar = element('div', 'bar-track');
  bar.setAttribute('role', 'progressbar');
  bar.setAttribute('aria-label', card.title);
  bar.setAttribute('aria-valuemin', '0');
  bar.setAttribute('aria-valuemax', '100');
  bar.setAttribute('aria-valuenow', String(Math.round(Math.min(1, Math.max(0, share)) * 100)));
  bar.setAttribute('aria-valuetext', ofGoal);
  const fill = element('div', 'bar-fill');
  fill.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  bar.append(fill);
  box.append(element('p', 'big', reader.show(value, format)), bar, element('p', 'beside', ofGoal));
  return box;
}
