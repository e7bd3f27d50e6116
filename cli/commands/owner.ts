import { createPool, type Pool } from '../../sql/database/db.ts';
import { type DatabaseConfig, withDatabase } from './database.ts';

/** One statement may convert or read many millions of rows. */
const STATEMENT_LIMIT_MS = 86_400_000;

/**
 * Runs `work` as the owner of the tables, on one connection of the migrator's login, or more if requested. See
 * withDatabase().
 */
export async function asOwner<T>(config: DatabaseConfig, name: string, work: (pool: Pool) => Promise<T>, max = 1): Promise<T> {
  const options = { max, name: `mirante ${name}`, role: 'mirante_owner', statementTimeoutMs: STATEMENT_LIMIT_MS };
  return withDatabase(config, async (databaseUrl) => {
    const pool = createPool(databaseUrl, options);
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  });
}
