import { drillNow, wayOf } from '../../jobs/platform/restore-drill.ts';
import { type Config, secretOf } from '../../lib/config.ts';
import { createLog } from '../../lib/log.ts';
import { roleUrl } from '../../sql/database/roles.ts';
import { secretIn } from '../files.ts';
import { withDatabase } from './database.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

/**
 * The command `restore-drill`. Makes a backup, restores it into a scratch database, and returns a sentence with the result.
 */
export async function restoreDrill(args: string[], given: Config): Promise<string> {
  if (args.length > 0) throw new UsageError(`Unexpected arguments: ${args.join(' ')}`);
  const databaseUrl = given.BACKUP_DATABASE_URL ?? given.DATABASE_URL;
  return withDatabase({ ...given, DATABASE_URL: databaseUrl }, (url) => drill(configOf(given, databaseUrl, url)));
}

async function drill(config: ReturnType<typeof configOf>): Promise<string> {
  const log = createLog('restore-drill', 'silent');
  const result = await asOwner(config, 'restore-drill', async (pool) => {
    const logins = { api: config.API_DATABASE_URL ?? roleUrl(config.DATABASE_URL, config.MIRANTE_SECRET, 'mirante_api') };
    const way = await wayOf({ config, logins, secret: config.MIRANTE_SECRET });
    if (!way) throw new Error('There is no database to back up: set DATABASE_URL, or start `npm run up` first.');
    return drillNow({ pool, log }, way);
  });
  const times = `Backup: ${result.backupSeconds.toFixed(1)} s. Restore: ${result.restoreSeconds.toFixed(1)} s.`;
  return `The drill passed: a backup was restored elsewhere and compared; both were removed. Tables: ${result.tables}. Rows: ${result.records}. Tenants whose metrics agree: ${result.figures}. ${times}`;
}

// The migrator's login can do all of it, except that on TimescaleDB the scratch database needs a superuser.
function configOf(config: Config, given: string | undefined, databaseUrl: string) {
  if (!given)
    return { ...config, DATABASE_URL: databaseUrl, MIRANTE_SECRET: config.MIRANTE_SECRET ?? secretIn(config.MIRANTE_DATA_DIR) };
  const scratch = config.RESTORE_DRILL_DATABASE_URL ?? given;
  const urls = { DATABASE_URL: given, BACKUP_DATABASE_URL: given, RESTORE_DRILL_DATABASE_URL: scratch };
  return { ...config, ...urls, MIRANTE_SECRET: secretOf(config) };
}
