import { QUEUES } from '../../jobs/queues.ts';
import type { Config } from '../../lib/config.ts';
import { createPool } from '../../sql/database/db.ts';
import { heartbeatAge } from '../../sql/platform/heartbeats.ts';
import { withDatabaseAs } from './database.ts';

// Heartbeats come every 15 seconds: a program is stale if four in a row are missing.
const STALE_S = 60;

/** Returns a sentence about the state of one program. Throws if the program does not work. */
export async function checkHealth(args: string[], config: Config): Promise<string> {
  const [program, ...rest] = args;
  if (rest.length === 0 && program === 'api') return apiHealth(config);
  if (rest.length === 0 && program === 'jobs') return jobsHealth(config);
  throw new Error('Use `health api` or `health jobs`.');
}

async function apiHealth(config: Config): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${config.PORT}/readyz`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`The API answers ${response.status}: ${await response.text()}`);
  return 'The API is ready.';
}

// A worker that runs but consumes nothing is visible only in its consumed heartbeats.
async function jobsHealth(config: Config): Promise<string> {
  const url = config.JOBS_DATABASE_URL;
  return url ? queuesHealth(url) : withDatabaseAs('mirante_jobs', config, queuesHealth);
}

async function queuesHealth(url: string): Promise<string> {
  const pool = createPool(url, { max: 1, name: 'mirante health', role: 'mirante_owner' });
  try {
    for (const queue of QUEUES) {
      const age = await heartbeatAge(pool, queue);
      if (age === undefined || age > STALE_S) {
        throw new Error(
          `Queue ${queue}: ${age === undefined ? 'nothing consumed yet' : `nothing consumed for ${Math.round(age)} s`}.`,
        );
      }
    }
    return 'The jobs program consumes its queues.';
  } finally {
    await pool.end();
  }
}
