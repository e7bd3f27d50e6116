import { z } from 'zod';
import { periodNamed } from '../../sql/performance/periods.ts';
import { invalidRequest } from '../http/problems.ts';

/** A calendar month. */
export const month = z
  .string()
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'must be a month, e.g. 2026-10')
  .meta({ description: 'Calendar month, e.g. `2026-10`' });

/** A month, a quarter or a year. */
export const reportPeriod = z
  .string()
  .regex(/^20\d\d(-(0[1-9]|1[0-2]|Q[1-4]))?$/, 'must be a month, e.g. 2026-10, a quarter, e.g. 2026-Q4, or a year, e.g. 2026')
  .meta({ description: 'Month (`2026-10`), quarter (`2026-Q4`) or year (`2026`)' });

/** Whether a period that is a valid name has not begun in the time zone of its service. */
export const isFuture = (period: string, zone: string): boolean =>
  (periodNamed(period, zone)?.from.getTime() ?? 0) > Date.now();

/** Refuses a period that has not begun in the time zone of its service. */
export function refuseFuture(period: string, zone: string, pointer: string): void {
  if (!isFuture(period, zone)) return;
  const detail = `${period} has not begun. Choose the current period or an earlier one.`;
  throw invalidRequest([{ pointer, code: 'future-period', detail }]);
}
