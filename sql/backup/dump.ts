import { cpus } from 'node:os';
import { join } from 'node:path';
import { sumFiles } from '../../lib/checksums.ts';
import { type Client, createPool, type Pool, withClient, withTransaction } from '../database/db.ts';
import { refuseMissing, withArchiveAtRest } from './archive-at-rest.ts';
import { describeDatabase, fingerprint, type Manifest, PARTS, writeManifest } from './manifest.ts';
import { findProgram, runOn } from './postgres-programs.ts';
import { countRows, seesAll } from './row-counts.ts';
import { makeWhole } from './whole-folder.ts';

export type DumpOptions = {
  /** URL of a login that sees every row: the migrator, or a superuser. */
  databaseUrl: string;
  folder: string;
  secret: string | undefined;
  /** Where the client programs are. */
  programs: { folder: string | undefined; path: string | undefined };
  environment: NodeJS.ProcessEnv;
  /** Copies the object store into a folder, once the database is dumped, and returns what it did. */
  objects: (folder: string) => Promise<Manifest['objects']>;
  signal?: AbortSignal | undefined;
};

/** A dump counts hundreds of millions of rows. */
const STATEMENT_LIMIT_MS = 86_400_000;

/**
 * Backs up a database with pg_dump of the server's own version. The folder gets its name only when it is complete. Everything is
 * from one snapshot, in which every row is counted too. The server keeps working.
 */
export async function dumpDatabase(options: DumpOptions): Promise<Manifest> {
  const pool = createPool(options.databaseUrl, { max: 2, name: 'mirante backup', statementTimeoutMs: STATEMENT_LIMIT_MS });
  try {
    return await makeWhole(options.folder, async (unfinished) => {
      await withClient(pool, refuseBlind);
      // Otherwise files that an erasure or a run of the archive rewrites between the two copies would be in neither.
      return withArchiveAtRest(pool, () => dump(pool, options, unfinished));
    });
  } finally {
    await pool.end();
  }
}

async function refuseBlind(client: Client): Promise<void> {
  if (!(await seesAll(client)))
    throw new Error('This login cannot read every row. Back up with the login that migrates, or with a superuser.');
}

async function dump(pool: Pool, options: DumpOptions, unfinished: string): Promise<Manifest> {
  const { databaseUrl, secret } = options;
  const madeAt = new Date();
  const taken = await withTransaction(pool, 'begin isolation level repeatable read read only', async (client) => {
    const described = await describeDatabase(client);
    const program = await findProgram('pg_dump', described.major, options.programs);
    const { snapshot, at } = await exportSnapshot(client);
    const dumping = runOn(databaseUrl, program, dumpArgs(join(unfinished, PARTS.dump), snapshot), options);
    // Whichever ends first, the snapshot must stay open until the dump has ended.
    const [dumped, counted] = await Promise.allSettled([dumping, countRows(client)]);
    if (dumped.status === 'rejected') throw dumped.reason;
    if (counted.status === 'rejected') throw counted.reason;
    return { described, at, counts: counted.value };
  });
  const objects = await options.objects(join(unfinished, PARTS.objects));
  await refuseMissing(pool, join(unfinished, PARTS.objects), objects);
  const manifest: Manifest = {
    format: 'mirante backup 1',
    kind: 'dump',
    made_at: madeAt.toISOString(),
    complete_to: taken.at.toISOString(),
    ...taken.described,
    secret: secret === undefined ? null : fingerprint(secret),
    rows: Object.fromEntries(Object.entries(taken.counts).map(([table, n]) => [table, [n, n]])),
    objects,
    files: await sumFiles(unfinished),
  };
  await writeManifest(unfinished, manifest);
  return manifest;
}

// Row security stays enabled, because otherwise pg_dump refuses tables with it. seesAll() has proved that it hides nothing from
// this login.
function dumpArgs(folder: string, snapshot: string): string[] {
  const jobs = Math.max(2, Math.min(4, cpus().length));
  return ['--format=directory', `--jobs=${jobs}`, '--enable-row-security', `--snapshot=${snapshot}`, '--file', folder];
}

async function exportSnapshot(client: Client): Promise<{ snapshot: string; at: Date }> {
  const { rows } = await client.query<{ snapshot: string; at: Date }>('select pg_export_snapshot() as snapshot, now() as at');
  return rows[0] as { snapshot: string; at: Date };
}
