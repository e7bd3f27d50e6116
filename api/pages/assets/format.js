// @ts-check
/** @import { Definition, Reader, Value } from './types.d.ts' */
import { createColours } from './colours.js';

const DASH = '–';
const TEXTS = ['text', 'word', 'period'];

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const TIMES = {
  hour: { dateStyle: 'medium', timeStyle: 'short' },
  day: { dateStyle: 'medium' },
  week: { dateStyle: 'medium' },
  month: { month: 'long', year: 'numeric' },
  total: { dateStyle: 'medium' },
};

/** @type {Record<string, Intl.NumberFormatOptions>} */
const NUMBERS = {
  count: { maximumFractionDigits: 0 },
  decimal: { maximumFractionDigits: 2 },
  share: { style: 'percent', maximumFractionDigits: 2 },
  usd: { style: 'currency', currency: 'USD' },
};

/** @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/**
 * @param {string} locale
 * @param {Intl.NumberFormatOptions} options
 */
function numberFormat(locale, options) {
  const key = `${locale} ${JSON.stringify(options)}`;
  const found = formats.get(key) ?? new Intl.NumberFormat(locale, options);
  formats.set(key, found);
  return found;
}

// Symbols that are the same in every language.
/** @type {[number, string][]} */
const SECONDS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
  [0.001, 'ms'],
];
/** @type {[number, string][]} */
const BYTES = [
  [1e12, 'TB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'kB'],
  [1, 'B'],
];

/**
 * @param {number} number
 * @param {string} locale
 * @param {[number, string][]} units greatest first, each with how many of the base it holds
 */
function inUnit(number, locale, units) {
  const [size, unit] = units.find(([least]) => Math.abs(number) >= least) ?? units[units.length - 1];
  const value = number / size;
  const maximumFractionDigits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${numberFormat(locale, { maximumFractionDigits }).format(value)}\u00a0${unit}`;
}

/**
 * Formats values in the reader's language and the tenant's time zone.
 * @param {Pick<Definition, 'locale' | 'timezone' | 'texts' | 'cards'>} definition
 * @returns {Omit<Reader, 'page'>}
 */
export function readerOf({ locale, timezone, texts, cards }) {
  /** @param {Value} value @param {string} format @param {string} [interval] */
  function show(value, format, interval = 'hour') {
    if (value === null || value === undefined || value === '') return TEXTS.includes(format) ? texts.absent : DASH;
    if (format === 'text') return String(value);
    if (format === 'word') return texts[`word_${String(value).replaceAll(/[^a-z]/g, '_')}`] ?? String(value);
    if (format === 'period') return periodName(String(value), locale, texts);
    if (format === 'time' || format === 'instant') {
      const options = format === 'instant' ? TIMES.hour : (TIMES[interval] ?? TIMES.hour);
      const text = new Intl.DateTimeFormat(locale, { ...options, timeZone: timezone }).format(new Date(String(value)));
      return format === 'time' && interval === 'week' ? texts.week_of.replace('{day}', text) : text;
    }
    const number = Number(value);
    if (!Number.isFinite(number)) return DASH;
    if (format === 'milliseconds') return inUnit(number / 1000, locale, SECONDS);
    if (format === 'seconds') return inUnit(number, locale, number === 0 ? [[1, 's']] : SECONDS);
    if (format === 'bytes') return inUnit(number, locale, BYTES);
    if (format === 'decimal' && number !== 0 && Math.abs(number) < 0.1) {
      return numberFormat(locale, { maximumSignificantDigits: 2 }).format(number);
    }
    if (format === 'usd' && number !== 0 && Math.abs(number) < 0.1) {
      return numberFormat(locale, { ...NUMBERS.usd, maximumSignificantDigits: 2 }).format(number);
    }
    return numberFormat(locale, NUMBERS[format] ?? NUMBERS.decimal).format(number);
  }

  /** @param {Value} value @param {string} format @param {number} [digits] of a share */
  function brief(value, format, digits) {
    const number = Number(value);
    if (format === 'share') {
      const maximumFractionDigits = digits ?? (Math.abs(number) < 0.02 ? 2 : 0);
      return numberFormat(locale, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits }).format(number);
    }
    if (format !== 'count' && format !== 'decimal' && format !== 'usd') return show(value, format);
    if (Math.abs(number) < 1000) return show(value, format);
    return numberFormat(locale, {
      ...NUMBERS[format],
      notation: 'compact',
      minimumFractionDigits: 0,
      maximumFractionDigits: 1,
    }).format(number);
  }

  return {
    texts,
    locale,
    timezone,
    colours: createColours(cards),
    period: (value) => periodName(value, locale, texts, true),
    show,
    brief,
    say: (name, values = {}) => (texts[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole),
  };
}

/**
 * An ISO week such as 2026-W46 or a month such as 2026-10 in words.
 * @param {string} period
 * @param {string} locale
 * @param {Record<string, string>} texts
 * @param {boolean} [short]
 */
function periodName(period, locale, texts, short = false) {
  const [year, part = ''] = period.split('-');
  if (part.startsWith('W'))
    return texts[short ? 'week_short' : 'week'].replace('{week}', String(Number(part.slice(1)))).replace('{year}', year);
  const at = Date.UTC(Number(year), Number(part) - 1);
  if (part && short) return bucketName(at, 'month', { locale, texts }, true);
  return part ? new Intl.DateTimeFormat(locale, { ...TIMES.month, timeZone: 'UTC' }).format(at) : period;
}

/**
 * The bucket that begins at a wall time: in full for a tooltip, or short for an axis.
 * @param {number} wall
 * @param {string} interval
 * @param {Pick<Reader, 'locale' | 'texts'>} reader
 * @param {boolean} [short]
 */
export function bucketName(wall, interval, { locale, texts }, short = false) {
  /** @type {Intl.DateTimeFormatOptions} */
  let options = TIMES[interval] ?? TIMES.hour;
  if (short && interval === 'month') options = { month: 'short', year: 'numeric' };
  else if (short && interval === 'hour' && new Date(wall).getUTCHours() > 0) options = { hour: '2-digit', minute: '2-digit' };
  else if (short) options = { day: 'numeric', month: 'short' };
  const text = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }).format(wall);
  if (short) return text.replace(' de ', ' ').replaceAll('.', '');
  return interval === 'week' ? texts.week_of.replace('{day}', text) : text;
}
