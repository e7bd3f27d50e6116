import { withBriefLocks } from '../database/brief-locks.ts';
import type { Pool } from '../database/db.ts';

/** A chunk of a table that can have a columnstore. Sizes are in bytes, null if it was never converted. */
export type ColumnstorePart = {
  part: string;
  ends: Date;
  converted: boolean;
  due: boolean;
  row_bytes: number | null;
  column_bytes: number | null;
};

/** Switches row security off and the columnstore on, or changes its age. Returns whether the columnstore was off before. */
export async function columnstoreOn(client: Pool, name: string, afterDays: number): Promise<boolean> {
  const text = 'select storage.columnstore_on($1, make_interval(days => $2)) as switched';
  const { rows } = await withBriefLocks(client, (one) => one.query<{ switched: boolean }>(text, [name, afterDays]));
  return rows[0]?.switched ?? false;
}

/** All chunks, oldest first. */
export async function listParts(client: Pool, name: string): Promise<ColumnstorePart[]> {
  return (
    await client.query<ColumnstorePart>(
      'select part::text, ends, converted, due, row_bytes, column_bytes from storage.columnstore_parts($1)',
      [name],
    )
  ).rows;
}

/** Converts the due chunks of one table, each in its own transaction. Returns how many. */
export async function convertDue(client: Pool, name: string): Promise<number> {
  let converted = 0;
  for (const { part } of (await listParts(client, name)).filter(({ due }) => due)) {
    const text = 'select storage.to_columnstore($1, $2) as done';
    const { rows } = await withBriefLocks(client, (one) => one.query<{ done: boolean }>(text, [name, part]));
    if (rows[0]?.done) converted += 1;
  }
  return converted;
}

/** The same for every table whose columnstore is on. */
export async function convertAllDue(client: Pool): Promise<number> {
  let converted = 0;
  const { rows } = await client.query<{ name: string }>(
    'select name from storage.hypertables where columnstore_after is not null',
  );
  for (const { name } of rows) converted += await convertDue(client, name);
  return converted;
}

/** Stops converting chunks. Returns whether the columnstore still has to be removed. */
export async function stopColumnstore(client: Pool, name: string): Promise<boolean> {
  const { rows } = await client.query<{ present: boolean }>('select storage.stop_columnstore($1) as present', [name]);
  return rows[0]?.present ?? false;
}

/** Converts one chunk back to rows. */
export async function toRowstore(client: Pool, part: string): Promise<void> {
  await withBriefLocks(client, (one) => one.query('select storage.to_rowstore($1)', [part]));
}

/** Switches the columnstore off and row security on again. Throws if a converted chunk is left. */
export async function columnstoreOff(client: Pool, name: string): Promise<void> {
  await withBriefLocks(client, (one) => one.query('select storage.columnstore_off($1)', [name]));
}
