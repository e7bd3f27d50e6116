import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, secretOf } from '../lib/config.ts';
import { placeOf, runningUrl } from '../lib/embedded-postgres.ts';
import { roleUrl } from '../sql/roles.ts';
import { secretIn } from './files.ts';

/** Which database a command is about. */
export type DatabaseConfig = Pick<Config, 'DATABASE_URL'> & { MIRANTE_DATA_DIR?: string };

/** The database that DATABASE_URL names, else the embedded server of MIRANTE_DATA_DIR, which must be running. */
export async function databaseOf({ DATABASE_URL, MIRANTE_DATA_DIR: folder }: DatabaseConfig): Promise<string> {
  if (DATABASE_URL) return DATABASE_URL;
  // To look into a folder makes it, and a command that only looks for a database leaves nothing behind.
  const there = folder !== undefined && existsSync(join(folder, 'database-password'));
  const embedded = there ? runningUrl(folder, (await placeOf(folder)).data) : undefined;
  if (!embedded)
    throw new Error(
      'DATABASE_URL must name the database, with the login that owns it; or start `npm run up` on this MIRANTE_DATA_DIR first.',
    );
  return embedded;
}

/** The same database as one of Mirante's own roles logs in to it; of the embedded server the secret is in its folder. */
export async function databaseAs(
  role: Parameters<typeof roleUrl>[2],
  config: DatabaseConfig & Pick<Config, 'MIRANTE_SECRET'>,
): Promise<string> {
  const url = await databaseOf(config);
  const embedded = !config.DATABASE_URL && !config.MIRANTE_SECRET && config.MIRANTE_DATA_DIR;
  return roleUrl(url, embedded ? secretIn(embedded) : secretOf(config), role);
}
