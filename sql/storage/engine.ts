import { readFile } from 'node:fs/promises';
import { type Client, inTransaction } from '../database/db.ts';

/** The three engines that one set of migrations runs on. */
export type Engine = 'postgresql' | 'timescaledb-apache' | 'timescaledb';

const FILES: Record<Engine, string[]> = {
  postgresql: ['common.sql', 'hypertables-plain.sql', 'rollups-plain.sql'],
  'timescaledb-apache': ['common.sql', 'hypertables-timescaledb.sql', 'rollups-plain.sql'],
  timescaledb: ['common.sql', 'hypertables-timescaledb.sql', 'rollups-timescaledb.sql', 'columnstore-timescaledb.sql'],
};

/** Detects the engine of this database from its extension and that extension's licence. */
export async function detectEngine(client: Client): Promise<Engine> {
  const result = await client.query<{ installed: boolean; license: string | null }>(
    `select exists (select from pg_extension where extname = 'timescaledb') as installed,
            current_setting('timescaledb.license', true) as license`,
  );
  const { installed, license } = result.rows[0] as { installed: boolean; license: string | null };
  if (!installed) return 'postgresql';
  return license === 'timescale' ? 'timescaledb' : 'timescaledb-apache';
}

/** Creates the TimescaleDB extension if the server has loaded it; leaves a plain server as it is. Returns the engine. */
export async function prepareEngine(client: Client): Promise<Engine> {
  if (await isTimescaleLoaded(client)) await client.query('create extension if not exists timescaledb schema public');
  return detectEngine(client);
}

// The loader's own setting shows that the library is loaded. Not every role can read the list of preloaded libraries.
async function isTimescaleLoaded(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ loaded: boolean }>(
    `select current_setting('timescaledb.disable_load', true) is not null
            and exists (select from pg_available_extensions where name = 'timescaledb') as loaded`,
  );
  return rows[0]?.loaded ?? false;
}

/** Creates or replaces the storage functions of this engine. They have the same names on every engine. */
export async function loadStorage(client: Client, engine: Engine): Promise<void> {
  // On the first run, the first migration creates the tables that these functions name, right afterwards.
  await client.query('set check_function_bodies = off');
  for (const file of FILES[engine]) {
    await client.query(await readFile(new URL(file, import.meta.url), 'utf8'));
  }
  await client.query('reset check_function_bodies');
}

/** Whether tables of this engine can be compressed. */
export function hasColumnstore(engine: Engine): boolean {
  return engine === 'timescaledb';
}

/** Removes, for the rest of the transaction, the limit on rows that a `delete` may decompress from a columnstore. */
export async function allowLargeDeletes(client: Client): Promise<void> {
  await client.query("select set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true)");
}

/**
 * Recomputes one roll-up over [from, to), whole buckets of its width. The connection must act as mirante_owner, outside a
 * transaction. Buckets whose source rows were dropped stay as they are. `force` is for hours whose rows were deleted: TimescaleDB
 * recomputes only what it has recorded as changed, and does not record every delete from a columnstore.
 */
export async function refreshRollup(
  client: Client,
  engine: Engine,
  name: string,
  from: Date,
  to: Date,
  force = false,
): Promise<void> {
  if (engine !== 'timescaledb') {
    await inTransaction(client, 'begin', async () => {
      await lockRollup(client, name);
      await client.query('select storage.refresh_rollup($1, $2, $3)', [name, from, to]);
    });
    return;
  }
  const clamped = await client.query<{ since: Date }>(
    'select greatest($2::timestamptz, storage.first_whole_bucket($1)) as since',
    [name, from],
  );
  const since = clamped.rows[0]?.since;
  if (!since || since >= to) return;
  await client.query(
    `call refresh_continuous_aggregate('private.${name}', $1::timestamptz, $2::timestamptz, force => ${force})`,
    [since, to],
  );
  // The refresh may have created a chunk, which, unlike a table's chunk, does not inherit hidden statistics.
  await client.query('select storage.hide_statistics()');
}

/** Whether one tenant's part of a roll-up can be recomputed alone, by refreshParts(). */
export function refreshesParts(engine: Engine): boolean {
  return engine !== 'timescaledb';
}

/** Adjacent buckets of one tenant in a roll-up, [from, to). Times are in milliseconds since 1970. */
export type RollupPart = { tenant: string; from: number; to: number };

/**
 * Recomputes parts of a roll-up. No two may overlap. The connection must act as mirante_owner, outside a transaction. Buckets
 * whose source rows were dropped stay as they are.
 */
export async function refreshParts(client: Client, name: string, parts: RollupPart[]): Promise<void> {
  await inTransaction(client, 'begin', async () => {
    await lockRollup(client, name);
    await client.query('select storage.refresh_rollup_parts($1, $2::uuid[], $3::timestamptz[], $4::timestamptz[])', [
      name,
      parts.map(({ tenant }) => tenant),
      parts.map(({ from }) => new Date(from)),
      parts.map(({ to }) => new Date(to)),
    ]);
  });
}

// A separate statement, so that the next one sees everything that the previous holder of the lock committed, such as the backend
// of a killed program.
async function lockRollup(client: Client, name: string): Promise<void> {
  await client.query('select from storage.rollups where name = $1 for update', [name]);
}

/**
 * How many processes may load a dump at once. TimescaleDB's catalogue must be loaded before what refers to it, in the dump's
 * order.
 */
export function restoreJobs(engine: Engine): number {
  return engine === 'postgresql' ? 4 : 1;
}

/**
 * Prepares an empty database for a dump of this engine. Throws if it cannot: TimescaleDB loads its catalogue from the dump, which
 * requires a superuser and exactly the dump's version.
 */
export async function beginRestore(client: Client, engine: Engine, version: string | null): Promise<void> {
  const loaded = await isTimescaleLoaded(client);
  if (engine === 'postgresql' && !loaded) return;
  if (engine === 'postgresql' || !loaded)
    throw new Error(
      `The backup is of ${engine === 'postgresql' ? 'a server without' : 'a server with'} TimescaleDB, and this server differs. Restore into a server like it.`,
    );
  const able = await client.query<{ superuser: boolean; version: string | null }>(
    `select current_setting('is_superuser') = 'on' as superuser,
       coalesce((select extversion from pg_extension where extname = 'timescaledb'),
         (select max(a.version) from pg_available_extension_versions a where a.name = 'timescaledb' and a.version = $1)) as version`,
    [version],
  );
  const { superuser, version: there } = able.rows[0] as { superuser: boolean; version: string | null };
  if (!superuser) throw new Error('Restoring a dump of TimescaleDB requires a superuser. Name one in --into or DATABASE_URL.');
  if (there !== version)
    throw new Error(
      `The backup is of TimescaleDB ${version}, and this server has ${there ?? 'another'}. Restore into the same version, then update.`,
    );
  await client.query(`create extension if not exists timescaledb schema public version '${version}'`);
  await client.query('select public.timescaledb_pre_restore()');
}

/** Ends what beginRestore() began. */
export async function endRestore(client: Client, engine: Engine): Promise<void> {
  if (engine !== 'postgresql') await client.query('select public.timescaledb_post_restore()');
}
