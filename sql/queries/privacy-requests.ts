import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../db.ts';
import type { Erased } from './places.ts';

export const REQUEST_KINDS = ['access', 'erasure', 'withdrawal', 'restoration'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** One file of a bundle, with the SHA-256 of its bytes in hexadecimal digits. */
export type BundleFile = { name: string; rows: number; bytes: number; sha256: string };

export type PrivacyRequest = {
  id: string;
  kind: RequestKind;
  person_hash: string;
  reason: string | null;
  status: 'queued' | 'running' | 'completed';
  progress: number;
  created_at: Date;
  due_at: Date;
  completed_at: Date | null;
  outcome: { files?: BundleFile[] } | null;
};

/** A request as the job that serves it sees it: with the person's own identifier. */
export type OpenRequest = Pick<PrivacyRequest, 'id' | 'kind' | 'person_hash' | 'created_at'> & {
  tenant_id: string;
  person: string;
};

const COLUMNS = 'id, kind, person_hash, reason, status, progress, created_at, due_at, completed_at, outcome';

/** Notes a request of the tenant of this transaction; one that is done with that is completed at once. */
export async function createPrivacyRequest(
  client: Client,
  tenantId: string,
  request: { kind: RequestKind; person: string | null; personHash: string; reason: string | null },
): Promise<PrivacyRequest> {
  const done = request.person === null;
  const { rows } = await client.query<PrivacyRequest>(
    `insert into app.privacy_requests (id, tenant_id, kind, person, person_hash, reason, status, progress, created_at, due_at, completed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, now(), now() + interval '15 days', case when $9 then now() end)
     returning ${COLUMNS}`,
    [
      uuidv7(),
      tenantId,
      request.kind,
      request.person,
      request.personHash,
      request.reason,
      done ? 'completed' : 'queued',
      done ? 100 : 0,
      done,
    ],
  );
  return rows[0] as PrivacyRequest;
}

export async function findPrivacyRequest(client: Client, id: string): Promise<PrivacyRequest | undefined> {
  const { rows } = await client.query<PrivacyRequest>(`select ${COLUMNS} from app.privacy_requests where id = $1`, [id]);
  return rows[0];
}

/** The tenant's requests, the newest first. */
export async function listPrivacyRequests(
  client: Client,
  before: string | undefined,
  limit: number,
): Promise<PrivacyRequest[]> {
  const { rows } = await client.query<PrivacyRequest>(
    `select ${COLUMNS} from app.privacy_requests where $1::uuid is null or id < $1 order by id desc limit $2`,
    [before ?? null, limit],
  );
  return rows;
}

/** The nth part of a file of a bundle, from 0; undefined after the last. */
export async function readBundlePart(
  client: Client,
  requestId: string,
  name: string,
  part: number,
): Promise<Buffer | undefined> {
  const { rows } = await client.query<{ content: Buffer }>(
    'select content from app.privacy_files where request_id = $1 and name = $2 and part = $3',
    [requestId, name, part],
  );
  return rows[0]?.content;
}

/** How many requests of all tenants are open, and how many seconds are left until the first is due: null where there is none. */
export async function openPrivacyRequests(pool: Pool): Promise<{ open: number; secondsLeft: number | null }> {
  const { rows } = await pool.query<{ open: number; seconds_left: number | null }>(
    'select * from door.open_privacy_requests()',
  );
  return { open: rows[0]?.open ?? 0, secondsLeft: rows[0]?.seconds_left ?? null };
}

/** Takes the oldest request that nobody serves; one whose server has died is taken again after ten minutes. */
export async function claimPrivacyRequest(pool: Pool): Promise<OpenRequest | undefined> {
  const { rows } = await pool.query<OpenRequest>(
    `update private.privacy_requests set status = 'running', started_at = now()
     where id = (
       select id from private.privacy_requests
       where status = 'queued' or (status = 'running' and started_at < now() - interval '10 minutes')
       order by created_at limit 1 for update skip locked
     )
     returning id, tenant_id, kind, person, person_hash, created_at`,
  );
  return rows[0];
}

/** What has been removed so far, by place, so that an attempt which takes over from a dead one certifies both. */
export async function noteErased(client: Client, id: string, place: string, erased: Erased, progress: number): Promise<void> {
  await client.query(
    `update private.privacy_requests set progress = $2, started_at = now(), outcome = coalesce(outcome, '{}') || jsonb_build_object(
         'removed', coalesce(outcome -> 'removed', '{}') ||
             jsonb_build_object($3::text, coalesce((outcome -> 'removed' ->> $3)::bigint, 0) + $4),
         'hours', coalesce((outcome ->> 'hours')::bigint, 0) + $5)
     where id = $1`,
    [id, progress, place, erased.removed, erased.hours],
  );
}

/** A file of the archive that was rewritten without a person, or destroyed where it held nobody else. */
export type ErasedFile = { type: string; day: string; removed: number };

/** Notes such a file for the certificate, in the transaction that replaces it. */
export async function noteErasedFile(client: Client, id: string, file: ErasedFile): Promise<void> {
  await client.query(
    `update private.privacy_requests set started_at = now(),
       outcome = outcome || jsonb_build_object('archive_files', coalesce(outcome -> 'archive_files', '[]') || jsonb_build_array($2::jsonb))
     where id = $1`,
    [id, JSON.stringify(file)],
  );
}

export type ErasedSoFar = { removed: Record<string, number>; hours: number; archive_files?: ErasedFile[] };

/** The sums of noteErased(), and the files of noteErasedFile(). */
export async function erasedSoFar(pool: Pool, id: string): Promise<ErasedSoFar> {
  const { rows } = await pool.query<{ outcome: ErasedSoFar }>('select outcome from private.privacy_requests where id = $1', [
    id,
  ]);
  return rows[0]?.outcome ?? { removed: {}, hours: 0 };
}

export async function notePrivacyProgress(pool: Pool, id: string, progress: number): Promise<void> {
  await pool.query('update private.privacy_requests set progress = $2, started_at = now() where id = $1', [id, progress]);
}

/** Gives a request back, to be served again. */
export async function releasePrivacyRequest(pool: Pool, id: string): Promise<void> {
  await pool.query(
    "update private.privacy_requests set status = 'queued', started_at = null where id = $1 and status = 'running'",
    [id],
  );
}

/** Ends a request; from here on nothing tells who the person was but the pseudonym. */
export async function completePrivacyRequest(pool: Pool, id: string, outcome: object): Promise<void> {
  await pool.query(
    `update private.privacy_requests
     set status = 'completed', progress = 100, completed_at = now(), outcome = $2, person = null where id = $1`,
    [id, JSON.stringify(outcome)],
  );
}

/** Stores one part of a file; the same part again replaces it. */
export async function writeBundlePart(
  pool: Pool,
  request: OpenRequest,
  name: string,
  part: number,
  content: Buffer,
): Promise<void> {
  await pool.query(
    `insert into private.privacy_files (tenant_id, request_id, name, part, content) values ($1, $2, $3, $4, $5)`,
    [request.tenant_id, request.id, name, part, content],
  );
}

/** Removes what an attempt before this one has left of a bundle. */
export async function clearBundle(pool: Pool, requestId: string): Promise<void> {
  await pool.query('delete from private.privacy_files where request_id = $1', [requestId]);
}

/** Deletes bundles thirty days after they were made. Gives how many requests that were. */
export async function deleteOldBundles(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `with gone as (
       delete from private.privacy_files f using private.privacy_requests r
       where r.id = f.request_id and r.completed_at < now() - interval '30 days' returning f.request_id
     )
     select count(distinct request_id) as n from gone`,
  );
  return rows[0]?.n ?? 0;
}

/** Requests that are open with less than three days left, of all tenants. */
export async function requestsNearlyDue(
  pool: Pool,
): Promise<{ id: string; tenant_id: string; kind: RequestKind; due_at: Date }[]> {
  const { rows } = await pool.query<{ id: string; tenant_id: string; kind: RequestKind; due_at: Date }>(
    `select id, tenant_id, kind, due_at from private.privacy_requests
     where status <> 'completed' and due_at < now() + interval '3 days' order by due_at`,
  );
  return rows;
}
