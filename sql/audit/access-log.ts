import type { Pool } from '../database/db.ts';

/** Requests of one key, or of viewers of its embeds, from one address within one hour. */
export type Access = { keyId: string; address: string; viewer: boolean; firstAt: number; lastAt: number; requests: number };

/** Adds to the access log, and records each new address of a key itself in the audit log. */
export async function recordAccess(pool: Pool, entries: Access[]): Promise<void> {
  await pool.query('select door.record_access($1, $2, $3, $4, $5, $6)', [
    entries.map(({ keyId }) => keyId),
    entries.map(({ address }) => address),
    entries.map(({ firstAt }) => new Date(firstAt)),
    entries.map(({ lastAt }) => new Date(lastAt)),
    entries.map(({ requests }) => requests),
    entries.map(({ viewer }) => viewer),
  ]);
}
