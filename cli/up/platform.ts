import { setTimeout } from 'node:timers/promises';
import { type Config, environmentWith } from '../../lib/config.ts';
import { freePort, startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import { closeServer } from '../../sql/database/close-server.ts';
import { migrate } from '../../sql/database/migrate.ts';
import { type Login, roleUrl } from '../../sql/database/roles.ts';
import { startChild } from './children.ts';
import { type Kept, keepRunning, type Part } from './keep-running.ts';

export type Settings = {
  config: Config;
  dataDir: string;
  secret: string;
  port: number;
  metricsPort: number;
  say: (sentence: string) => void;
  onLogLine: (line: string) => void;
  /** Called with a sentence if a part ends by itself and is not restarted. */
  onDeath: (sentence: string) => void;
  signal: AbortSignal;
};

export type Platform = { url: string; metricsUrl: string; databaseUrl: string; apiDatabaseUrl: string; engine: string };

/** What has been started so far, so that it can be stopped at any moment: programs first, then the database. */
export type Running = { programs: Kept[]; database?: Kept; home?: string; isReady: boolean };

const READY_LIMIT_MS = 60_000;

/** Starts the database (unless one is configured), migrates it, starts API and jobs, and waits until they are ready. */
export async function startPlatform(running: Running, settings: Settings): Promise<Platform> {
  const { config, signal, say } = settings;
  if (!config.DATABASE_URL) {
    say('Starting PostgreSQL.');
    let url = '';
    // API and jobs know the database's port, so a later start uses the same one.
    const port = await freePort();
    const start = async () => {
      const server = await startEmbeddedPostgres(settings.dataDir, { port });
      ({ url, home: running.home } = server);
      return server;
    };
    running.database = await keep(running, settings, 'PostgreSQL', start);
    signal.throwIfAborted();
    await closeServer(url);
    return startPrograms(running, settings, url);
  }
  say(`Using the database at ${new URL(config.DATABASE_URL).host}.`);
  return startPrograms(running, settings, config.DATABASE_URL);
}

const keep = (running: Running, { say, onDeath }: Settings, name: string, start: () => Promise<Part>): Promise<Kept> =>
  keepRunning({ name, start, say, onGiveUp: onDeath, isReady: () => running.isReady });

async function startPrograms(running: Running, settings: Settings, databaseUrl: string): Promise<Platform> {
  const { config, secret, signal, say } = settings;
  const engine = await migrate(databaseUrl, secret, say).catch((error: Error & { code?: string }) => {
    throw new Error(`The database cannot be migrated: ${error.message || error.code}`, { cause: error });
  });
  signal.throwIfAborted();
  say(`Starting API and jobs on ${engine}, queues on ${config.REDIS_URL ? 'Redis' : 'PostgreSQL'}.`);
  const login = (role: Login) => roleUrl(databaseUrl, secret, role);
  const apiDatabaseUrl = config.API_DATABASE_URL ?? login('mirante_api');
  const url = `http://${reachable(config.HOST)}:${settings.port}`;
  const env = environmentWith({
    // Neither program gets the migrator's login, which could change everything.
    DATABASE_URL: undefined,
    API_DATABASE_URL: apiDatabaseUrl,
    JOBS_DATABASE_URL: config.JOBS_DATABASE_URL ?? login('mirante_jobs'),
    QUEUE_DATABASE_URL: config.QUEUE_DATABASE_URL ?? login('mirante_queue'),
    METABASE_DATABASE_URL: config.METABASE_DATABASE_URL ?? login('mirante_metabase'),
    OPS_DATABASE_URL: config.OPS_DATABASE_URL ?? login('mirante_ops'),
    MIRANTE_SECRET: secret,
    MIRANTE_DATA_DIR: settings.dataDir,
    PORT: String(settings.port),
    METRICS_PORT: String(settings.metricsPort),
    API_URL: config.API_URL ?? url,
  });
  for (const [name, program] of [
    ['The API', 'api/server.ts'],
    ['The jobs program', 'jobs/worker.ts'],
  ] as const) {
    const start = async () => startChild(name, program, env, settings.onLogLine);
    running.programs.push(await keep(running, settings, name, start));
  }
  await ready(url, signal);
  running.isReady = true;
  return {
    url,
    metricsUrl: `http://${reachable(config.METRICS_HOST)}:${settings.metricsPort}/metrics`,
    databaseUrl,
    apiDatabaseUrl,
    engine,
  };
}

/** Stops everything in order. With `hard` it waits for nothing, and the database recovers at its next start. */
export async function stopPlatform(running: Running, hard = false): Promise<void> {
  if (hard) {
    for (const part of running.programs) part.kill();
    running.database?.kill();
    return;
  }
  await Promise.all(running.programs.map((part) => part.stop()));
  await running.database?.stop();
}

async function ready(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_LIMIT_MS;
  for (let last = 'no answer'; ; await setTimeout(100, undefined, { signal })) {
    signal.throwIfAborted();
    const response = await fetch(`${url}/readyz`, { signal }).catch(() => undefined);
    if (response?.ok) return;
    if (response) last = `${response.status} ${await response.text()}`;
    if (Date.now() > deadline) throw new Error(`The API was not ready within a minute. ${url}/readyz: ${last}`);
  }
}

// A wildcard address to listen on is no address to connect to.
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
