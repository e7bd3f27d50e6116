/**
 * A moment to the microsecond, as the database stores it: UTC in RFC 3339 with six digits. Such texts sort like the moments. A
 * Date would truncate to milliseconds.
 */
export type Instant = string;

/** The instant of microseconds since 1970, in the years 0 to 9999. */
export function instantOf(microseconds: number): Instant {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}

/** The instant of a Date. */
export const instantAt = (date: Date): Instant => `${date.toISOString().slice(0, -1)}000Z`;

/** The Date of an instant, truncated to the millisecond. */
export const dateOf = (instant: Instant): Date => new Date(instant);

/** The earlier of two instants. */
export const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b);

/** The later of two instants. */
export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);

/** An instant as responses show it: milliseconds, or six digits if the last three are not zero. */
export const shownInstant = (instant: Instant): string => instant.replace(/000Z$/, 'Z');

/** SQL that converts a timestamptz column to an instant. */
export const instantSql = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

// The calendar repeats every 400 years. They are added because Date.UTC reads years below 100 as 19xx.
const FOUR_CENTURIES_MS = 146_097 * 24 * 3600_000;

/**
 * Returns microseconds since 1970 of an RFC 3339 time with its zone, and undefined for any other text. Finer digits are
 * truncated. Second 60 is accepted only where a leap second can be: 23:59:60 UTC on 30 June or 31 December.
 */
export function parseTime(text: string): number | undefined {
  const parts = TIME.exec(text);
  if (!parts) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const [hour, minute, second] = [Number(parts[4]), Number(parts[5]), Number(parts[6])];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
  if (day > 28 && day > new Date(Date.UTC(year + 400, month, 0)).getUTCDate()) return undefined;
  let offset = 0;
  if (parts[8]) {
    const [hours, minutes] = [Number(parts[9]), Number(parts[10])];
    if (hours > 23 || minutes > 59) return undefined;
    offset = (hours * 60 + minutes) * (parts[8] === '-' ? -60_000 : 60_000);
  }
  const at = Date.UTC(year + 400, month - 1, day, hour, minute, second) - FOUR_CENTURIES_MS - offset;
  if (second === 60) return isAfterLeapSecond(at) ? at * 1000 - 1 : undefined;
  const fraction = parts[7] ? Number(parts[7].padEnd(6, '0').slice(0, 6)) : 0;
  return at * 1000 + fraction;
}

// A leap second ends 30 June or 31 December in UTC (RFC 3339, appendix D). No clock here has one, so it counts as the last
// microsecond of its day: the event stays in its sender's day.
function isAfterLeapSecond(milliseconds: number): boolean {
  return /-(01|07)-01T00:00:00\.000Z$/.test(new Date(milliseconds).toISOString());
}
