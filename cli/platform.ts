import { setTimeout } from 'node:timers/promises';
import { type Config, environmentWith } from '../lib/config.ts';
import { startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { migrate } from '../sql/migrate.ts';
import { type Login, roleUrl } from '../sql/roles.ts';
import { type Child, startChild } from './children.ts';

export type Settings = {
  config: Config;
  dataDir: string;
  secret: string;
  port: number;
  metricsPort: number;
  say: (sentence: string) => void;
  onLogLine: (line: string) => void;
  /** Called with a sentence when the API or the jobs end by themselves. */
  onDeath: (sentence: string) => void;
  /** Hears of every program that runs, as soon as it does. */
  onStart: (pids: number[]) => void;
  signal: AbortSignal;
};

export type Platform = { url: string; metricsUrl: string; databaseUrl: string; apiDatabaseUrl: string; engine: string };

/** What has been started so far, so that it can be stopped at any moment: programs first, then the database. */
export type Running = { children: Child[]; database?: { pid: number; home: string; stop: () => Promise<void> } };

const READY_LIMIT_MS = 60_000;

/** Starts the database (unless one is given), brings it up to date, starts API and jobs, and waits until they are ready. */
export async function startPlatform(running: Running, settings: Settings): Promise<Platform> {
  const { config, secret, signal, say } = settings;
  if (!config.DATABASE_URL) {
    say('Starting PostgreSQL.');
    const embedded = await startEmbeddedPostgres(settings.dataDir);
    running.database = embedded;
    void embedded.gone.then(() => settings.onDeath('PostgreSQL has stopped by itself.'));
    signal.throwIfAborted();
    return startPrograms(running, settings, embedded.url);
  }
  say(`Using the database at ${new URL(config.DATABASE_URL).host}.`);
  return startPrograms(running, { ...settings, secret }, config.DATABASE_URL);
}

async function startPrograms(running: Running, settings: Settings, databaseUrl: string): Promise<Platform> {
  const { config, secret, signal, say } = settings;
  const engine = await migrate(databaseUrl, secret, say).catch((error: Error & { code?: string }) => {
    throw new Error(`The database cannot be brought up to date: ${error.message || error.code}`, { cause: error });
  });
  signal.throwIfAborted();
  say(`Starting API and jobs on ${engine}, queues on ${config.REDIS_URL ? 'Redis' : 'PostgreSQL'}.`);
  const login = (role: Login) => roleUrl(databaseUrl, secret, role);
  const apiDatabaseUrl = config.API_DATABASE_URL ?? login('mirante_api');
  const url = `http://${reachable(config.HOST)}:${settings.port}`;
  const env = environmentWith({
    // Neither program holds the migrator's login, which could change everything.
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
    const child = startChild(name, program, env, settings.onLogLine);
    running.children.push(child);
    void child.gone.then((how) => settings.onDeath(`${name} has stopped by itself (${how}).`));
  }
  settings.onStart(running.children.map((child) => child.pid));
  await ready(url, signal);
  return {
    url,
    metricsUrl: `http://${reachable(config.METRICS_HOST)}:${settings.metricsPort}/metrics`,
    databaseUrl,
    apiDatabaseUrl,
    engine,
  };
}

/** Stops what runs, in order; `hard` waits for nothing, and the database recovers at its next start. */
export async function stopPlatform(running: Running, hard = false): Promise<void> {
  if (hard) {
    for (const child of running.children) child.kill();
    if (running.database) process.kill(running.database.pid, 'SIGQUIT');
    return;
  }
  await Promise.all(running.children.map((child) => child.stop()));
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

// An address to listen on everywhere is none to connect to.
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
