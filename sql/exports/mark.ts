import { createHash } from 'node:crypto';
import type { Client } from '../database/db.ts';
import { copyStatement } from './rows.ts';
import type { Selection, Shape } from './selection.ts';

/**
 * Returns a weak entity tag of an export of the transaction's tenant. While the tag stays the same, so does every byte before
 * compression. Undefined if no cheap check can tell. Call it before reading the rows: rows that arrive in between then change the
 * tag.
 */
export async function exportTag(client: Client, selection: Selection, shape: Shape, also: string): Promise<string | undefined> {
  // Results change in place, and nothing cheap tells.
  if (selection.dataset === 'test_results') return undefined;
  const { rows } = await client.query<{ mark: string | null }>(
    // What the archive returns changes with its rules and every hour.
    `select case when $3 or not exists (select from app.archive_files where last_time >= $1 and first_time < $2)
       then door.export_mark($1, $2, $3) end as mark`,
    [selection.from, selection.to, selection.dataset === 'metrics'],
  );
  const mark = rows[0]?.mark;
  if (!mark) return undefined;
  const hash = createHash('sha256').update(`${copyStatement(selection, shape)} ${also} ${mark}`);
  return `W/"${hash.digest('base64url').slice(0, 22)}"`;
}

/** The backend id that cancelStatement() takes for this connection. */
export async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ backend: number }>('select pg_backend_pid() as backend');
  return (rows[0] as { backend: number }).backend;
}
