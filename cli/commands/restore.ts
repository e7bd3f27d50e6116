import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, secretOf } from '../../lib/config.ts';
import { lockFolder } from '../../lib/folder-lock.ts';
import { fingerprint, type Manifest, PARTS, readManifest } from '../../sql/backup/manifest.ts';
import { returnObjects } from '../../sql/backup/objects.ts';
import { restoreCopy } from '../../sql/backup/restore-copy.ts';
import { restoreDump } from '../../sql/backup/restore-dump.ts';
import { secretIn } from '../files.ts';
import { clientPrograms } from './backup.ts';
import { UsageError } from './usage.ts';

type RestoreConfig = Pick<Config, 'DATABASE_URL' | 'MIRANTE_DATA_DIR' | 'MIRANTE_SECRET' | 'OBJECT_STORE_URL' | 'PG_BIN_DIR'>;

/** The command `restore`: gives sentences that say what was restored, and what is to be done now. */
export async function restore(args: string[], config: RestoreConfig): Promise<string> {
  const options = { into: { type: 'string' }, replace: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [backup, ...more] = positionals;
  if (!backup || more.length > 0) throw new UsageError('Give one backup: `restore <folder>`.');
  const started = performance.now();
  const { kind } = await readManifest(backup);
  const sentences =
    kind === 'dump' ? await intoDatabase(backup, config, values.into) : await intoFolder(backup, config, values);
  return [`Restored in ${((performance.now() - started) / 1000).toFixed(1)} s, every row counted.`, ...sentences].join('\n');
}

async function intoDatabase(backup: string, config: RestoreConfig, into: string | undefined): Promise<string[]> {
  const databaseUrl = into ?? config.DATABASE_URL;
  if (!databaseUrl || !URL.canParse(databaseUrl))
    throw new Error('Name the empty database to restore into, with --into or DATABASE_URL.');
  const secret = secretOf(config);
  const { manifest, endedLogins } = await restoreDump({ backup, databaseUrl, secret, ...clientPrograms(config) });
  const logins =
    endedLogins > 0 ? [`SQL logins of customers that have ended, because no backup has their passwords: ${endedLogins}.`] : [];
  return [...about(manifest, secret), ...logins, ...(await objectsOf(backup, config)), 'Start API and jobs.'];
}

async function intoFolder(
  backup: string,
  config: RestoreConfig,
  { into, replace }: { into?: string | undefined; replace?: boolean | undefined },
): Promise<string[]> {
  if (into) throw new Error('A copy of an embedded server is restored into MIRANTE_DATA_DIR, not into a database.');
  const dataDir = config.MIRANTE_DATA_DIR;
  const lock = lockFolder(dataDir, '`mirante restore`', { alone: true });
  try {
    const { manifest, aside } = await restoreCopy(backup, dataDir, replace);
    const kept = aside ? [`What was there before is in ${aside}.`] : [];
    const files = await objectsOf(backup, config);
    return [...about(manifest, config.MIRANTE_SECRET ?? secretIn(dataDir)), ...kept, ...files, 'Start it with `npm run up`.'];
  } finally {
    lock.release();
  }
}

async function objectsOf(backup: string, config: RestoreConfig): Promise<string[]> {
  const files = await returnObjects(config, join(backup, PARTS.objects));
  return files > 0 ? [`Files put back into the object store: ${files}.`] : [];
}

function about(manifest: Manifest, secret: string): string[] {
  const same = manifest.secret === null || manifest.secret === fingerprint(secret);
  return [
    `All that had been acknowledged by ${manifest.complete_to} is there.`,
    ...(same
      ? []
      : ['MIRANTE_SECRET is another than when the backup was made: signatures of webhooks and viewers’ links begin anew.']),
  ];
}
