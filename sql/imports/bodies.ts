import type { Client, Pool } from '../database/db.ts';
import type { SealedBody } from './imports.ts';
import type { RunDocument } from './replays.ts';

/** A document whose body is in the store. `is_running`: a worker reads it just now. */
export type StoredDocument = RunDocument & { is_running: boolean };

const COLUMNS = `id, tenant_id, key_id, received_at, first_at, source, media_type, bytes, sha256, object, sealed_key, sealed_with, mapping, policy,
    claimed_until > now() as is_running`;

/** Documents of a tenant whose bodies are in the store, in the order in which they arrived, after an id. */
export async function storedDocuments(
  client: Client | Pool,
  tenantId: string,
  after: string | undefined,
  limit: number,
): Promise<StoredDocument[]> {
  const { rows } = await client.query<StoredDocument>(
    `select ${COLUMNS} from private.imports where tenant_id = $1 and object is not null and ($2::uuid is null or id > $2) order by id limit $3`,
    [tenantId, after ?? null, limit],
  );
  return rows;
}

/** A change of a body. The hash covers the change before it, so that none can be left out later. */
export type BodyChange = {
  /** Null: the body was destroyed. */
  body: (SealedBody & { bytes: number; sha256: string }) | null;
  reason: 'erasure' | 'retention';
  request: string | null;
  records: number;
};

/**
 * Replaces or destroys the body of a document, if it is still the one in `object`, and notes the change in its chain. A document
 * that waits to be read, or is being read, is then read from the start. Returns false if the body is another one.
 */
export async function changeBody(
  client: Client,
  { id, object }: Pick<StoredDocument, 'id' | 'object'>,
  { body, reason, request, records }: BodyChange,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update private.imports i set object = $3, sealed_key = coalesce($4::bytea, ''::bytea), sealed_with = coalesce($5, sealed_with), bytes = coalesce($6, bytes),
         sha256 = coalesce($7, sha256), destroyed_at = case when $3::text is null then now() end, claim = null, claimed_until = '-infinity',
         is_checked = false, done_rows = 0,
         status = case when due_at is null then status when $3::text is null then 'rejected' else 'stored' end,
         due_at = case when $3::text is not null then due_at end,
         rewrites = rewrites || jsonb_build_array(change || jsonb_build_object('hash',
             encode(sha256(convert_to(coalesce(rewrites -> -1 ->> 'hash', '') || change::text, 'UTF8')), 'hex')))
     from (select jsonb_build_object('at', now(), 'reason', $8::text, 'request', $9::uuid, 'records', $10::bigint,
             'sha256_before', b.sha256, 'sha256_after', $7::text) as change
         from private.imports b where b.id = $1) c
     where i.id = $1 and i.object = $2`,
    [
      id,
      object,
      body?.object ?? null,
      body?.sealed_key ?? null,
      body?.sealed_with ?? null,
      body?.bytes ?? null,
      body?.sha256 ?? null,
      reason,
      request,
      records,
    ],
  );
  return rowCount === 1;
}

/** What the erasure of a request did to documents, as its certificate lists it. */
export async function documentsErasedFor(pool: Pool, tenantId: string, request: string): Promise<Record<string, unknown>[]> {
  const { rows } = await pool.query<{ change: Record<string, unknown> }>(
    `select jsonb_build_object('import_id', i.id, 'done', case when c ->> 'sha256_after' is null then 'destroyed' else 'rewritten' end)
         || (c - 'at' - 'reason' - 'request') as change
     from private.imports i, jsonb_array_elements(i.rewrites) c
     where i.tenant_id = $1 and c ->> 'request' = $2 order by i.id`,
    [tenantId, request],
  );
  return rows.map(({ change }) => change);
}

/** Documents older than the retention whose bodies are in the store, of all tenants. */
export async function expiredDocuments(pool: Pool, before: Date, limit: number): Promise<StoredDocument[]> {
  const { rows } = await pool.query<StoredDocument>(
    `select ${COLUMNS} from private.imports where received_at < $1 and object is not null and due_at is null order by received_at limit $2`,
    [before, limit],
  );
  return rows;
}

/** Deletes the lineage of a document. */
export async function forgetLineage(
  pool: Pool | Client,
  { id, tenant_id }: Pick<StoredDocument, 'id' | 'tenant_id'>,
): Promise<void> {
  await pool.query('delete from private.import_rows where tenant_id = $1 and import_id = $2', [tenant_id, id]);
}

/** Deletes what was compared before `before`, row by row; the counts of the runs stay. */
export async function forgetDifferences(pool: Pool, before: Date): Promise<void> {
  await pool.query(
    `delete from private.import_differences d using private.import_runs r where r.id = d.run_id and r.completed_at < $1`,
    [before],
  );
}

/** Bodies whose keys are sealed with another secret than the one with this mark, after an id. */
export async function bodiesSealedOtherwise(pool: Pool, mark: string, after: string | undefined, limit: number) {
  const { rows } = await pool.query<Pick<StoredDocument, 'id' | 'tenant_id' | 'sealed_key' | 'sealed_with'>>(
    `select id, tenant_id, sealed_key, sealed_with from private.imports
     where object is not null and sealed_with <> $1 and ($2::uuid is null or id > $2) order by id limit $3`,
    [mark, after ?? null, limit],
  );
  return rows;
}

/** Replaces the sealed key of a body, if it is still `before`. The body stays as it is. */
export async function resealBody(pool: Pool, id: string, before: Buffer, sealedKey: Buffer, mark: string): Promise<void> {
  await pool.query('update private.imports set sealed_key = $3, sealed_with = $4 where id = $1 and sealed_key = $2', [
    id,
    before,
    sealedKey,
    mark,
  ]);
}
