import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { notedHome } from '../../lib/embedded-home.ts';
import { startEmbeddedPostgres, stopStray } from '../../lib/embedded-postgres.ts';
import { lockFolder } from '../../lib/folder-lock.ts';
import { createPool, type Pool, withClient } from '../database/db.ts';
import { roleUrl } from '../database/roles.ts';
import type { DrillResult } from '../platform/restore-drills.ts';
import { type DumpOptions, dumpDatabase } from './dump.ts';
import { compareFigures, readFigures } from './figures.ts';
import { copyServer } from './hot-copy.ts';
import type { Manifest } from './manifest.ts';
import { restoreCopy } from './restore-copy.ts';
import { restoreDump } from './restore-dump.ts';

type Common = {
  /** URL of a login that sees every row. */
  databaseUrl: string;
  /** URL of the API's login on the platform that is backed up. */
  apiUrl: string;
  secret: string;
  /** Folder of the backup and the scratch server. It is emptied first, in case an earlier drill was interrupted. */
  folder: string;
  signal?: AbortSignal | undefined;
};
export type DumpDrill = Common &
  Pick<DumpOptions, 'programs' | 'environment'> & {
    /** URL of a login that can create a database on the server where the dump is restored. */
    scratchUrl: string;
  };
export type CopyDrill = Common & { data: string; passwordFile: string };

const SCRATCH = 'mirante_drill_';

// Objects need no drill: they are files with checksums.
const objects = async () => ({ included: false, note: 'A drill leaves the object store out.' });

/** Dumps the platform, restores it into a new database, counts every table and reads its metrics again. Throws if they differ. */
export async function drillDump(drill: DumpDrill): Promise<DrillResult> {
  return drilled(drill, 1, {
    back: (folder) => dumpDatabase({ ...drill, folder, objects }),
    restored: (backup, work) =>
      withScratch(drill.scratchUrl, async (databaseUrl) => {
        await restoreDump({ ...drill, backup, databaseUrl });
        return work(databaseUrl);
      }),
  });
}

/** The same with a copy of the running server's files, restored as another server. */
export async function drillCopy(drill: CopyDrill): Promise<DrillResult> {
  return drilled(drill, 2.5, {
    back: (folder) => copyServer({ ...drill, folder, objects }),
    restored: async (backup, work) => {
      const scratch = join(drill.folder, 'scratch');
      await restoreCopy(backup, scratch);
      const server = await startEmbeddedPostgres(scratch);
      return work(server.url).finally(() => server.stop());
    },
  });
}

type Way = {
  back: (folder: string) => Promise<Manifest>;
  restored: <T>(backup: string, work: (databaseUrl: string) => Promise<T>) => Promise<T>;
};

async function drilled(drill: Common, room: number, { back, restored }: Way): Promise<DrillResult> {
  const { folder, apiUrl, secret, signal } = drill;
  const backup = join(folder, 'backup');
  // Another drill on the same folder, from a command or the jobs, would destroy this one's scratch server.
  const lock = lockFolder(`${folder}.lock`, 'a restore drill');
  try {
    await clear(folder);
    await refuseTight(drill, room);
    const until = new Date();
    const before = await readFigures(apiUrl, until);
    const started = performance.now();
    const manifest = await back(backup);
    const backedUp = performance.now();
    signal?.throwIfAborted();
    const after = await readFigures(apiUrl, until);
    const restoring = performance.now();
    const figures = await restored(backup, async (databaseUrl) =>
      compareFigures(before, after, await readFigures(roleUrl(databaseUrl, secret, 'mirante_api'), until)),
    );
    const counts = Object.values(manifest.rows);
    return {
      backupSeconds: (backedUp - started) / 1000,
      restoreSeconds: (performance.now() - restoring) / 1000,
      bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
      tables: counts.length,
      records: counts.reduce((sum, [least]) => sum + least, 0),
      figures,
    };
  } finally {
    await clear(folder).finally(lock.release);
  }
}

// Also removes the data of a scratch server whose home is elsewhere.
async function clear(folder: string): Promise<void> {
  const scratch = join(folder, 'scratch');
  if (existsSync(scratch)) await stopStray(scratch);
  const home = notedHome(scratch);
  if (home) await rm(home, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

// A drill that filled the disk would stop the platform that it is meant to protect.
async function refuseTight({ databaseUrl, folder }: Common, room: number): Promise<void> {
  const pool = createPool(databaseUrl, { max: 1, name: 'mirante restore drill' });
  try {
    const { rows } = await pool.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes');
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const { bavail, bsize } = await statfs(folder);
    const [needed, free] = [(rows[0]?.bytes ?? 0) * room, bavail * bsize];
    // The same amount stays free for the platform.
    if (free < needed * 2) throw new Error(`Not enough disk space in ${folder}: ${mib(free)} free, ${mib(needed * 2)} needed.`);
  } finally {
    await pool.end();
  }
}

const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

async function withScratch<T>(serverUrl: string, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const pool = createPool(serverUrl, { max: 1, name: 'mirante restore drill' });
  const name = `${SCRATCH}${randomBytes(6).toString('hex')}`;
  try {
    await dropLeftovers(pool);
    await pool.query(`create database ${name}`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    try {
      return await work(url.toString());
    } finally {
      // Without force: it would also terminate an autovacuum worker, which this role may not. A plain drop asks the worker to
      // leave and waits.
      await pool.query(`drop database ${name}`);
    }
  } finally {
    await pool.end();
  }
}

// Drops databases of interrupted drills. A running drill has sessions in its own.
async function dropLeftovers(pool: Pool): Promise<void> {
  await withClient(pool, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database d where starts_with(datname, $1) and pg_has_role(datdba, 'usage')
         and not exists (select from pg_stat_activity a where a.datid = d.oid and a.backend_type = 'client backend')`,
      [SCRATCH],
    );
    for (const { name } of rows) await client.query(`drop database ${name}`);
  });
}
