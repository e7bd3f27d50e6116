import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { keepBounded, readFrom, sizeOf } from './bounded-log.ts';
import {
  type Account,
  canEnter,
  existingHome,
  makeHome,
  nativeFolder,
  notedHome,
  programsIn,
  unprivilegedAccount,
} from './embedded-home.ts';
import { disownPostmaster, postmasterOf } from './postmaster.ts';

export type EmbeddedPostgres = {
  /** URL of the database `mirante` as its superuser. */
  url: string;
  pid: number;
  /** Folder of the server's own files: below the given folder, or elsewhere if its account cannot enter that. */
  home: string;
  /** Resolves when the server has exited, with the reason. */
  gone: Promise<string>;
  /** Ends all sessions, writes a checkpoint and waits until the server has exited. */
  stop: () => Promise<void>;
  /** Kills the server; it recovers at its next start. */
  kill: () => void;
};

type Options = { port?: number; settings?: Record<string, string> };

const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // For roles with pg_use_reserved_connections, such as the platform's logins.
  reserved_connections: '30',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  timezone: 'UTC',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
};

/**
 * Starts PostgreSQL from npm's programs, with its data below `folder`, created on first use and kept. Needs no installed server.
 * Root can start it too: the server then runs as an unprivileged account. Throws an error with the end of the log if the server
 * does not start.
 */
export async function startEmbeddedPostgres(folder: string, options: Options = {}): Promise<EmbeddedPostgres> {
  const { account, programs, data, home } = await placeOf(folder);
  const password = await initialise(folder, data, programs, account);
  stopStale(data, programs, account);
  const port = options.port ?? (await freePort());
  const logFile = join(folder, 'postgres.log');
  const endBound = keepBounded(logFile);
  const begun = sizeOf(logFile);
  const child = launch(join(programs, 'postgres'), data, port, { ...SETTINGS, ...options.settings }, logFile, account);
  const gone = new Promise<string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
  void gone.then(endBound);
  const url = urlOf(password, port);
  await ready(child, url, () => readFrom(logFile, begun));
  return { url, pid: child.pid as number, home, gone, stop: () => stopServer(child), kill: () => void child.kill('SIGQUIT') };
}

/** The folders of a folder's embedded server, and the account it runs as. Creates the folder if it does not exist. */
export async function placeOf(folder: string) {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const native = await nativeFolder();
  const elsewhere = existingHome(folder) ?? (account && newHome(folder, native, account));
  if (elsewhere && !account)
    throw new Error(`The data of ${resolve(folder)} are in ${elsewhere}, where root put them. Start it as root.`);
  const home = elsewhere ?? resolve(folder);
  const programs = join(elsewhere ? programsIn(elsewhere, native) : native, 'bin');
  return { account, home, programs, data: join(home, 'postgres') };
}

function newHome(folder: string, native: string, account: Account): string | undefined {
  const canReach = canEnter(account, [resolve(folder)]);
  if (canReach && canEnter(account, [native])) return undefined;
  const data = join(resolve(folder), 'postgres');
  if (existsSync(data))
    throw new Error(
      `The data are in ${data}, and the account ${account.env.USER}, which PostgreSQL runs as, cannot enter ${canReach ? native : resolve(folder)}. Let it enter the folders above (chmod o+x), or move them.`,
    );
  return makeHome(folder);
}

/** The superuser URL of the server that runs on `data`, also if another program started it; undefined if its pid file names none. */
export function runningUrl(folder: string, data: string): string | undefined {
  const server = postmasterOf(data);
  const passwordFile = join(folder, 'database-password');
  if (!server || server.is === 'gone' || server.is === 'other' || !existsSync(passwordFile)) return undefined;
  return urlOf(readFileSync(passwordFile, 'utf8').trim(), server.port);
}

const urlOf = (password: string, port: number) => `postgres://mirante_admin:${password}@127.0.0.1:${port}/mirante`;

/** A TCP port of the loopback interface that is free now. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

// The folder gets its final name last, so one that a crash left incomplete is created again.
async function initialise(folder: string, data: string, programs: string, account?: Account): Promise<string> {
  const passwordFile = join(folder, 'database-password');
  const known = existsSync(passwordFile) ? readFileSync(passwordFile, 'utf8').trim() : undefined;
  if (existsSync(data)) {
    if (!known) throw new Error(`${passwordFile} is missing, and logging in to ${data} needs it. Put it back.`);
    return known;
  }
  refuseCutOff(data);
  // Keeps a known password: data that was only moved away can be opened with it again.
  const password = known || randomBytes(18).toString('base64url');
  const [fresh, handover] = [`${data}.new`, `${data}.password`];
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  writeFileSync(handover, password, { mode: 0o600 });
  if (account) {
    await chmod(dirname(data), 0o755);
    for (const path of [fresh, handover]) await chown(path, account.uid, account.gid);
  }
  const flags = ['--auth=scram-sha-256', '--username=mirante_admin', '--encoding=UTF8', '--locale=C', '--no-instructions'];
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  execFileSync(join(programs, 'initdb'), [`--pgdata=${fresh}`, `--pwfile=${handover}`, ...flags, ...locale], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...account,
  });
  rmSync(handover);
  renameSync(fresh, data);
  return password;
}

// A restore killed between two steps leaves the former data set aside. A new, empty database must not replace it.
function refuseCutOff(data: string): void {
  const aside = readdirSync(dirname(data)).find((name) => name.startsWith(`${basename(data)}.replaced-`));
  if (aside)
    throw new Error(
      `A restore was interrupted: ${join(dirname(data), aside)} contains the former content of ${data}. Run the restore again, or rename that folder back, and database-password.${aside.split('.')[1]} to database-password.`,
    );
}

/** Stops a running embedded server of a folder whose starter was killed. */
export async function stopStray(folder: string): Promise<void> {
  const home = notedHome(folder);
  if (home !== undefined && !existsSync(home)) return;
  const { data, programs, account } = await placeOf(folder);
  stopStale(data, programs, account);
}

// Stops a server whose starter was killed. Nothing else is ever stopped: a process id alone proves nothing.
function stopStale(data: string, programs: string, account?: Account): void {
  const server = postmasterOf(data);
  if (server?.is === 'other') disownPostmaster(data);
  if (server?.is !== 'server') return;
  try {
    execFileSync(join(programs, 'pg_ctl'), ['stop', '-D', data, '-m', 'fast', '-w'], { cwd: '/', stdio: 'ignore', ...account });
  } catch {
    // If it is still running, the next server fails to start and reports that.
  }
}

function launch(
  program: string,
  data: string,
  port: number,
  settings: Record<string, string>,
  logFile: string,
  account?: Account,
): ChildProcess {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(logFile, 'a', 0o600);
  // Detached, so that Ctrl-C in the terminal reaches only the programs that must finish their work before the database stops.
  const child = spawn(program, ['-D', data, '-p', String(port), ...flags], {
    cwd: '/',
    stdio: ['ignore', log, log],
    detached: true,
    ...account,
  });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  return child;
}

async function ready(child: ChildProcess, url: string, log: () => string): Promise<void> {
  const admin = new URL(url);
  admin.pathname = '/postgres';
  const deadline = Date.now() + 60_000;
  for (;;) {
    const client = new pg.Client({ connectionString: admin.toString() });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const found = await client.query("select from pg_database where datname = 'mirante'");
      if (found.rowCount === 0) await client.query('create database mirante');
      return;
    } catch (error) {
      if (child.exitCode !== null || child.pid === undefined || Date.now() > deadline) {
        throw new Error(`The embedded PostgreSQL did not start.\n${log().slice(-2000)}`, { cause: error });
      }
      await setTimeout(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.ref();
  child.kill('SIGINT');
  await gone;
}
