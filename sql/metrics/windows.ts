import { DateTime } from 'luxon';
import QuickLRU from 'quick-lru';

export const INTERVALS = ['hour', 'day', 'week', 'month', 'total'] as const;
export type Interval = (typeof INTERVALS)[number];

/** A half-open window in microseconds since 1970, the resolution of PostgreSQL. */
export type Window = { from: number; to: number };

/**
 * What a window is read from: raw events for the parts of hours at its edges, and roll-ups for the rest, either as one range of
 * `hours`, or as whole UTC `days` plus a list of the hours outside them.
 *
 * Where a bucket begins within a UTC day, that day counts for the bucket that contains its noon, and its hours of the other
 * bucket are `moved` there. So a zone three hours from UTC needs three hours of each day besides the day itself, not all 24.
 */
export type Pieces = { raw: Window[]; hours?: Window; days?: Window; listed: number[]; moved: number[] };

export const HOUR = 3_600_000_000;
export const DAY = 24 * HOUR;

/** For fewer days than this, one range of hours is faster to read than days and single hours. */
const FEWEST_DAYS = 3;

/**
 * Starts of the buckets that a window touches, in order, in a tenant's zone. Weeks begin on Monday. `total` has one bucket, which
 * starts at `from`.
 */
export function bucketStarts(window: Window, interval: Interval, zone: string): number[] {
  if (interval === 'total') return [window.from];
  const starts: number[] = [];
  if (interval === 'hour') {
    for (let start = floor(window.from, HOUR); start < window.to; start += HOUR) starts.push(start);
    return starts;
  }
  let start = startOf(DateTime.fromMillis(Math.floor(window.from / 1000), { zone }), interval).toMillis() * 1000;
  while (start < window.to) {
    starts.push(start);
    start = nextStart(start, interval, zone);
  }
  return starts;
}

// Computing thirty days in a time zone takes longer than reading their metrics from the database, so results are cached.
const known = new QuickLRU<string, number>({ maxSize: 20_000 });

function nextStart(start: number, interval: 'day' | 'week' | 'month', zone: string): number {
  const key = `${interval} ${zone} ${start}`;
  let next = known.get(key);
  if (next === undefined) {
    const time = DateTime.fromMillis(start / 1000, { zone });
    next = startOf(time.plus({ [interval]: 1 }), interval).toMillis() * 1000;
    known.set(key, next);
  }
  return next;
}

/** Start of the bucket that contains an instant. */
export function bucketStart(at: number, interval: Exclude<Interval, 'total'>, zone: string): number {
  return bucketStarts({ from: at, to: at + 1 }, interval, zone)[0] as number;
}

// If clocks go back at midnight, the day begins at the first of its two midnights. If they skip midnight, it begins at 01:00.
function startOf(time: DateTime, interval: 'day' | 'week' | 'month'): DateTime {
  const start = time.startOf(interval);
  const before = start.minus({ hours: 1 });
  return before.day === start.day ? before : start;
}

/** Splits a window so that every instant counts once, in its own bucket, and is read from the coarsest rows possible. */
export function split(window: Window, starts: number[]): Pieces {
  const span = { from: ceil(window.from, HOUR), to: floor(window.to, HOUR) };
  if (span.from > span.to) return { raw: [window], listed: [], moved: [] };
  const edges = [
    { from: window.from, to: span.from },
    { from: span.to, to: window.to },
  ];
  const raw = edges.filter(({ from, to }) => from < to);
  if (span.from === span.to) return { raw, listed: [], moved: [] };
  const days = { from: ceil(span.from, DAY), to: floor(span.to, DAY) };
  const cuts = starts.filter((start) => start % DAY !== 0 && start > days.from && start < days.to);
  const isCutTwice = new Set(cuts.map((cut) => floor(cut, DAY))).size < cuts.length;
  if (isCutTwice || days.to - days.from < FEWEST_DAYS * DAY) return { raw, hours: span, listed: [], moved: [] };
  const listed = [hoursOf(span.from, days.from), hoursOf(days.to, span.to)].flat();
  return { raw, days, listed, moved: cuts.flatMap(hoursAcross) };
}

// The hours of a cut's day that are on the other side of the cut from noon.
function hoursAcross(cut: number): number[] {
  const day = floor(cut, DAY);
  return cut <= day + DAY / 2 ? hoursOf(day, cut) : hoursOf(cut, day + DAY);
}

function hoursOf(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / HOUR }, (_, index) => from + index * HOUR);
}

export const floor = (at: number, width: number) => Math.floor(at / width) * width;
export const ceil = (at: number, width: number) => Math.ceil(at / width) * width;

/** An instant as PostgreSQL text, to the microsecond. */
export function timestamp(at: number): string {
  const fraction = String(at - floor(at, 1000)).padStart(3, '0');
  return `${new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)}${fraction}Z`;
}
