import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, secretOf } from '../../lib/config.ts';
import { placeOf, runningUrl } from '../../lib/embedded-postgres.ts';
import { lockDatabase } from '../../lib/folder-lock.ts';
import { roleUrl } from '../../sql/database/roles.ts';
import { secretIn } from '../files.ts';

/** Which database a command is about. */
export type DatabaseConfig = Pick<Config, 'DATABASE_URL'> & { MIRANTE_DATA_DIR?: string };

/**
 * Runs `work` on the database that DATABASE_URL names, else on the embedded server of MIRANTE_DATA_DIR, which must be running. No restore,
 * and no backup of a server at rest, may begin there meanwhile, nor this while one is under way.
 */
export async function withDatabase<T>(config: DatabaseConfig, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const { DATABASE_URL, MIRANTE_DATA_DIR: folder } = config;
  if (DATABASE_URL) return work(DATABASE_URL);
  // To look into a folder makes it, and a command that only looks for a database leaves nothing behind.
  if (folder === undefined || !existsSync(join(folder, 'database-password'))) throw notRunning();
  const lock = lockDatabase(folder);
  try {
    const embedded = runningUrl(folder, (await placeOf(folder)).data);
    if (!embedded) throw notRunning();
    return await work(embedded);
  } finally {
    lock.release();
  }
}

const notRunning = () =>
  new Error(
    'There is no database: set DATABASE_URL, with the login that owns it, or start `npm run up` on this MIRANTE_DATA_DIR first.',
  );

/** The same as one of Mirante's own roles logs in to that database; of the embedded server the secret is in its folder. */
export function withDatabaseAs<T>(
  role: Parameters<typeof roleUrl>[2],
  config: DatabaseConfig & Pick<Config, 'MIRANTE_SECRET'>,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const embedded = !config.DATABASE_URL && !config.MIRANTE_SECRET && config.MIRANTE_DATA_DIR;
  return withDatabase(config, (url) => work(roleUrl(url, embedded ? secretIn(embedded) : secretOf(config), role)));
}
