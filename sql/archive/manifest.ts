import type { Instant } from '../../lib/time.ts';
import type { Client } from '../database/db.ts';

/** A file of the transaction's tenant, as a reader needs it. Times are text, to the microsecond. */
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
  /** Events before it are past the retention of the rules. */
  visible_from: string;
};

/** From `from` to before `to`, and no later than `until`. */
export type FileWindow = {
  from: Instant | null;
  to: Instant | null;
  until?: string | null;
  types: readonly string[] | null;
  /** Leaves out files in which all events were received earlier. */
  receivedFrom?: Date | null;
};

/**
 * The tenant's archived files that may contain events of a window, newest day first. Call it before reading the events of the
 * database: from then on, until the transaction ends, no events move from the database to the archive.
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

/** A page of the tenant's archived files, newest day first. */
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
