import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, secretOf } from '../../lib/config.ts';
import { placeOf, runningUrl } from '../../lib/embedded-postgres.ts';
import { lockDatabase } from '../../lib/folder-lock.ts';
import { roleUrl } from '../../sql/database/roles.ts';
import { secretIn } from '../files.ts';

/** The settings that select the database of a command. */
export type DatabaseConfig = Pick<Config, 'DATABASE_URL'> & { MIRANTE_DATA_DIR?: string };

/**
 * Runs `work` on the database that DATABASE_URL names, otherwise on the embedded server of MIRANTE_DATA_DIR, which must be
 * running. Meanwhile no restore and no backup of a stopped server can start there. Throws if one is running.
 */
export async function withDatabase<T>(config: DatabaseConfig, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const { DATABASE_URL, MIRANTE_DATA_DIR: folder } = config;
  if (DATABASE_URL) return work(DATABASE_URL);
  // Locking a folder creates it, but a command that only looks for a database must leave nothing behind.
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

/** The URL of the same database for one of Mirante's roles. The secret of an embedded server is in its folder. */
export function withDatabaseAs<T>(
  role: Parameters<typeof roleUrl>[2],
  config: DatabaseConfig & Pick<Config, 'MIRANTE_SECRET'>,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const embedded = !config.DATABASE_URL && !config.MIRANTE_SECRET && config.MIRANTE_DATA_DIR;
  return withDatabase(config, (url) => work(roleUrl(url, embedded ? secretIn(embedded) : secretOf(config), role)));
}
