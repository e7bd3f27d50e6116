import type { Client, Pool } from '../database/db.ts';
import { MAX_ROWS } from '../metrics/metrics.ts';

/** Rows of a dashboard's card, read as the login of `pool`. An answer with more than MAX_ROWS has MAX_ROWS + 1. */
export async function readCard(pool: Pool, text: string, values: readonly string[]): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query<Record<string, unknown>>(`select * from (\n${text}\n) card limit ${MAX_ROWS + 1}`, [
    ...values,
  ]);
  return rows;
}

/**
 * State of a tenant's metrics for a window: the watermark, whether there are metrics at the start of the previous period, and how
 * many days of the window were restated, in any roll-up, and when last.
 */
export type Standing = { watermark: Date; hasBefore: boolean; restated: { days: number; latest: Date | null } };

/** The state of a window's metrics, for the tenant of the connection. A day that was empty before does not count as restated. */
export async function readStanding(client: Client, from: string, to: string): Promise<Standing> {
  const { rows } = await client.query<{ watermark: Date; has_before: boolean; days: number; latest: Date | null }>(
    `select door.watermark() as watermark,
         exists (select from app.events_daily where bucket <= $1::timestamptz - ($2::timestamptz - $1::timestamptz)) as has_before, count(distinct bucket) as days, max(restated_at) as latest
     from app.restatements where bucket >= date_trunc('day', $1::timestamptz, 'UTC') and bucket < $2 and before > 0`,
    [from, to],
  );
  const { watermark, has_before, ...restated } = rows[0] as (typeof rows)[0];
  return { watermark, hasBefore: has_before, restated };
}

/** The time up to which every acknowledged event of all tenants is counted. */
export async function readWatermark(pool: Pool): Promise<Date> {
  const { rows } = await pool.query<{ watermark: Date }>('select door.watermark() as watermark');
  return rows[0]?.watermark as Date;
}
