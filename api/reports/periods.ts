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

/** Refuses a period that has not begun in the time zone of its service. */
export function refuseFuture(period: string, zone: string, pointer: string): void {
  const found = periodNamed(period, zone);
  if (found && found.from.getTime() <= Date.now()) return;
  const detail = `${period} has not begun. Choose the current period or an earlier one.`;
  throw invalidRequest([{ pointer, code: 'future-period', detail }]);
}
