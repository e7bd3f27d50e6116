import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { archive } from '../cli/commands/archive.ts';
import { backup } from '../cli/commands/backup.ts';
import { switchColumnstore } from '../cli/commands/columnstore.ts';
import { importAll } from '../cli/commands/portable.ts';
import { restore } from '../cli/commands/restore.ts';
import { environmentWith, readConfig } from '../lib/config.ts';
import { notedHome } from '../lib/embedded-home.ts';
import { freePort, placeOf, runningUrl, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { lockDatabase, lockFolder } from '../lib/folder-lock.ts';
import { migrate } from '../sql/database/migrate.ts';
import { testSecret } from './support/harness.ts';

let folder: string;
let data: string;
let target: string;

const settings = () => ({ MIRANTE_DATA_DIR: data, MIRANTE_SECRET: testSecret });
const config = () => readConfig(settings());

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mirante-data-folder-'));
  [data, target] = [join(folder, 'data'), join(folder, 'backup')];
  const server = await startEmbeddedPostgres(data, { settings: { fsync: 'off' } });
  await migrate(server.url, testSecret);
  await ask(server.url, 'create table public.kept as select 42 as answer');
  await server.stop();
  await backup(['--to', target], config());
});
afterAll(() => {
  for (const path of [notedHome(data), folder]) if (path) rmSync(path, { recursive: true, force: true });
});

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const urlNow = async () => runningUrl(data, (await placeOf(data)).data) as string;
const KEPT = [{ answer: 42 }];

async function expectKept(): Promise<void> {
  const server = await startEmbeddedPostgres(data);
  try {
    expect(await ask(server.url, 'select answer from public.kept')).toEqual(KEPT);
  } finally {
    await server.stop();
  }
}

type Ran = { child: ChildProcess; output: () => string; gone: Promise<number | null> };

/** A program of cli/ as a separate process without a terminal; stopped when the test ends. */
function run(program: string, args: string[], more: Record<string, string> = {}): Ran {
  const env = environmentWith({ DATABASE_URL: undefined, REDIS_URL: undefined, ...settings(), ...more });
  const child = spawn(process.execPath, ['--import', 'tsx', `cli/${program}.ts`, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const gone = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  return { child, output: () => text, gone };
}

async function ports(): Promise<Record<string, string>> {
  return { PORT: String(await freePort()), METRICS_PORT: String(await freePort()), LOG_LEVEL: 'warn' };
}

const nobody = () => undefined;
const away = 'start `npm run up`';

/** Every command that needs the data folder or its database. */
const COMMANDS: Record<string, () => Promise<unknown>> = {
  backup: () => backup(['--to', join(folder, 'never')], config()),
  'restore --replace': () => restore([target, '--replace', '--without-ledger'], config()),
  'import-all': () => importAll([join(folder, 'nothing')], config()),
  columnstore: () => switchColumnstore(['off'], config(), nobody),
  'archive restore': () =>
    archive(['restore', '--tenant', 'nobody', '--from', '2026-01-01', '--to', '2026-01-02'], config(), nobody),
};

test('`npm run up` during a restore refuses and says who uses the folder, and the restore completes', async () => {
  const restoring = run('mirante', ['restore', target, '--replace', '--without-ledger']);
  const begun = () => existsSync(join(data, 'lock')) && readFileSync(join(data, 'lock'), 'utf8');
  await expect.poll(begun).toContain('mirante restore');
  const second = run('up', ['--empty'], await ports());
  expect(await second.gone).toBe(1);
  expect(second.output()).toMatch(/data is in use by `mirante restore`, since 20.*Stop that first/);
  expect(await restoring.gone, restoring.output()).toBe(0);
  await expectKept();
});

test.each(['`mirante restore`', '`mirante backup`'])(
  'while %s uses the folder, every other command refuses and says why',
  async (holder) => {
    const lock = lockFolder(data, holder, { alone: true });
    // Both start a server of their own on the data.
    const server = await startEmbeddedPostgres(data);
    try {
      for (const [name, command] of Object.entries(COMMANDS))
        await expect(command(), name).rejects.toThrow(`data is in use by ${holder}, since`);
      expect(await ask(server.url, 'select answer from public.kept')).toEqual(KEPT);
    } finally {
      await server.stop();
      lock.release();
    }
    expect(existsSync(join(folder, 'never'))).toBe(false);
  },
);

test('a running command blocks restores, even if the starter of its server was killed', async () => {
  const lock = lockDatabase(data);
  await expect(COMMANDS['restore --replace']?.()).rejects.toThrow('Another command is using the database');
  lock.release();
  await expect(COMMANDS.columnstore?.()).rejects.toThrow(away);
  await expectKept();
});

/** The child process with this program, from the process list of the system. */
function childOf(parent: number | undefined, program: RegExp): number | undefined {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const found = rows
    .map((row) => row.trim().split(/\s+/))
    .find(([, ppid, ...args]) => Number(ppid) === parent && program.test(args.join(' ')));
  return found && Number(found[0]);
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('while `up` runs, commands work, restores and another `up` refuse, crashed parts restart, and no secret is printed', async () => {
  const env = await ports();
  const up = run('up', ['--empty'], env);
  await expect.poll(() => up.child.exitCode ?? up.output(), { timeout: 90_000 }).toContain('Stop       Ctrl-C');
  const ready = async () => (await fetch(`http://127.0.0.1:${env.PORT}/readyz`).catch(() => undefined))?.status;
  expect(await ready()).toBe(200);

  expect(up.output()).toContain(`Keys       ${data}/credentials.json`);
  expect(up.output()).not.toMatch(/mir_|token=|eyJ/);
  expect(readFileSync(join(data, 'credentials.json'), 'utf8')).toMatch(/"operator_key": "mir_/);

  const second = run('up', ['--empty'], await ports());
  expect(await second.gone).toBe(1);
  expect(second.output()).toMatch(/in use by `npm run up`, since/);
  const migration = run('mirante', ['migrate']);
  expect(await migration.gone).toBe(1);
  expect(migration.output()).toContain('DATABASE_URL is missing');
  await expect(COMMANDS['restore --replace']?.()).rejects.toThrow('in use by `npm run up`');
  await expect(COMMANDS['import-all']?.()).rejects.toThrow('nothing');
  await expect(COMMANDS.columnstore?.()).rejects.toThrow('This engine has no columnstore');
  await expect(COMMANDS['archive restore']?.()).rejects.toThrow('There is no tenant nobody');
  await backup(['--to', join(folder, 'hot')], config());
  expect(await ask(await urlNow(), 'select answer from public.kept')).toEqual(KEPT);

  // The isolation audit, whose thousands of refusals would be a megabyte of log.
  const audited = async () => (await ask(await urlNow(), 'select attempts from private.isolation_audits')).length;
  await expect.poll(async () => ((await audited()) === 1 ? 'audited' : up.output()), { timeout: 150_000 }).toBe('audited');
  // A few remain, from an attack that resets every setting of its session.
  expect(readFileSync(join(data, 'postgres.log'), 'utf8').match(/ERROR:/g)?.length ?? 0).toBeLessThan(150);

  for (const program of [/api\/server/, /jobs\/worker/, /postgres.* -D /]) {
    const pid = childOf(up.child.pid, program) as number;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => childOf(up.child.pid, program) ?? pid).not.toBe(pid);
    await expect.poll(ready).toBe(200);
  }
  expect(up.output()).toMatch(/PostgreSQL has stopped unexpectedly \(ended by SIGKILL\)\. It restarts in 1 s/);
  const log = readFileSync(join(data, 'postgres.log'), 'utf8');
  expect(log.match(/starting PostgreSQL/g)?.length).toBeGreaterThan(2);

  // If `up` is killed, API and jobs stop by themselves, and the next start uses the same ports and data.
  const left = [/api\/server/, /jobs\/worker/].map((program) => childOf(up.child.pid, program) as number);
  up.child.kill('SIGKILL');
  await up.gone.catch(() => undefined);
  const next = run('up', ['--empty'], env);
  await expect.poll(() => next.child.exitCode ?? next.output(), { timeout: 90_000 }).toContain('Stop       Ctrl-C');
  await expect.poll(() => left.filter(isAlive), { timeout: 30_000 }).toEqual([]);
  next.child.kill('SIGTERM');
  expect(await next.gone, next.output()).toBe(0);
  await expectKept();
}, 400_000);
