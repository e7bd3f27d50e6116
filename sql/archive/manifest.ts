import type { Instant } from '../../lib/time.ts';
import type { Client } from '../database/db.ts';

/** A file of the tenant of the transaction, as a reader needs it; times as text, to the microsecond. */
export type ReadableFile = {
  id: string;
  type: string;
  day: string;
  name: string;
  rows: number;
  bytes: number;
  sha256: string;
  first_time: string;
  last_time: string;
  /** What lies before it is past what the rules keep. */
  visible_from: string;
};

/** From `from` to before `to`, and no later than `until`. */
export type FileWindow = {
  from: Instant | null;
  to: Instant | null;
  until?: string | null;
  types: readonly string[] | null;
  /** Without files in which all was received before. */
  receivedFrom?: Date | null;
};

/**
 * The tenant's archived files that may hold events of a window, the newest day first. To be asked for before the events of the database:
 * from then on, and until the transaction ends, nothing moves from there to here.
 */
export async function readableFiles(
  client: Client,
  { from, to, until, types, receivedFrom }: FileWindow,
): Promise<ReadableFile[]> {
  const { rows } = await client.query<ReadableFile>(
    `select id, type, to_char(day, 'YYYY-MM-DD') as day, name, rows, bytes, sha256, first_time::text, last_time::text, visible_from::text
     from app.archive_files
     where last_time >= greatest(visible_from, $1::timestamptz) and first_time < coalesce($2::timestamptz, 'infinity')
       and ($3::text[] is null or type = any ($3))
       and first_time <= coalesce($4::timestamptz, 'infinity')
       and last_received_at >= coalesce($5::timestamptz, '-infinity')
     order by app.archive_files.day desc, type, app.archive_files.first_time`,
    [from, to, types, until ?? null, receivedFrom ?? null],
  );
  return rows;
}

export type ListedFile = {
  id: string;
  type: string;
  day: string;
  name: string;
  rows: number;
  bytes: number;
  sha256: string;
  digest: string;
  first_time: Date;
  last_time: Date;
  written_at: Date;
};

/** The tenant's archived files, the newest day first. */
export async function pageOfFiles(
  client: Client,
  before: { day: string; id: string } | null,
  limit: number,
): Promise<ListedFile[]> {
  const { rows } = await client.query<ListedFile>(
    `select id, type, to_char(day, 'YYYY-MM-DD') as day, name, rows, bytes, sha256, digest, first_time, last_time, written_at
     from app.archive_files
     where last_time >= visible_from and ($1::date is null or (day, id) < ($1, $2::uuid))
     order by app.archive_files.day desc, id desc limit $3`,
    [before?.day ?? null, before?.id ?? null, limit],
  );
  return rows;
}
