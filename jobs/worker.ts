import { resolve } from 'node:path';
import { readConfig, secretOf } from '../lib/config.ts';
import { createLog } from '../lib/log.ts';
import { openFolderStore } from '../lib/object-store.ts';
import { openObjectStore } from '../lib/open-object-store.ts';
import { openArchive } from '../sql/archive/home.ts';
import { createPool, withClient } from '../sql/database/db.ts';
import { loginUrl } from '../sql/database/roles.ts';
import { detectEngine } from '../sql/storage/engine.ts';
import { keepProbing } from './platform/probe-platform.ts';
import { databaseAnswers, startWorkers, type Workers } from './queue/workers.ts';
import { watchSessions } from './tenants/watch-sessions.ts';

const config = readConfig();
const log = createLog('jobs', config.LOG_LEVEL);

const pool = createPool(loginUrl(config, 'mirante_jobs'), {
  role: 'mirante_owner',
  name: 'mirante jobs',
  max: 12,
  // A refresh after a long downtime, and the wait for one, can take long.
  statementTimeoutMs: 600_000,
});
const watchPool = createPool(loginUrl(config, 'mirante_jobs'), {
  role: 'mirante_owner',
  name: 'mirante watch',
  max: 1,
  statementTimeoutMs: 10_000,
});
const urls = { redisUrl: config.REDIS_URL, queueDatabaseUrl: loginUrl(config, 'mirante_queue') };

const apiUrl = (config.API_URL ?? `http://127.0.0.1:${config.PORT}`).replace(/\/$/, '');
// Read at the start, so that a missing secret fails now and not when something must be signed.
const secret = secretOf(config);
const logins = { api: loginUrl(config, 'mirante_api'), metabase: loginUrl(config, 'mirante_metabase') };

const objects = openObjectStore(config);
const archive = openArchive(config, objects);
// A second copy of the erasure ledger, where backups are by default.
const backups = openFolderStore(resolve(config.MIRANTE_DATA_DIR, 'backups'));
const stopping = new AbortController();
let workers: Workers | undefined;
let watching: Promise<void> | undefined;

async function stop(): Promise<void> {
  stopping.abort();
  await started.catch(() => undefined);
  await workers?.stop();
  await watching;
  await Promise.all([pool.end(), watchPool.end()]);
  objects.close();
  log.info('stopped');
  process.exit(0);
}

async function start(): Promise<void> {
  await databaseAnswers(pool, log, stopping.signal);
  const engine = await withClient(pool, detectEngine);
  const clock = () => new Date();
  workers = await startWorkers({ pool, engine, log, config, clock, logins, secret, objects, archive, backups }, urls);
  watching = watchSessions({ pool: watchPool, log, signal: stopping.signal });
  void keepProbing({ pool, log, clock, apiUrl, signal: stopping.signal });
  log.info({ engine, queues: config.REDIS_URL ? 'redis' : 'postgresql' }, 'jobs are running');
}

// `disconnect`: the parent process was killed. Without a parent there is no such channel.
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) {
  process.on(signal, () => {
    if (stopping.signal.aborted) return;
    stop().catch((error: unknown) => {
      log.fatal({ err: error }, 'cannot stop cleanly');
      process.exit(1);
    });
  });
}

const started = start();
started.catch((error: unknown) => {
  if (stopping.signal.aborted) return;
  log.fatal({ err: error }, 'jobs cannot start');
  process.exit(1);
});
