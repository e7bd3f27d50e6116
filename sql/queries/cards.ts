import type { Pool } from '../db.ts';
import { MAX_ROWS } from './metrics.ts';

/** Rows of a dashboard's card, read as the login of `pool`; an answer that has more than MAX_ROWS has one more. */
export async function readCard(pool: Pool, text: string, values: readonly string[]): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query<Record<string, unknown>>(`select * from (\n${text}\n) card limit ${MAX_ROWS + 1}`, [
    ...values,
  ]);
  return rows;
}

/** Up to when every acknowledged event is counted. */
export async function readWatermark(pool: Pool): Promise<Date> {
  const { rows } = await pool.query<{ watermark: Date }>('select door.watermark() as watermark');
  return rows[0]?.watermark as Date;
}
