import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, readConfig } from '../lib/config.ts';
import { notedHome } from '../lib/embedded-home.ts';
import { type FolderLock, lockFolder } from '../lib/folder-lock.ts';
import { createPool } from '../sql/database/db.ts';
import { createOperatorKey } from '../sql/tenants/tenants.ts';
import { createClient } from './client.ts';
import { readJson, secretIn, writePrivate } from './files.ts';
import { ensureEventTypes } from './sample/event-types.ts';
import { loadSample } from './sample/loader.ts';
import { proveArrival } from './up/check.ts';
import { type Credentials, ensureDemo, keyWorks } from './up/credentials.ts';
import { createLogView } from './up/log-view.ts';
import { type Platform, type Running, startPlatform, stopPlatform } from './up/platform.ts';
import { claimPort } from './up/ports.ts';
import { welcome } from './up/welcome.ts';

type Mode = { check: boolean; empty: boolean };

// One Ctrl-C in a terminal arrives twice, from the terminal and from npm. Only a later signal stops at once.
const SAME_KEYSTROKE_MS = 1000;

/** Starts everything and keeps it running until it is told to stop. Returns the exit code. */
async function up(mode: Mode): Promise<number> {
  const say = (sentence: string) => void process.stdout.write(`${sentence}\n`);
  const quietly = mode.check ? () => undefined : say;
  const given = readConfig();
  const temporary = mode.check && given.MIRANTE_DATA_DIR === '.mirante';
  const config = temporary ? { ...given, MIRANTE_DATA_DIR: temporaryFolder(), PORT: 0, METRICS_PORT: 0 } : given;
  const running: Running = { programs: [], isReady: false };
  const stop = stopOnSignal(running, quietly);
  let lock: FolderLock | undefined;
  let code = 0;
  try {
    lock = lockFolder(config.MIRANTE_DATA_DIR, '`npm run up`');
    const credentials = await start(running, lock, config, mode, stop, quietly, secretFolder(given, config));
    if (mode.check) {
      await proveArrival(clientsOf(credentials, stop.signal), stop.signal);
      say(`Mirante works: an event sent to ${credentials.url}/v1/events arrived in the metric events.count.`);
    } else {
      say(await welcome(credentials, config.MIRANTE_DATA_DIR, running.home, process.stdout.isTTY));
      await new Promise((done) => stop.signal.addEventListener('abort', done));
    }
  } catch (error) {
    if (!stop.signal.aborted) stop.abort(error);
  }
  if (stop.signal.reason instanceof Error) {
    process.stderr.write(`${stop.signal.reason.message}\n`);
    code = 1;
  } else if (mode.check && stop.signal.aborted) {
    code = 1;
  }
  await stopPlatform(running);
  lock?.release();
  if (temporary) removeFolder(config.MIRANTE_DATA_DIR);
  if (running.database || running.programs.length > 0) quietly('Mirante has stopped.');
  return code;
}

// Readable by the account that PostgreSQL runs as if the starter is root; secrets in it have their own permissions.
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-'));
  chmodSync(folder, 0o755);
  return folder;
}

function removeFolder(folder: string): void {
  for (const path of [notedHome(folder), folder]) if (path) rmSync(path, { recursive: true, force: true });
}

// The roles' passwords derive from the secret and belong to the whole server, so a temporary check must not replace them.
const secretFolder = (given: Config, config: Config) => (given.DATABASE_URL ? given : config).MIRANTE_DATA_DIR;

async function start(
  running: Running,
  lock: FolderLock,
  config: Config,
  mode: Mode,
  stop: AbortController,
  say: (sentence: string) => void,
  secretDir: string,
): Promise<Credentials> {
  const dataDir = config.MIRANTE_DATA_DIR;
  const { signal } = stop;
  const view = createLogView(process.stdout);
  // API and jobs whose starter was killed stop by themselves, after their current work.
  const patienceMs = lock.isAfterKill ? 30_000 : 0;
  const platform = await startPlatform(running, {
    config,
    dataDir,
    secret: config.MIRANTE_SECRET ?? secretIn(secretDir),
    port: await claimPort(config.HOST, config.PORT, 'PORT', patienceMs),
    metricsPort: await claimPort(config.METRICS_HOST, config.METRICS_PORT, 'METRICS_PORT', patienceMs),
    say,
    onLogLine: view.show,
    onDeath: (sentence) => stop.abort(new Error(sentence)),
    signal,
  });
  const file = join(dataDir, 'credentials.json');
  const earlier = readJson<Credentials>(file);
  const operatorKey = await ensureOperatorKey(platform, earlier);
  const demo = await ensureDemo(platform.url, createClient(platform.url, operatorKey, signal), earlier);
  const credentials = { url: platform.url, metrics_url: platform.metricsUrl, operator_key: operatorKey, tenants: [demo] };
  await ensureEventTypes(createClient(platform.url, demo.keys.tenant_admin, signal));
  if (!mode.empty && !mode.check) await loadSample(dataDir, demo.id, clientsOf(credentials, signal), say, signal);
  writePrivate(file, `${JSON.stringify(credentials, null, 2)}\n`);
  view.quiet = mode.check;
  return credentials;
}

function clientsOf({ url, tenants }: Credentials, signal: AbortSignal) {
  const keys = tenants[0]?.keys;
  return { ingest: createClient(url, keys?.ingest ?? '', signal), read: createClient(url, keys?.read ?? '', signal) };
}

// The first key cannot be created over HTTP, because that needs a key, so it is created with the API's login.
async function ensureOperatorKey(platform: Platform, earlier: Credentials | undefined): Promise<string> {
  if (earlier && (await keyWorks(platform.url, earlier.operator_key))) return earlier.operator_key;
  const pool = createPool(platform.apiDatabaseUrl, { max: 1, name: 'mirante up' });
  try {
    return await createOperatorKey(pool);
  } finally {
    await pool.end();
  }
}

function stopOnSignal(running: Running, say: (sentence: string) => void): AbortController {
  const stop = new AbortController();
  let asked = 0;
  const onSignal = () => {
    if (asked && Date.now() - asked > SAME_KEYSTROKE_MS) {
      void stopPlatform(running, true).finally(() => process.exit(130));
    } else if (!asked) {
      asked = Date.now();
      say('\nStopping. Press Ctrl-C again to stop everything at once.');
      stop.abort('signal');
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return stop;
}

const USAGE = 'Usage: npm run up [-- --empty | --check]   (see docs/runbook.md)';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { empty: { type: 'boolean' }, check: { type: 'boolean' } } });
  return up({ check: values.check ?? false, empty: values.empty ?? false });
}

process.exitCode = await main().catch((error: Error & { code?: string }) => {
  const misused = error.code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${error.message}\n${misused ? `${USAGE}\n` : ''}`);
  return misused ? 2 : 1;
});
process.exit();
