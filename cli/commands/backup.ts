import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readLedger, writeLedger } from '../../jobs/privacy/ledger.ts';
import { type Config, environmentWith, secretOf } from '../../lib/config.ts';
import { placeOf, runningUrl, startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import { lockDatabase, lockFolder } from '../../lib/folder-lock.ts';
import { openFolderStore } from '../../lib/object-store.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { dumpDatabase } from '../../sql/backup/dump.ts';
import { copyServer } from '../../sql/backup/hot-copy.ts';
import { type Manifest, PARTS } from '../../sql/backup/manifest.ts';
import { copyObjects } from '../../sql/backup/objects.ts';
import { secretIn } from '../files.ts';
import { withDatabase } from './database.ts';

type BackupConfig = Pick<
  Config,
  'BACKUP_DATABASE_URL' | 'DATABASE_URL' | 'MIRANTE_DATA_DIR' | 'MIRANTE_SECRET' | 'OBJECT_STORE_URL' | 'PG_BIN_DIR'
>;

/** The command `backup`. Returns sentences that say what was backed up, where, and what must be kept with it. */
export async function backup(args: string[], config: BackupConfig): Promise<string> {
  const { values } = parseArgs({ args, options: { to: { type: 'string' } } });
  const folder = values.to ?? join(config.MIRANTE_DATA_DIR, 'backups', new Date().toISOString().replace(/[-:]|\.\d+/g, ''));
  const objects = (target: string) => copyObjects(config, target);
  const databaseUrl = config.BACKUP_DATABASE_URL ?? config.DATABASE_URL;
  const started = performance.now();
  const manifest = databaseUrl
    ? await dumpDatabase({ databaseUrl, folder, secret: secretOf(config), ...clientPrograms(config), objects })
    : await copyEmbedded(config, folder, objects);
  await copyLedgerBeside(config, folder);
  return describe(folder, manifest, (performance.now() - started) / 1000);
}

// Beside the backup, where `restore` looks for it: the copy within the backup ends with the backup itself.
async function copyLedgerBeside(config: BackupConfig, folder: string): Promise<void> {
  const store = openObjectStore(config);
  try {
    await writeLedger(openFolderStore(dirname(resolve(folder))), await readLedger(store));
  } finally {
    store.close();
  }
}

/** The folder and search path of client programs, and the environment in which they run. */
export function clientPrograms(config: Pick<Config, 'PG_BIN_DIR'>) {
  const environment = environmentWith({ PGPASSWORD: undefined, PGOPTIONS: undefined, PGSERVICE: undefined });
  return { programs: { folder: config.PG_BIN_DIR, path: environment.PATH }, environment };
}

// A running server keeps running; a stopped one is started for the copy only.
async function copyEmbedded(config: BackupConfig, folder: string, objects: (target: string) => Promise<Manifest['objects']>) {
  const dataDir = config.MIRANTE_DATA_DIR;
  if (!existsSync(join(dataDir, PARTS.password)))
    throw new Error(`There is no database to back up: ${dataDir} holds none, and DATABASE_URL is not set.`);
  const copied = async (databaseUrl: string) =>
    copyServer({
      databaseUrl,
      folder,
      data: (await placeOf(dataDir)).data,
      objects,
      secret: config.MIRANTE_SECRET ?? secretIn(dataDir),
      passwordFile: join(dataDir, PARTS.password),
    });
  if (await isRunning(dataDir)) return withDatabase({ MIRANTE_DATA_DIR: dataDir }, copied);
  const lock = lockFolder(dataDir, '`mirante backup`', { alone: true });
  try {
    const server = await startEmbeddedPostgres(dataDir);
    return await copied(server.url).finally(() => server.stop());
  } finally {
    lock.release();
  }
}

// A server that a restore or another backup started does not count.
async function isRunning(dataDir: string): Promise<boolean> {
  const lock = lockDatabase(dataDir);
  try {
    return runningUrl(dataDir, (await placeOf(dataDir)).data) !== undefined;
  } finally {
    lock.release();
  }
}

function describe(folder: string, manifest: Manifest, seconds: number): string {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const rows = Object.values(manifest.rows).reduce((sum, [, most]) => sum + most, 0);
  return [
    `Backed up to ${folder}: ${rows} rows, ${manifest.files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, in ${seconds.toFixed(1)} s.`,
    manifest.objects.note,
    'MIRANTE_SECRET is not in the backup: keep a copy elsewhere. Without it, webhooks get new secrets and existing embeds become invalid.',
  ].join('\n');
}
