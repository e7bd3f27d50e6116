import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFiles } from '../../lib/checksums.ts';
import { type Client, createPool, type Pool, withClient } from '../database/db.ts';
import { migrate } from '../database/migrate.ts';
import { makeRoles } from '../database/roles.ts';
import { endRestoredExports } from '../exports/upkeep.ts';
import { beginRestore, endRestore, restoreJobs } from '../storage/engine.ts';
import type { DumpOptions } from './dump.ts';
import { compareRows, type Manifest, PARTS, readManifest } from './manifest.ts';
import { findProgram, listDump, runOn } from './postgres-programs.ts';
import { countRows } from './row-counts.ts';

export type RestoreOptions = Pick<DumpOptions, 'programs' | 'environment' | 'signal'> & {
  backup: string;
  /** URL of an empty database: its owner's, or, for TimescaleDB, a superuser's. */
  databaseUrl: string;
  secret: string;
};

export type RestoredDump = { manifest: Manifest; endedLogins: number };

// Every migrate rebuilds the views and functions of these schemas from files, never from a backup.
const REBUILT = ['app', 'bi', 'ops', 'door'];
/** Owned by the role that migrates, whatever its name was where the backup was made. */
const BOOKKEEPING = 'migrations';
const STATEMENT_LIMIT_MS = 86_400_000;

/**
 * Restores a dump into an empty database: verifies its files, creates the roles, loads the dump, compares row counts with the
 * manifest, and migrates the database to this version. Throws at the first difference.
 */
export async function restoreDump(options: RestoreOptions): Promise<RestoredDump> {
  const { backup, databaseUrl, secret } = options;
  const manifest = await readManifest(backup);
  if (manifest.kind !== 'dump') throw new Error(`${backup} is a copy of an embedded server's files, not a dump.`);
  await refuseNewer(manifest);
  await checkFiles(backup, manifest.files);
  const pool = createPool(databaseUrl, { max: 1, name: 'mirante restore', statementTimeoutMs: STATEMENT_LIMIT_MS });
  try {
    const major = await withClient(pool, checkTarget);
    if (major < manifest.major)
      throw new Error(
        `The backup is of PostgreSQL ${manifest.major}, and this server is ${major}: restore into the same or a later one.`,
      );
    const program = await findProgram('pg_restore', major, options.programs);
    await load(pool, program, options, manifest);
    const endedLogins = await withClient(pool, async (client) => {
      compareRows(manifest, await countRows(client));
      return settle(client);
    });
    await migrate(databaseUrl, secret);
    return { manifest, endedLogins };
  } finally {
    await pool.end();
  }
}

/** Throws if the backup or export contains migrations that this version does not know. */
export async function refuseNewer({ migrations, mirante }: Pick<Manifest, 'migrations' | 'mirante'>): Promise<void> {
  const known = new Set(await readdir(new URL('../migrations/', import.meta.url)));
  const unknown = migrations.find((name) => !known.has(name));
  if (unknown) throw new Error(`The backup was made by a newer Mirante (${mirante}): this version does not know ${unknown}.`);
}

async function checkTarget(client: Client): Promise<number> {
  const { rows } = await client.query<{ major: number; taken: boolean }>(
    `select current_setting('server_version_num')::int / 10000 as major, to_regnamespace('private') is not null as taken`,
  );
  if (rows[0]?.taken) throw new Error('The database already contains Mirante. Restore into an empty database.');
  return rows[0]?.major ?? 0;
}

async function load(pool: Pool, program: string, options: RestoreOptions, manifest: Manifest): Promise<void> {
  const owner = await withClient(pool, (client) => prepare(client, options.secret, manifest));
  const dump = join(options.backup, PARTS.dump);
  const restore = (args: string[]) => runOn(options.databaseUrl, program, ['--exit-on-error', ...args, dump], options);
  const left = [...REBUILT, BOOKKEEPING];
  // pg_restore options exclude the objects of a schema; the list excludes the schema itself.
  const isLeft = new RegExp(` SCHEMA (- )?(${left.join('|')}) `);
  // Grants on PostgreSQL's own functions belong to the server, and only its superuser can change them: close-server.sql.
  const isServers = / ACL pg_catalog /;
  const list = (await listDump(program, dump)).filter((line) => !isLeft.test(line) && !isServers.test(line));
  const isRowSecurity = (line: string) => / (POLICY|ROW SECURITY) /.test(line);
  const some = (lines: string[]) =>
    withList(lines, (file) =>
      restore([
        `--jobs=${restoreJobs(manifest.engine)}`,
        `--use-list=${file}`,
        ...left.map((name) => `--exclude-schema=${name}`),
      ]),
    );
  // Row security comes last: between row security and its policy, a foreign key check would find no row.
  await some(list.filter((line) => !isRowSecurity(line)));
  await some(list.filter(isRowSecurity));
  await restore([`--schema=${BOOKKEEPING}`, '--no-owner', `--role=${owner}`]);
  await withClient(pool, async (client) => {
    await endRestore(client, manifest.engine);
    for (const role of OWNERS) await client.query(`revoke create on database ${await nameOf(client)} from ${role}`);
  });
}

async function withList(lines: string[], work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mirante-restore-'));
  try {
    await writeFile(join(folder, 'list'), `${lines.join('\n')}\n`);
    await work(join(folder, 'list'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// Owners of schemas must be allowed to create them during the restore.
const OWNERS = ['mirante_owner', 'mirante_views', 'mirante_queue'];

// Roles belong to the server, so the dump has none. They are created as the database's owner, whoever restores.
async function prepare(client: Client, secret: string, { engine, timescaledb }: Manifest): Promise<string> {
  const { rows } = await client.query<{ owner: string }>(
    'select datdba::regrole::text as owner from pg_database where datname = current_database()',
  );
  const owner = rows[0]?.owner as string;
  await client.query(`set role ${owner}`);
  await makeRoles(client, secret, 'roles');
  for (const role of OWNERS) await client.query(`grant create on database ${await nameOf(client)} to ${role}`);
  await client.query(`create schema ${BOOKKEEPING}`);
  await client.query('reset role');
  await beginRestore(client, engine, timescaledb);
  return owner;
}

async function nameOf(client: Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>('select quote_ident(current_database()) as name');
  return rows[0]?.name as string;
}

/**
 * Ends what belonged to the backed-up server: its transaction numbers, files of exports, and customer logins, whose passwords are
 * in no backup. Returns how many logins were ended.
 */
async function settle(client: Client): Promise<number> {
  await endRestoredExports(client);
  await client.query('update private.offboardings set closed_in = pg_current_xact_id() where completed_at is null');
  const { rowCount } = await client.query(
    `update private.sql_logins set revoked_at = coalesce(revoked_at, now()), ended_at = now()
     where ended_at is null and not exists (select from pg_roles where rolname = login)`,
  );
  return rowCount ?? 0;
}
