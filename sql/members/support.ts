import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';
import { hashKey } from '../tenants/tenants.ts';

/** A visit lasts this long at most. */
export const MAX_VISIT_MINUTES = 60;
const LISTED = 50;

/** An operator's look at a tenant's pages. */
export type SupportVisit = {
  id: string;
  /** The operator's e-mail address, or the name of the key. */
  operator: string;
  reason: string;
  created_at: Date;
  ends_at: Date;
  /** When it was ended before its time. */
  ended_at: Date | null;
};

export type SupportAccess = { allowed_until: Date | null; visits: SupportVisit[] };

const COLUMNS = 'id, operator, stated_reason as reason, created_at, ends_at, ended_at';

/** Until when the transaction's tenant allows support access (null: not), and the newest visits. */
export async function findSupportAccess(client: Client): Promise<SupportAccess> {
  const allowed = await client.query<{ allowed_until: Date }>('select allowed_until from app.support_access');
  const visits = await client.query<SupportVisit>(`select ${COLUMNS} from app.support_visits order by id desc limit ${LISTED}`);
  return { allowed_until: allowed.rows[0]?.allowed_until ?? null, visits: visits.rows };
}

/** Allows support access to the transaction's tenant until a time. A visit that is open ends by then, too. */
export async function allowSupport(client: Client, until: Date): Promise<void> {
  await client.query('select door.allow_support($1)', [until]);
}

/** Ends support access to the transaction's tenant and all visits. Returns the hashes of their cookies. */
export async function endSupport(client: Client): Promise<Buffer[]> {
  const { rows } = await client.query<{ hashes: Buffer[] }>('select door.end_support() as hashes');
  return rows[0]?.hashes ?? [];
}

/**
 * Starts a visit to the transaction's tenant, for the operator who acts through a key. Undefined where the tenant does not allow it.
 * The visit has a key that nobody knows, with the scope `read`.
 */
export async function startVisit(
  client: Client,
  operatorKeyId: string,
  { reason, minutes }: { reason: string; minutes: number },
): Promise<(SupportVisit & { key_id: string }) | undefined> {
  const secret = hashKey(randomBytes(32).toString('base64url'));
  const { rows } = await client.query<SupportVisit & { key_id: string }>(
    `select ${COLUMNS}, key_id from door.start_visit($1, $2, $3, $4, $5, now() + $6 * interval '1 minute')`,
    [uuidv7(), uuidv7(), secret, operatorKeyId, reason, Math.min(minutes, MAX_VISIT_MINUTES)],
  );
  return rows[0];
}

/** Ends a visit to the transaction's tenant. Returns the hashes of its cookies; undefined where no such visit is open. */
export async function endVisit(client: Client, id: string): Promise<Buffer[] | undefined> {
  const { rows } = await client.query<{ hashes: Buffer[] | null }>('select door.end_visit($1) as hashes', [id]);
  return rows[0]?.hashes ?? undefined;
}
