import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';
import type { Person } from './place.ts';

export const REVIEW_DECISIONS = ['keep', 'cut-out', 'destroy'] as const;
export type ReviewDecision = (typeof REVIEW_DECISIONS)[number];

/** Refused input that names a person where only people can judge it. `cuts` are ranges of bytes of `raw` that can be cut out. */
export type PrivacyReview = {
  id: string;
  request_id: string;
  person_hash: string;
  quarantine_id: string;
  received_at: Date;
  code: string;
  type: string | null;
  cuts: [number, number][];
  raw: Buffer;
  created_at: Date;
};

/**
 * Asks people to judge refused input, unless they have judged it for this person. Returns whether a decision is open. A later
 * request takes over what an earlier one asked.
 */
export async function askForReview(
  client: Client,
  { tenantId, hash }: Person,
  request: string,
  { quarantineId, receivedAt, cuts }: { quarantineId: string; receivedAt: string; cuts: [number, number][] },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into private.privacy_reviews (id, tenant_id, request_id, person_hash, quarantine_id, received_at, cuts)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, quarantine_id, person_hash) do update set request_id = excluded.request_id, cuts = excluded.cuts
       where privacy_reviews.decision is null`,
    [uuidv7(), tenantId, request, hash, quarantineId, receivedAt, JSON.stringify(cuts)],
  );
  return rowCount === 1;
}

/** Open reviews that a request has led to. */
export async function countReviews(client: Client, request: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'select count(*) as n from private.privacy_reviews where request_id = $1 and decision is null',
    [request],
  );
  return rows[0]?.n ?? 0;
}

const COLUMNS = 'id, request_id, person_hash, quarantine_id, received_at, code, type, cuts, raw, created_at';

/** The tenant's open reviews, newest first. */
export async function listReviews(client: Client, before: string | undefined, limit: number): Promise<PrivacyReview[]> {
  const { rows } = await client.query<PrivacyReview>(
    `select ${COLUMNS} from app.privacy_reviews where $1::uuid is null or id < $1 order by id desc limit $2`,
    [before ?? null, limit],
  );
  return rows;
}

/** An open review of the tenant. */
export async function findReview(client: Client, id: string): Promise<PrivacyReview | undefined> {
  const { rows } = await client.query<PrivacyReview>(`select ${COLUMNS} from app.privacy_reviews where id = $1`, [id]);
  return rows[0];
}

/** What is left of the input once its cuts are cut out. */
export function cutOut({ raw, cuts }: Pick<PrivacyReview, 'raw' | 'cuts'>): Buffer {
  let at = 0;
  const kept: Buffer[] = [];
  for (const [from, to] of cuts) {
    kept.push(raw.subarray(at, from));
    at = to;
  }
  return Buffer.concat([...kept, raw.subarray(at)]);
}

/**
 * Settles an open review: keeps the input, replaces it by `rest`, or destroys it. Returns false if it has been settled, or if the
 * input has changed since `raw` was read.
 */
export async function settleReview(
  client: Client,
  review: Pick<PrivacyReview, 'id' | 'raw'>,
  decision: ReviewDecision,
  rest: Buffer | null,
): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>('select door.settle_privacy_review($1, $2, $3, $4) as done', [
    review.id,
    decision,
    review.raw,
    rest,
  ]);
  return rows[0]?.done ?? false;
}
