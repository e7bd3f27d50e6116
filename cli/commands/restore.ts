import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, secretOf } from '../../lib/config.ts';
import { startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import { lockFolder } from '../../lib/folder-lock.ts';
import { fingerprint, type Manifest, PARTS, readManifest } from '../../sql/backup/manifest.ts';
import { returnObjects } from '../../sql/backup/objects.ts';
import { restoreCopy } from '../../sql/backup/restore-copy.ts';
import { restoreDump } from '../../sql/backup/restore-dump.ts';
import { migrate } from '../../sql/database/migrate.ts';
import { secretIn } from '../files.ts';
import { clientPrograms } from './backup.ts';
import { LEDGER_OPTIONS, type OutsideLedger, outsideLedger, repeatOn } from './ledger.ts';
import { UsageError } from './usage.ts';

type RestoreConfig = Pick<Config, 'DATABASE_URL' | 'MIRANTE_DATA_DIR' | 'MIRANTE_SECRET' | 'OBJECT_STORE_URL' | 'PG_BIN_DIR'>;

/** The command `restore`. Returns sentences that say what was restored and what to do next. */
export async function restore(args: string[], config: RestoreConfig): Promise<string> {
  const options = {
    into: { type: 'string' },
    replace: { type: 'boolean' },
    ...LEDGER_OPTIONS,
  } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [backup, ...more] = positionals;
  if (!backup || more.length > 0) throw new UsageError('Use `restore <backup>`, with one backup.');
  const started = performance.now();
  const { kind } = await readManifest(backup);
  // Before anything is restored: without it, people who were erased since would be back.
  const ledger = await outsideLedger(config, { ...values, backup });
  const sentences =
    kind === 'dump'
      ? await intoDatabase(backup, config, values.into, ledger)
      : await intoFolder(backup, config, values, ledger);
  return [`Restored in ${((performance.now() - started) / 1000).toFixed(1)} s, every row counted.`, ...sentences].join('\n');
}

async function intoDatabase(
  backup: string,
  config: RestoreConfig,
  into: string | undefined,
  ledger: OutsideLedger,
): Promise<string[]> {
  const databaseUrl = into ?? config.DATABASE_URL;
  if (!databaseUrl || !URL.canParse(databaseUrl))
    throw new Error('The database to restore into is missing: give an empty one with --into or DATABASE_URL.');
  const secret = secretOf(config);
  const { manifest, endedLogins } = await restoreDump({ backup, databaseUrl, secret, ...clientPrograms(config) });
  const logins =
    endedLogins > 0
      ? [`SQL logins of customers that were ended, because a backup does not have their passwords: ${endedLogins}.`]
      : [];
  const files = await objectsOf(backup, config);
  const repeated = await repeatOn(databaseUrl, config, ledger);
  return [...about(manifest, secret), ...logins, ...files, ...repeated, 'Start API and jobs.'];
}

async function intoFolder(
  backup: string,
  config: RestoreConfig,
  { into, replace }: { into?: string | undefined; replace?: boolean | undefined },
  ledger: OutsideLedger,
): Promise<string[]> {
  if (into) throw new Error('A copy of an embedded server is restored into MIRANTE_DATA_DIR, not into a database.');
  const dataDir = config.MIRANTE_DATA_DIR;
  const lock = lockFolder(dataDir, '`mirante restore`', { alone: true });
  try {
    const { manifest, aside } = await restoreCopy(backup, dataDir, replace);
    const kept = aside ? [`The previous data were moved to ${aside}.`] : [];
    const files = await objectsOf(backup, config);
    const secret = config.MIRANTE_SECRET ?? secretIn(dataDir);
    const repeated = await onEmbedded(dataDir, secret, (url) => repeatOn(url, config, ledger));
    return [...about(manifest, secret), ...kept, ...files, ...repeated, 'Start it with `npm run up`.'];
  } finally {
    lock.release();
  }
}

// The restored server has the schema of its backup.
async function onEmbedded<T>(dataDir: string, secret: string, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const server = await startEmbeddedPostgres(dataDir);
  try {
    await migrate(server.url, secret);
    return await work(server.url);
  } finally {
    await server.stop();
  }
}

async function objectsOf(backup: string, config: RestoreConfig): Promise<string[]> {
  const files = await returnObjects(config, join(backup, PARTS.objects));
  return files > 0 ? [`Files put back into the object store: ${files}.`] : [];
}

function about(manifest: Manifest, secret: string): string[] {
  const same = manifest.secret === null || manifest.secret === fingerprint(secret);
  return [
    `The backup has everything that was acknowledged by ${manifest.complete_to}.`,
    ...(same
      ? []
      : ['MIRANTE_SECRET differs from that of the backup: webhooks get new secrets, and existing embeds are invalid.']),
  ];
}
