import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';

export const REQUEST_KINDS = ['access', 'erasure', 'withdrawal', 'restoration'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** One file of a bundle, with the SHA-256 of its bytes in hexadecimal. */
export type BundleFile = { name: string; rows: number; bytes: number; sha256: string };

export type PrivacyRequest = {
  id: string;
  kind: RequestKind;
  person_hash: string;
  reason: string | null;
  status: 'queued' | 'running' | 'completed' | 'superseded';
  progress: number;
  /** Why the last attempt failed; null if none has. */
  blocked: string | null;
  created_at: Date;
  due_at: Date;
  completed_at: Date | null;
  outcome: { files?: BundleFile[]; in_review?: number; superseded_by?: string } | null;
};

const COLUMNS = 'id, kind, person_hash, reason, status, progress, blocked, created_at, due_at, completed_at, outcome';

/** Creates a request of this transaction's tenant. A kind that needs no job is completed at once. */
export async function createPrivacyRequest(
  client: Client,
  tenantId: string,
  request: { kind: RequestKind; person: string | null; personHash: string; lastingHash?: string | null; reason: string | null },
): Promise<PrivacyRequest> {
  const done = request.person === null;
  const { rows } = await client.query<PrivacyRequest>(
    `insert into app.privacy_requests (id, tenant_id, kind, person, person_hash, lasting_hash, reason, status, progress, created_at, due_at,
       completed_at)
     values ($1, $2, $3, $4, $5, $10, $6, $7, $8, now(), now() + interval '15 days', case when $9 then now() end)
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
      request.lastingHash ?? null,
    ],
  );
  return rows[0] as PrivacyRequest;
}

export async function findPrivacyRequest(client: Client, id: string): Promise<PrivacyRequest | undefined> {
  const { rows } = await client.query<PrivacyRequest>(`select ${COLUMNS} from app.privacy_requests where id = $1`, [id]);
  return rows[0];
}

/** The tenant's requests, newest first. */
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

/** Number of open requests of all tenants, and seconds until the first deadline; null if there are none. */
export async function openPrivacyRequests(pool: Pool): Promise<{ open: number; secondsLeft: number | null }> {
  const { rows } = await pool.query<{ open: number; seconds_left: number | null }>(
    'select * from door.open_privacy_requests()',
  );
  return { open: rows[0]?.open ?? 0, secondsLeft: rows[0]?.seconds_left ?? null };
}

/** Deletes bundles thirty days after they were made. Returns the number of requests. */
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

/** A legal deadline. `level`: 1 half of its time has passed, 2 three days are left, 3 one day, 4 it has passed. */
export type LegalTerm = {
  /** Null for the notice of an incident. */
  tenant_id: string | null;
  id: string;
  kind: RequestKind | 'removal' | 'incident';
  due_at: Date;
  attempts: number;
  level: 1 | 2 | 3 | 4;
};

/** Open deadlines of all tenants whose next alert is due, the nearest first. For the removal of a tenant, the id is the tenant's. */
export async function termsToAlert(pool: Pool): Promise<LegalTerm[]> {
  const { rows } = await pool.query<LegalTerm>(
    'select tenant_id, id, kind, due_at, attempts, level from private.legal_terms() where level > alerted order by due_at',
  );
  return rows;
}

const TERM_TABLES = { removal: 'offboardings', incident: 'incidents' } as const;

/** Records that an alert was sent. */
export async function noteTermAlert(pool: Pool, { id, kind, level }: LegalTerm): Promise<void> {
  const table = kind === 'removal' || kind === 'incident' ? TERM_TABLES[kind] : 'privacy_requests';
  await pool.query(`update private.${table} set alerted = $2 where ${kind === 'removal' ? 'tenant_id' : 'id'} = $1`, [
    id,
    level,
  ]);
}

export type RequestOutcome = {
  status: PrivacyRequest['status'];
  outcome: { places?: { removed: number; changed: number }[] } | null;
};

/** What became of requests, by their ids. */
export async function outcomesOf(pool: Pool, ids: string[]): Promise<RequestOutcome[]> {
  const { rows } = await pool.query<RequestOutcome>(
    `select status, case status when 'completed' then outcome end as outcome from private.privacy_requests where id = any ($1::uuid[])`,
    [ids],
  );
  return rows;
}
