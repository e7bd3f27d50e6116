import { v7 as uuidv7 } from 'uuid';
import { type Pool, withTransaction } from '../database/db.ts';
import type { Finding, ImportStatus } from './imports.ts';

/** A document that a worker holds a lease on. */
export type ClaimedImport = {
  id: string;
  tenant_id: string;
  key_id: string;
  received_at: Date;
  first_at: Date;
  source: string;
  media_type: string;
  bytes: number;
  sha256: string;
  object: string;
  sealed_key: Buffer;
  sealed_with: string;
  mapping: Record<string, unknown> | null;
  policy: string | null;
  findings: Finding[];
  rows: number;
  counts: Record<string, number>;
  done_rows: number;
  is_checked: boolean;
  version: number;
  claim: string;
  /** Attempts since the last rows that were written, including this one. */
  attempts: number;
};

/** A worker renews its lease at least this often. Otherwise it expires and another worker takes the document. */
const LEASE = "interval '1 minute'";

export const CLAIMED = `id, tenant_id, key_id, received_at, first_at, source, media_type, bytes, sha256, object, sealed_key, sealed_with, mapping,
    policy, findings, rows, counts, done_rows, is_checked, version, claim, attempts`;

/**
 * Leases the oldest due document of the tenant with the fewest running ones, of those the one served longest ago, so that many or
 * large documents of one tenant do not block others. Equal documents that arrived at once get the moment of the one that is read
 * first. Undefined if nothing is due.
 */
export async function claimImport(pool: Pool, now: Date): Promise<ClaimedImport | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    // One lease at a time, so that each worker sees whom the others serve.
    await client.query("select from storage.locks where name = 'imports' for update");
    const { rows } = await client.query<ClaimedImport>(
      `update private.imports
       set status = 'running', claim = $2, claimed_until = $1::timestamptz + ${LEASE}, served_at = $1, attempts = attempts + 1,
           started_at = coalesce(started_at, $1), first_at = case when started_at is null then coalesce((
             select min(o.first_at) from private.imports o
             where o.tenant_id = imports.tenant_id and o.sha256 = imports.sha256 and o.started_at is not null), first_at) else first_at end
       where id = (
         select i.id
         from private.imports i join (
             select tenant_id, count(*) filter (where claimed_until > $1) as busy, max(served_at) as served_at
             from private.imports where due_at is not null group by 1
           ) turn using (tenant_id)
         where i.due_at <= $1 and i.claimed_until <= $1
         order by turn.busy, turn.served_at, i.due_at, i.id
         limit 1 for update of i skip locked
       )
       returning ${CLAIMED}`,
      [now, uuidv7()],
    );
    return rows[0];
  });
}

type Held = Pick<ClaimedImport, 'id' | 'claim'>;

/** Renews the lease. False if another worker has it, or the document was destroyed. */
export async function keepImport(pool: Pool, { id, claim }: Held, progress: number, now: Date): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.imports set claimed_until = $4::timestamptz + ${LEASE}, progress = greatest(progress, $3)
     where id = $1 and claim = $2`,
    [id, claim, progress, now],
  );
  return rowCount === 1;
}

/** Releases the lease; the document is due again at `dueAt`. `unspent`: the attempt does not count. */
export async function releaseImport(
  pool: Pool,
  { id, claim }: Held,
  dueAt: Date,
  unspent: boolean,
  findings?: Finding[],
): Promise<void> {
  await pool.query(
    `update private.imports set claim = null, claimed_until = '-infinity', due_at = $3, attempts = attempts - $4::integer,
         findings = coalesce($5, findings)
     where id = $1 and claim = $2`,
    [id, claim, dueAt, unspent ? 1 : 0, findings ? JSON.stringify(findings) : null],
  );
}

/** What was written so far. */
export type ImportState = Pick<ClaimedImport, 'findings' | 'rows' | 'counts' | 'done_rows' | 'is_checked'> & {
  progress: number;
};

/** Records how far a document is. A worker that takes over continues there. False if the lease is lost. */
export async function checkpointImport(pool: Pool, { id, claim }: Held, state: ImportState): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.imports set findings = $3, rows = $4, counts = $5, done_rows = $6, is_checked = $7, progress = greatest(progress, $8),
         attempts = 0
     where id = $1 and claim = $2`,
    [
      id,
      claim,
      JSON.stringify(state.findings),
      state.rows,
      JSON.stringify(state.counts),
      state.done_rows,
      state.is_checked,
      state.progress,
    ],
  );
  return rowCount === 1;
}

export type ImportEnd = Pick<ImportState, 'findings' | 'rows' | 'counts' | 'done_rows'> & {
  status: Exclude<ImportStatus, 'running'>;
  importer: string | null;
  importerVersion: number | null;
  policy: string | null;
};

/**
 * Ends the reading of a document and notes how it was read. `rows` are counted from its lineage, where it has one: rows that a killed
 * worker wrote count too. False if the lease is lost.
 */
export async function settleImport(pool: Pool, { id, claim }: Held, end: ImportEnd, now: Date): Promise<boolean> {
  const { rowCount } = await pool.query(
    `with ended as (
       update private.imports set status = $3, findings = $4,
           rows = greatest($5, (select count(*) from private.import_rows r where r.tenant_id = imports.tenant_id and r.import_id = $1 and r.is_origin)), counts = $6, done_rows = $7, importer = $8, importer_version = $9,
           policy = $10, is_checked = true, progress = case $3 when 'stored' then 0 else 100 end,
           completed_at = case $3 when 'stored' then null else $11::timestamptz end,
           duration_ms = round(extract(epoch from $11::timestamptz - started_at) * 1000), claim = null, claimed_until = '-infinity', due_at = null
       where id = $1 and claim = $2
       returning tenant_id, id, version, importer, importer_version, policy, mapping
     )
     insert into private.import_versions (tenant_id, import_id, version, importer, importer_version, policy, mapping, applied_at)
     select tenant_id, id, version, importer, importer_version, policy, mapping, $11 from ended
     on conflict (import_id, version) do update set importer = excluded.importer, importer_version = excluded.importer_version,
         policy = excluded.policy, mapping = excluded.mapping, applied_at = excluded.applied_at`,
    [
      id,
      claim,
      end.status,
      JSON.stringify(end.findings),
      end.rows,
      JSON.stringify(end.counts),
      end.done_rows,
      end.importer,
      end.importerVersion,
      end.policy,
      now,
    ],
  );
  return (rowCount ?? 0) > 0;
}
