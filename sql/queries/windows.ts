import { DateTime } from 'luxon';

export const INTERVALS = ['hour', 'day', 'week', 'month', 'total'] as const;
export type Interval = (typeof INTERVALS)[number];

/** A half-open span of time in microseconds since 1970, which is how finely PostgreSQL tells times apart. */
export type Window = { from: number; to: number };

/**
 * What a window is read from: raw events for the parts of hours at its edges, and roll-ups for the rest. `days` are whole
 * UTC days less `cutDays`; `hourList` and `hours` are whole hours, one by one or as a span. No instant is in two of them.
 */
export type Pieces = { raw: Window[]; days?: Window; cutDays: number[]; hourList: number[]; hours?: Window };

export const HOUR = 3_600_000_000;
export const DAY = 24 * HOUR;

/** Beyond these, one span of hours is read faster than days and a long list of hours. */
const FEWEST_DAYS = 3;
const MOST_LISTED_HOURS = 2_000;

/** Starts of the buckets that a window touches, in order, in a tenant's zone; weeks begin on Monday. A total has one, at `from`. */
export function bucketStarts(window: Window, interval: Interval, zone: string): number[] {
  if (interval === 'total') return [window.from];
  const starts: number[] = [];
  if (interval === 'hour') {
    for (let start = floor(window.from, HOUR); start < window.to; start += HOUR) starts.push(start);
    return starts;
  }
  let start = startOf(DateTime.fromMillis(Math.floor(window.from / 1000), { zone }), interval);
  while (start.toMillis() * 1000 < window.to) {
    starts.push(start.toMillis() * 1000);
    start = startOf(start.plus({ [interval]: 1 }), interval);
  }
  return starts;
}

/** Start of the bucket that holds an instant. */
export function bucketStart(at: number, interval: Exclude<Interval, 'total'>, zone: string): number {
  return bucketStarts({ from: at, to: at + 1 }, interval, zone)[0] as number;
}

// Where clocks go back at midnight, the day begins at the first of its two midnights; where they skip it, at 01:00.
function startOf(time: DateTime, interval: 'day' | 'week' | 'month'): DateTime {
  const start = time.startOf(interval);
  const before = start.minus({ hours: 1 });
  return before.day === start.day ? before : start;
}

/** Splits a window so that every instant of it is read once, from the coarsest rows that do not cross a bucket's start. */
export function split(window: Window, starts: number[]): Pieces {
  const span = { from: ceil(window.from, HOUR), to: floor(window.to, HOUR) };
  if (span.from > span.to) return { raw: [window], cutDays: [], hourList: [] };
  const edges = [
    { from: window.from, to: span.from },
    { from: span.to, to: window.to },
  ];
  const raw = edges.filter(({ from, to }) => from < to);
  if (span.from === span.to) return { raw, cutDays: [], hourList: [] };
  const days = { from: ceil(span.from, DAY), to: floor(span.to, DAY) };
  const isCut = (start: number) => start % DAY !== 0 && start > days.from && start < days.to;
  const cutDays = [...new Set(starts.filter(isCut).map((start) => floor(start, DAY)))];
  const listed = (span.to - span.from - (days.to - days.from)) / HOUR + cutDays.length * 24;
  if ((days.to - days.from) / DAY - cutDays.length < FEWEST_DAYS || listed > MOST_LISTED_HOURS) {
    return { raw, cutDays: [], hourList: [], hours: span };
  }
  const hourList = [
    { from: span.from, to: days.from },
    { from: days.to, to: span.to },
    ...cutDays.map((day) => ({ from: day, to: day + DAY })),
  ].flatMap(hoursOf);
  return { raw, days, cutDays, hourList };
}

function hoursOf({ from, to }: Window): number[] {
  return Array.from({ length: (to - from) / HOUR }, (_, index) => from + index * HOUR);
}

export const floor = (at: number, width: number) => Math.floor(at / width) * width;
export const ceil = (at: number, width: number) => Math.ceil(at / width) * width;

/** An instant as PostgreSQL reads it, to the microsecond. */
export function timestamp(at: number): string {
  const fraction = String(at - floor(at, 1000)).padStart(3, '0');
  return `${new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)}${fraction}Z`;
}
