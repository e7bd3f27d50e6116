// @ts-check
// Times in the tenant's zone. A wall time is the local time, stored as if it were UTC, so its arithmetic ignores summer time.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** @type {Map<string, Intl.DateTimeFormat>} */
const clocks = new Map();

/** @param {string} zone */
function clockOf(zone) {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    clocks.set(zone, clock);
  }
  return clock;
}

/**
 * Returns the wall time of a zone at an instant, both in milliseconds.
 * @param {number} at
 * @param {string} zone
 */
export function wallOf(at, zone) {
  const parts = Object.fromEntries(
    clockOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year, month, day, hour, minute, second } = /** @type {Record<string, number>} */ (parts);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * Returns the first instant at which the clocks of a zone show this wall time or later: the first of two midnights, or the end
 * of the gap if clocks skip midnight. The database begins days by the same rule.
 * @param {number} wall
 * @param {string} zone
 */
export function instantOf(wall, zone) {
  // Assumes that clocks change by whole hours, at most three.
  const guess = wall - (wallOf(wall, zone) - wall);
  for (let at = guess - 3 * HOUR; at <= guess + 3 * HOUR; at += HOUR) if (wallOf(at, zone) >= wall) return at;
  return guess;
}

const WIDTHS = /** @type {Record<string, number>} */ ({ hour: HOUR, day: DAY, week: 7 * DAY });
const DAYS = /** @type {Record<string, number>} */ ({ '7d': 7, '30d': 30, '90d': 90 });

/**
 * From when to when a range goes that moves with the clock: from the start of a day (or hour) to the end of this hour, or of a day.
 * @param {string} range
 * @param {string} zone
 * @param {number} now
 * @returns {{ from: string, to: string }}
 */
export function windowOf(range, zone, now) {
  const end = Math.floor(now / HOUR) * HOUR + HOUR;
  const today = midnight(wallOf(end - 1, zone));
  const month = Date.UTC(new Date(today).getUTCFullYear(), new Date(today).getUTCMonth(), 1);
  const days = DAYS[range];
  /** @type {Record<string, number[]>} */
  const walls = {
    today: [today],
    yesterday: [today - DAY, today],
    'this-month': [month],
    'last-month': [step(month, 'month', -1), month],
    ...(days && { [range]: [today - (days - 1) * DAY] }),
  };
  const [first, last] = walls[range] ?? [];
  const from = first === undefined ? end - 24 * HOUR : instantOf(first, zone);
  const to = last === undefined ? end : instantOf(last, zone);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/**
 * Returns a window of whole days, both included, from the values of two date fields.
 * @param {string} first
 * @param {string} last
 * @param {string} zone
 */
export function windowOfDays(first, last, zone) {
  const from = instantOf(Date.parse(`${first}T00:00:00Z`), zone);
  const to = instantOf(Date.parse(`${last}T00:00:00Z`) + DAY, zone);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/**
 * Returns the value of a date field for an instant.
 * @param {number} at
 * @param {string} zone
 */
export const dayOf = (at, zone) => new Date(wallOf(at, zone)).toISOString().slice(0, 10);

/**
 * What a field for a date and a time holds for an instant.
 * @param {number} at
 * @param {string} zone
 */
export const minuteOf = (at, zone) => new Date(wallOf(at, zone)).toISOString().slice(0, 16);

/**
 * The instant that such a field means.
 * @param {string} text
 * @param {string} zone
 */
export const instantOfMinute = (text, zone) => new Date(instantOf(Date.parse(`${text.slice(0, 16)}:00Z`), zone)).toISOString();

/** @param {number} wall */
export const midnight = (wall) => Math.floor(wall / DAY) * DAY;

/**
 * Returns the key of the next or the previous bucket.
 * @param {number} wall
 * @param {string} interval
 * @param {1 | -1} by
 */
export function step(wall, interval, by) {
  if (interval !== 'month') return wall + by * (WIDTHS[interval] ?? DAY);
  const at = new Date(wall);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + by, 1);
}

/**
 * Returns the key that identifies a bucket, in milliseconds. Hours and totals: the instant, because clocks may show an hour
 * twice. Days and longer: the day in wall time, because clocks may skip its midnight.
 * @param {string} time
 * @param {string} interval
 * @param {string} zone
 */
export const bucketKey = (time, interval, zone) =>
  interval === 'hour' || interval === 'total' ? Date.parse(time) : midnight(wallOf(Date.parse(time), zone));

/**
 * Returns the keys of all buckets of a window up to the watermark, in order, also of buckets without a row.
 * @param {number[]} known keys of buckets that have rows
 * @param {{ from: string, to: string, interval: string, watermark: string }} answer
 * @param {string} zone
 */
export function bucketsOf(known, { from, to, interval, watermark }, zone) {
  const sorted = [...new Set(known)].sort((a, b) => a - b);
  if (sorted.length === 0 || interval === 'total') return sorted;
  const keyed = (/** @type {number} */ at) => (interval === 'hour' ? at : wallOf(at, zone));
  const begin = keyed(Date.parse(from));
  const end = keyed(Math.min(Date.parse(to), Date.parse(watermark)) - 1);
  const buckets = new Set(sorted);
  for (let at = sorted[0]; step(at, interval, 1) > begin; at = step(at, interval, -1)) buckets.add(at);
  for (let at = sorted[0]; at <= end; at = step(at, interval, 1)) buckets.add(at);
  return [...buckets].sort((a, b) => a - b);
}
