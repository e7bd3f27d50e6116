import { readConfig } from '../lib/config.ts';
import { createLog } from '../lib/log.ts';
import { loginUrl } from '../sql/database/roles.ts';
import { wire } from './wire.ts';

const config = readConfig();
const log = createLog('api', config.LOG_LEVEL);

const wired = wire(
  config,
  {
    api: loginUrl(config, 'mirante_api'),
    queue: loginUrl(config, 'mirante_queue'),
    metabase: loginUrl(config, 'mirante_metabase'),
    ops: loginUrl(config, 'mirante_ops'),
    redis: config.REDIS_URL,
  },
  log,
);

for (const server of [wired.server, wired.metricsServer]) {
  server.on('error', (error) => {
    log.fatal({ error: error.message }, 'cannot listen');
    process.exit(1);
  });
}
wired.metricsServer.listen(config.METRICS_PORT, config.METRICS_HOST);
wired.server.listen(config.PORT, config.HOST, () => {
  log.info({ host: config.HOST, port: config.PORT, metrics_port: config.METRICS_PORT }, 'listening');
});

/** If the database does not answer in this time, waiting events cannot be stored: exit anyway. */
const STOP_LIMIT_MS = 10_000;

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => {
    log.fatal('not stopped in time; the latest usage counts may be lost');
    process.exit(1);
  }, STOP_LIMIT_MS).unref();
  await wired.close();
  log.info('stopped');
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// Stops when a parent process with an IPC channel is killed. Without such a parent the event never fires.
process.once('disconnect', () => stop('the starter has gone'));
