import { readConfig, secretOf } from '../lib/config.ts';
import { createLog } from '../lib/log.ts';
import { roleUrl } from '../sql/roles.ts';
import { wire } from './wire.ts';

const config = readConfig();
const log = createLog('api', config.LOG_LEVEL);

function loginUrl(given: string | undefined, role: 'mirante_api' | 'mirante_queue' | 'mirante_metabase', name: string): string {
  if (given) return given;
  if (!config.DATABASE_URL) throw new Error(`${name} or DATABASE_URL must be set.`);
  return roleUrl(config.DATABASE_URL, secretOf(config), role);
}

const wired = wire(
  config,
  {
    api: loginUrl(config.API_DATABASE_URL, 'mirante_api', 'API_DATABASE_URL'),
    queue: loginUrl(config.QUEUE_DATABASE_URL, 'mirante_queue', 'QUEUE_DATABASE_URL'),
    metabase: loginUrl(config.METABASE_DATABASE_URL, 'mirante_metabase', 'METABASE_DATABASE_URL'),
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

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), 15_000).unref();
  await wired.close();
  log.info('stopped');
  process.exit(0);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
