import { CsvError, parse } from 'csv-parse/sync';
import { didYouMean, quoted } from '../../lib/input-faults.ts';
import { CHANNELS } from '../performance/services.ts';
import type { NewChannelMonth } from './channels.ts';

/** What is wrong with a CSV of counts: the line and, if it is one value, its column. */
export type CsvFault = { line: number; column: string | null; code: string; detail: string };

const COUNTS = [...CHANNELS, 'assisted_digital'] as const;
const COSTS = CHANNELS.map((channel) => `cost_${channel}`);
const COLUMNS = ['period', ...COUNTS, 'currency', ...COSTS];

const MAX_COUNT = 1e12;
const MAX_LINE = 2_000;
const MAX_FAULTS = 100;
/** The months of a century. */
const MAX_ROWS = 1_200;

type Row = { record: string[]; info: { lines: number } };

/**
 * Reads the counts of months from CSV with a header: `period` and any of `online`, `paper`, `phone`, `other`, `assisted_digital`,
 * `currency`, `cost_online` and so on, separated by commas or semicolons. An empty cell is not known. Returns the months, and
 * every fault up to a hundred: a month that is named twice, or that has not begun, is one.
 */
export function readChannelCsv(
  text: string,
  isFuture: (period: string) => boolean,
): { months: NewChannelMonth[]; faults: CsvFault[] } {
  const delimiter = text.slice(0, text.search(/\r|\n|$/)).includes(';') ? ';' : ',';
  let rows: Row[];
  try {
    rows = parse(text, { bom: true, delimiter, info: true, skip_empty_lines: true, max_record_size: MAX_LINE }) as never;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return {
      months: [],
      faults: [{ line: Number(error.lines ?? 1), column: null, code: 'invalid-csv', detail: error.message }],
    };
  }
  const [head, ...body] = rows;
  const header = head?.record.map((name) => name.trim().toLowerCase()) ?? [];
  const faults = headerFaults(header);
  if (faults.length > 0) return { months: [], faults };
  if (body.length === 0 || body.length > MAX_ROWS) {
    const detail = `The file has ${body.length} lines below its header. It must have 1 to ${MAX_ROWS}.`;
    return { months: [], faults: [{ line: 1, column: null, code: 'row-count', detail }] };
  }
  const seen = new Set<string>();
  const months = body.map(({ record, info: { lines } }) => {
    const refuse = (column: string, code: string, detail: string) => faults.push({ line: lines, column, code, detail });
    const cells = new Map(header.map((name, at) => [name, (record[at] ?? '').trim()]));
    const month = monthOf(cells, refuse);
    if (isFuture(month.period)) refuse('period', 'future-period', `${month.period} has not begun.`);
    if (seen.has(month.period))
      refuse('period', 'repeated-month', `${month.period} is in an earlier line too. Keep one of them.`);
    seen.add(month.period);
    return month;
  });
  return { months, faults: faults.slice(0, MAX_FAULTS) };
}

function headerFaults(header: string[]): CsvFault[] {
  const fault = (column: string, code: string, detail: string): CsvFault => ({ line: 1, column, code, detail });
  const wrong = header.flatMap((name, at) => {
    if (!COLUMNS.includes(name))
      return fault(name, 'unknown-column', `${quoted(name)} is not a column of counts.${didYouMean(name, COLUMNS)}`);
    return header.indexOf(name) < at ? fault(name, 'repeated-column', `The column ${name} is there twice.`) : [];
  });
  if (!header.includes('period')) wrong.push(fault('period', 'missing-column', 'The header has no column period.'));
  return wrong.slice(0, MAX_FAULTS);
}

type Refuse = (column: string, code: string, detail: string) => void;

function monthOf(cells: Map<string, string>, refuse: Refuse): NewChannelMonth {
  const period = cells.get('period') ?? '';
  if (!/^20\d\d-(0[1-9]|1[0-2])$/.test(period))
    refuse('period', 'invalid-month', `${quoted(period)} is not a month, e.g. 2026-10.`);
  const number = (column: string, pattern: RegExp, what: string): number | null => {
    const written = cells.get(column) ?? '';
    if (written === '') return null;
    const value = pattern.test(written) ? Number(written.replace(',', '.')) : Number.NaN;
    if (value <= MAX_COUNT) return value;
    refuse(column, 'not-a-count', `${quoted(written)} is not ${what} from 0 to ${MAX_COUNT}.`);
    return null;
  };
  const counts = Object.fromEntries(COUNTS.map((name) => [name, number(name, /^\d+$/, 'a whole number')]));
  if (typeof counts.online === 'number' && (counts.assisted_digital ?? 0) > counts.online)
    refuse('assisted_digital', 'exceeds-online', 'assisted_digital is a part of online and must not exceed it.');
  const costs = Object.fromEntries(
    CHANNELS.flatMap((channel) => {
      const cost = number(`cost_${channel}`, /^\d+([.,]\d+)?$/, 'an amount');
      return cost === null ? [] : [[channel, cost] as const];
    }),
  );
  const currency = cells.get('currency') ?? '';
  if (Object.keys(costs).length === 0) return { period, ...counts };
  if (!/^[A-Z]{3}$/.test(currency))
    refuse('currency', 'invalid-currency', `${quoted(currency)} is not an ISO 4217 currency code, e.g. GBP.`);
  return { period, ...counts, costs: { currency, ...costs } };
}
