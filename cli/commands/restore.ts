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

/** The command `restore`. Returns sentences that say what was restored and what to do next. */
export async function restore(args: string[], config: RestoreConfig): Promise<string> {
  const options = { into: { type: 'string' }, replace: { type: 'boolean' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [backup, ...more] = positionals;
  if (!backup || more.length > 0) throw new UsageError('Use `restore <backup>`, with one backup.');
  const started = performance.now();
  const { kind } = await readManifest(backup);
  const sentences =
    kind === 'dump' ? await intoDatabase(backup, config, values.into) : await intoFolder(backup, config, values);
  return [`Restored in ${((performance.now() - started) / 1000).toFixed(1)} s, every row counted.`, ...sentences].join('\n');
}

async function intoDatabase(backup: string, config: RestoreConfig, into: string | undefined): Promise<string[]> {
  const databaseUrl = into ?? config.DATABASE_URL;
  if (!databaseUrl || !URL.canParse(databaseUrl))
    throw new Error('The database to restore into is missing: give an empty one with --into or DATABASE_URL.');
  const secret = secretOf(config);
  const { manifest, endedLogins } = await restoreDump({ backup, databaseUrl, secret, ...clientPrograms(config) });
  const logins =
    endedLogins > 0
      ? [`SQL logins of customers that were ended, because a backup does not have their passwords: ${endedLogins}.`]
      : [];
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
    const kept = aside ? [`The previous data were moved to ${aside}.`] : [];
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
    `The backup has everything that was acknowledged by ${manifest.complete_to}.`,
    ...(same
      ? []
      : ['MIRANTE_SECRET differs from that of the backup: webhooks get new secrets, and existing embeds are invalid.']),
  ];
}
