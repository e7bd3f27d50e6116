import { DateTime } from 'luxon';
import { bucketStart } from '../metrics/windows.ts';

/** A calendar period of a service, in its time zone: `[from, to)`. */
export type CalendarPeriod = { name: string; from: Date; to: Date };

const NAME = /^(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?$/;

/** The period with a name: a month (`2026-10`), a quarter (`2026-Q3`) or a year (`2026`). Undefined for any other text. */
export function periodNamed(name: string, zone: string): CalendarPeriod | undefined {
  const parts = NAME.exec(name);
  if (!parts || Number(parts[1]) < 1970) return undefined;
  const [year, month, quarter] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const first = month || (quarter ? quarter * 3 - 2 : 1);
  const months = month ? 1 : quarter ? 3 : 12;
  return { name, from: monthStart(year, first, zone), to: monthStart(year, first + months, zone) };
}

/** The month that contains a moment, or the one that comes `months` months later. */
export function periodAt(at: Date, zone: string, months = 0): CalendarPeriod {
  // Every month has a 15th.
  const { year, month } = DateTime.fromJSDate(at, { zone }).set({ day: 15 }).plus({ months });
  const name = `${year}-${String(month).padStart(2, '0')}`;
  return { name, from: monthStart(year, month, zone), to: monthStart(year, month + 1, zone) };
}

/** The months of a period, in order. */
export function monthsOf({ from, to }: Pick<CalendarPeriod, 'from' | 'to'>, zone: string): CalendarPeriod[] {
  const months: CalendarPeriod[] = [];
  for (let next = periodAt(from, zone); next.from < to; next = periodAt(next.to, zone)) months.push(next);
  return months;
}

// By the one rule of when a local month begins, which metrics follow too.
function monthStart(year: number, month: number, zone: string): Date {
  const middle = DateTime.fromObject(
    { year: year + Math.floor((month - 1) / 12), month: ((month - 1) % 12) + 1, day: 15 },
    { zone },
  );
  return new Date(bucketStart(middle.toMillis() * 1000, 'month', zone) / 1000);
}
