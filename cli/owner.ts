import type { Config } from '../lib/config.ts';
import { createPool, type Pool } from '../sql/db.ts';

/** One statement may convert or read many millions of rows. */
const STATEMENT_LIMIT_MS = 86_400_000;

/** Runs `work` as the owner of the tables, on connections of the migrator's login, one if no more are asked for, which DATABASE_URL must name. */
export async function asOwner<T>(
  config: Pick<Config, 'DATABASE_URL'>,
  name: string,
  work: (pool: Pool) => Promise<T>,
  max = 1,
): Promise<T> {
  if (!config.DATABASE_URL) throw new Error('DATABASE_URL must name the database, with the login that owns it.');
  const options = { max, name: `mirante ${name}`, role: 'mirante_owner', statementTimeoutMs: STATEMENT_LIMIT_MS };
  const pool = createPool(config.DATABASE_URL, options);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
