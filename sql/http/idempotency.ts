import type { Pool } from '../database/db.ts';

export type StoredAnswer = { status: number; headers: Record<string, string>; body: unknown };
export type Claim =
  | { outcome: 'mine'; first_at: Date; answer: null }
  | { outcome: 'answered'; first_at: Date; answer: StoredAnswer }
  | { outcome: 'running' | 'mismatch'; first_at: Date; answer: null };

/** Claims a tenant's Idempotency-Key for the request with this hash, with a claim id from the caller. */
export async function claimIdempotencyKey(
  pool: Pool,
  tenantId: string,
  key: string,
  hash: Buffer,
  claim: string,
): Promise<Claim> {
  const result = await pool.query<Claim>('select * from door.claim_idempotency_key($1, $2, $3, $4)', [
    tenantId,
    key,
    hash,
    claim,
  ]);
  return result.rows[0] as Claim;
}

/**
 * Stores the answer under the claim. Null: another attempt may begin; if something may have been done, it continues from there.
 */
export async function settleIdempotencyKey(
  pool: Pool,
  tenantId: string,
  key: string,
  claim: string,
  answer: StoredAnswer | null,
  nothingDone: boolean,
): Promise<void> {
  await pool.query('select door.settle_idempotency_key($1, $2, $3, $4, $5)', [
    tenantId,
    key,
    claim,
    answer && JSON.stringify(answer),
    nothingDone,
  ]);
}
