import { randomBytes } from 'node:crypto';
import { withBriefLocks } from '../database/brief-locks.ts';
import type { Client, Pool } from '../database/db.ts';
import { namedBy } from '../events/about.ts';
import { ABOUT_OR_KEYS, plainKeys } from '../privacy/event-place.ts';
import { OBLIGED } from '../privacy/obliged.ts';
import { type Erased, nothingErased, type Person } from '../privacy/place.ts';
import { ARCHIVE_COLUMNS } from './columns.ts';

/** How many days a restored part of the archive is kept. */
export const RESTORED_DAYS = 7;

/** Condition on pg_class `c`: the table is such a restored part. */
export const NAMED = `c.relnamespace = 'private'::regnamespace and c.relkind = 'r' and c.relname ~ '^restored_[0-9]{8}_[0-9a-f]{8}$'`;

/** Creates a scratch table with the columns of private.events; its name contains the date. protectRestored() adds the gates. */
export async function makeRestored(client: Client, now: Date): Promise<string> {
  const name = `restored_${now.toISOString().slice(0, 10).replaceAll('-', '')}_${randomBytes(4).toString('hex')}`;
  await client.query(`create table private.${name} (like private.events)`);
  return name;
}

/** A `copy` statement into such a table, for CSV with the columns of the archive. */
export const copyInto = (name: string) =>
  `copy private.${name} (${Object.keys(ARCHIVE_COLUMNS).join(', ')}) from stdin (format csv)`;

/**
 * Adds the two gates and hides statistics, as on every table with tenants' rows. `copy` into such a table is rejected, so call
 * this last.
 */
export async function protectRestored(client: Client, name: string): Promise<void> {
  await client.query('select storage.protect($1), storage.hide_statistics()', [`private.${name}`]);
}

/** Drops restored parts past their retention. */
export async function dropRestored(pool: Pool, now: Date): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where ${NAMED} and to_date(substr(c.relname, 10, 8), 'YYYYMMDD') < $1::timestamptz - make_interval(days => $2)`,
    [now, RESTORED_DAYS],
  );
  for (const { name } of rows) await withBriefLocks(pool, (client) => client.query(`drop table private.${name}`));
}

/** The names of all such tables, with their schema. */
export async function restoredTables(client: Client | Pool): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select 'private.' || c.relname as name from pg_class c where ${NAMED}`,
  );
  return rows.map(({ name }) => name);
}

/** Deletes the rows about a person from every such table. */
export async function eraseRestored(client: Client, person: Person): Promise<Erased> {
  const erased = nothingErased();
  for (const name of await restoredTables(client)) {
    const held = await client.query<{ n: number; bytes: number }>(
      `select count(*) as n, coalesce(sum(bytes), 0) as bytes from ${name} where tenant_id = $1`,
      [person.tenantId],
    );
    erased.searched.rows += held.rows[0]?.n ?? 0;
    erased.searched.bytes += held.rows[0]?.bytes ?? 0;
    erased.removed += await eraseAgain(client, name, person);
  }
  return erased;
}

/**
 * Deletes from one such table, named with its schema, what an erasure covers: rows about the person that were received until then,
 * by default all. Returns how many.
 */
export async function eraseAgain(client: Client, name: string, person: Person, until = 'infinity'): Promise<number> {
  const keys = await plainKeys(client, person, name);
  const gone = await client.query(
    `delete from ${name} e where ${ABOUT_OR_KEYS} and not ${OBLIGED} and e.received_at <= $7::timestamptz`,
    [...namedBy(person), ...keys, until],
  );
  return gone.rowCount ?? 0;
}
