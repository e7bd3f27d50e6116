import type { Pool } from '../sql/db.ts';
import { readIsolation } from '../sql/queries/isolation-audits.ts';

/** What was found, and when; `measured` is null where nothing trustworthy is known. */
export type Measurement = { measured: number | null; measured_at: Date | null };

/** A number that the platform promises to stay at or under. */
export type Objective = {
  name: string;
  description: string;
  target: number;
  /** ISO 8601 duration that `measure` looks back over. */
  window: string;
  measure: (pool: Pool, now: Date) => Promise<Measurement>;
};

export const DAY_MS = 86_400_000;
/** An audit runs every hour; after two have failed to come nothing is known any more. */
export const STALE_AUDIT_SECONDS = 2 * 3600 + 300;

export const OBJECTIVES: readonly Objective[] = [
  {
    name: 'isolation.foreign_rows',
    description: 'Rows of another tenant that the hourly audit could reach.',
    target: 0,
    window: 'P30D',
    async measure(pool, now) {
      const audit = await readIsolation(pool, new Date(now.getTime() - 30 * DAY_MS));
      if (!audit) return { measured: null, measured_at: null };
      const known = audit.found_since > 0 || (audit.dead === 0 && audit.age_seconds < STALE_AUDIT_SECONDS);
      return { measured: known ? audit.found_since : null, measured_at: audit.ran_at };
    },
  },
];

/** Share of the budget that is left, 1 to 0; what may never happen has none once it has. */
export function budgetLeft(target: number, measured: number): number {
  if (target === 0) return measured === 0 ? 1 : 0;
  return Math.max(0, 1 - measured / target);
}
