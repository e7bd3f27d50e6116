import type { Instant } from '../../lib/time.ts';
import type { Client, Pool } from '../database/db.ts';
import type { Restatement } from '../metrics/restatements.ts';
import type { ClaimedExport } from './claims.ts';

export type ManifestFile = { name: string; rows: number; bytes: number; sha256: string };

/** The files of an export whose parts are all stored, and the types found when it was planned. */
export async function listStored(pool: Pool, exportId: string): Promise<{ files: ManifestFile[]; types: string[] }> {
  const { rows } = await pool.query<{ files: ManifestFile[]; types: string[] }>(
    `select coalesce(j.manifest -> 'types', '[]') as types, coalesce((
         select json_agg(json_build_object('name', f.name, 'rows', f.rows, 'bytes', f.bytes, 'sha256', f.sha256) order by f.part)
         from private.export_files f where f.export_id = j.id and f.sha256 is not null), '[]') as files
     from private.export_jobs j where j.id = $1`,
    [exportId],
  );
  return rows[0] ?? { files: [], types: [] };
}

/** The registered versions of each of these types, as in GET /v1/event-types. Empty: the type is not registered. */
export async function versionsOf(client: Client, types: string[]): Promise<{ type: string; versions: number[] }[]> {
  const { rows } = await client.query<{ type: string; versions: number[] }>(
    `select t.type, array(select e.version from app.event_types e where e.type = t.type order by e.version) as versions
     from unnest($1::text[]) with ordinality t (type, n) order by t.n`,
    [types],
  );
  return rows;
}

/**
 * The export to compare with: the one that `job` continues, else the latest with the same dataset and filter. Null if there is
 * none.
 */
export async function lastExport(client: Client, job: ClaimedExport): Promise<{ id: string; settled_at: Date } | null> {
  const { rows } = await client.query<{ id: string; settled_at: Date }>(
    `select id, settled_at from app.export_jobs
     where completed_at is not null and id < $1 and case when $2::uuid is null then dataset = $3 and filter = $4 else id = $2 end
     order by id desc limit 1`,
    [job.id, job.since, job.dataset, JSON.stringify(job.filter)],
  );
  return rows[0] ?? null;
}

const SHOWN = 1_000;

export type RestatedSince = { count: number; data: (Restatement & { figures: string })[] };

/** Restatements of the daily roll-ups in a window since a moment, latest first, at most a thousand. */
export async function restatedSince(client: Client, from: Instant, to: Instant, since: Date): Promise<RestatedSince> {
  const { rows } = await client.query<Restatement & { figures: string; count: number }>(
    `select replace(rollup, '_daily', '') as figures, bucket, before, after, restated_at, count(*) over () as count from app.restatements
     where bucket >= date_trunc('day', $1::timestamptz, 'UTC') and bucket < $2 and restated_at >= $3
     order by restated_at desc, id desc limit ${SHOWN}`,
    [from, to, since],
  );
  return { count: rows[0]?.count ?? 0, data: rows.map(({ count: _, ...row }) => row) };
}

export type Erasure = { request_id: string; subject: string; completed_at: Date | null };

/** Subjects erased since a moment, by the pseudonym that earlier exports may contain. */
export async function erasuresSince(client: Client, since: Date): Promise<Erasure[]> {
  const { rows } = await client.query<Erasure>(
    `select id as request_id, person_hash as subject, completed_at from app.privacy_requests
     where kind = 'erasure' and (completed_at is null or completed_at >= $1) order by id`,
    [since],
  );
  return rows;
}

/** The tenant's watermark: up to when its metrics agree with its rows. See GET /v1/metrics. */
export async function readWatermark(client: Client): Promise<Date> {
  const { rows } = await client.query<{ watermark: Date }>('select door.watermark() as watermark');
  return rows[0]?.watermark as Date;
}
