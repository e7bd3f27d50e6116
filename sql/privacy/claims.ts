import { v7 as uuidv7 } from 'uuid';
import { backOff, PUT_OFF } from '../database/back-off.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import { signCertificate } from './certificates.ts';
import type { PrivacyRequest } from './privacy-requests.ts';

/** A request that a worker holds a lease on: with the person's own identifier, and the lease's id, which every write checks. */
export type ClaimedRequest = Pick<PrivacyRequest, 'id' | 'kind' | 'person_hash' | 'created_at'> & {
  tenant_id: string;
  person: string;
  claim: string;
};

/** A worker renews its lease at least this often. Otherwise the lease expires and another worker takes the request. */
const LEASE = "interval '2 minutes'";

/** The request has ended, or another worker has its lease. Nothing more may be written for it. */
export class ClaimLost extends Error {}

/**
 * Leases the next request. Tenants with the fewest running requests come first, then the one served longest ago. Requests about
 * the same person exclude each other. An erasure does not wait for access requests of the same person: it ends them. Returns
 * undefined if nothing is due.
 */
export async function claimPrivacyRequest(pool: Pool): Promise<ClaimedRequest | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    // One lease at a time, so that each worker sees whom the others serve.
    await client.query("select from storage.locks where name = 'privacy requests' for update");
    await client.query(
      `update private.privacy_requests set status = 'queued', retry_at = now() + ${backOff('attempts')}
       where status = 'running' and claimed_until <= now()`,
    );
    const next = await findNext(client);
    if (!next) return undefined;
    if (next.kind === 'erasure') await supersede(client, next);
    const { rows } = await client.query<ClaimedRequest>(
      `update private.privacy_requests
       set status = 'running', claim = $2, claimed_until = now() + ${LEASE}, served_at = now(), attempts = attempts + 1
       where id = $1 returning id, tenant_id, kind, person, person_hash, created_at, claim`,
      [next.id, uuidv7()],
    );
    return rows[0];
  });
}

type Next = Pick<ClaimedRequest, 'id' | 'tenant_id' | 'kind' | 'person_hash'>;

async function findNext(client: Client): Promise<Next | undefined> {
  const { rows } = await client.query<Next>(
    `with turn as (
       select o.tenant_id, count(*) filter (where o.status = 'running') as busy,
           (select max(s.served_at) from private.privacy_requests s where s.tenant_id = o.tenant_id) as served_at
       from private.privacy_requests o where o.status in ('queued', 'running') group by 1
     )
     select r.id, r.tenant_id, r.kind, r.person_hash from private.privacy_requests r join turn using (tenant_id)
     where r.status = 'queued' and coalesce(r.retry_at, '-infinity') <= now()
       and not exists (
         select from private.privacy_requests o
         where o.tenant_id = r.tenant_id and o.person_hash = r.person_hash and o.status = 'running'
           and (o.kind = 'erasure' or r.kind <> 'erasure')
       )
     order by turn.busy, turn.served_at nulls first, r.created_at, r.id limit 1`,
  );
  return rows[0];
}

// Waits for a part that is just being written; the next part finds its lease lost. The place `bundles` erases what was written.
async function supersede(client: Client, erasure: Next): Promise<void> {
  await client.query(
    `update private.privacy_requests
     set status = 'superseded', completed_at = now(), person = null, outcome = jsonb_build_object('superseded_by', $3::uuid)
     where tenant_id = $1 and person_hash = $2 and kind = 'access' and status in ('queued', 'running')`,
    [erasure.tenant_id, erasure.person_hash, erasure.id],
  );
}

/** What every statement that writes for a request must match. */
export type Held = Pick<ClaimedRequest, 'id' | 'claim'>;

/** Condition that a request is still leased: $1 and $2 are its id and its lease. */
export const HELD = "id = $1 and claim = $2 and status = 'running'";

/** Throws ClaimLost unless the statement has changed one request. */
export async function proveHeld(updating: Promise<{ rowCount: number | null }>): Promise<void> {
  if ((await updating).rowCount !== 1) throw new ClaimLost('The privacy request was ended, or another worker serves it.');
}

/** Renews the lease. Throws ClaimLost if it is lost. */
export async function keepPrivacyClaim(pool: Pool, { id, claim }: Held): Promise<void> {
  await proveHeld(
    pool.query(`update private.privacy_requests set claimed_until = now() + ${LEASE} where ${HELD}`, [id, claim]),
  );
}

/** Records the progress, in per cent. Throws ClaimLost. */
export async function notePrivacyProgress(pool: Pool, { id, claim }: Held, progress: number): Promise<void> {
  await proveHeld(pool.query(`update private.privacy_requests set progress = $3 where ${HELD}`, [id, claim, progress]));
}

/**
 * Releases the lease after a failed attempt, for a later retry. `why`: what the tenant reads until then. A postponed attempt does
 * not count and has no reason.
 */
export async function releasePrivacyRequest(pool: Pool, { id, claim }: Held, why: string | null): Promise<void> {
  await pool.query(
    `update private.privacy_requests
     set status = 'queued', blocked = coalesce($4, blocked), attempts = attempts - $3::integer,
         retry_at = now() + case $3 when 1 then ${PUT_OFF} else ${backOff('attempts')} end
     where ${HELD}`,
    [id, claim, why === null ? 1 : 0, why],
  );
}

/** Marks an erasure's cut-off: what was received before now is covered. Returns it. Throws ClaimLost. */
export async function beginErasure(pool: Pool, { id, claim }: Held): Promise<Date> {
  const { rows } = await pool.query<{ cut_off: Date }>(
    `update private.privacy_requests set cut_off = clock_timestamp() where ${HELD} returning cut_off`,
    [id, claim],
  );
  if (!rows[0]) throw new ClaimLost('The privacy request was ended, or another worker serves it.');
  return rows[0].cut_off;
}

/** Completes an access request. From now on only the pseudonym identifies the person. Throws ClaimLost. */
export async function completePrivacyRequest(pool: Pool | Client, { id, claim }: Held, outcome: object): Promise<void> {
  await proveHeld(
    pool.query(
      `update private.privacy_requests
       set status = 'completed', progress = 100, completed_at = now(), outcome = $3, person = null, blocked = null where ${HELD}`,
      [id, claim, JSON.stringify(outcome)],
    ),
  );
}

/** The same for an erasure, with a signed certificate. Throws ClaimLost. */
export async function certifyErasure(pool: Pool, request: Held & { tenant_id: string }, certificate: object): Promise<void> {
  await withTransaction(pool, 'begin', async (client) => {
    await completePrivacyRequest(client, request, certificate);
    await client.query('update private.privacy_requests set outcome = $2 where id = $1', [
      request.id,
      JSON.stringify(await signCertificate(client, request.tenant_id, request.id, certificate)),
    ]);
  });
}

/**
 * Stores one part of a file. It locks the request's row, so that an erasure that ends the request waits for the part and then
 * removes it.
 */
export async function writeBundlePart(
  pool: Pool,
  { id, claim }: Held,
  name: string,
  part: number,
  content: Buffer,
): Promise<void> {
  await proveHeld(
    pool.query(
      `with held as (select tenant_id, id from private.privacy_requests where ${HELD} for share)
       insert into private.privacy_files (tenant_id, request_id, name, part, content) select tenant_id, id, $3, $4, $5 from held`,
      [id, claim, name, part, content],
    ),
  );
}

/** Removes what an earlier attempt has left of a bundle. */
export async function clearBundle(pool: Pool, { id, claim }: Held): Promise<void> {
  await pool.query(
    `delete from private.privacy_files where request_id = (select id from private.privacy_requests where ${HELD} for share)`,
    [id, claim],
  );
}
