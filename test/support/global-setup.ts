import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import type { Engine } from '../../sql/storage/engine.ts';
import { buildTemplate } from './template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the migrator's login, in the original database. */
    serverUrl: string;
    /** The template database, which each test file clones. */
    template: string;
    engine: Engine;
    redisUrl: string | undefined;
    /** Folder of client programs of the server's version, if they are not on PATH. */
    programs: { folder: string | undefined; path: string | undefined };
    /** The embedded server, which was started for this run and has no client programs. */
    isOwnServer: boolean;
    /** A superuser's login on the same server, for tests that need one. */
    superuserUrl: string | undefined;
    /** File that collects what was skipped because this machine lacks something. */
    absences: string;
    /** How many times each fault is tried, and the file that collects the results, one JSON object per line. */
    faults: { times: number; report: string };
    fuzz: { factor: number; seed: number };
    kills: number;
    /** File that collects how many attacks were tried and what they found, one line each. */
    tally: string;
  }
}

const FOLDER = fileURLToPath(new URL('../../.test/', import.meta.url));

// Data of a test server are temporary, so it need not wait for the disk.
const CARELESS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  reserved_connections: '0',
};

/** Runs before all test files: starts a server and creates the migrated template. Returns the function that stops both. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  sweep();
  const folder = join(FOLDER, String(process.pid));
  mkdirSync(folder, { recursive: true });
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? undefined : await startEmbeddedPostgres(folder, { settings: CARELESS });
  try {
    const serverUrl = given ?? (await ordinaryMigrator(server as EmbeddedPostgres));
    const template = await buildTemplate(serverUrl, `mirante_test_${process.pid}_${Date.now().toString(36)}`);
    const [absences, tally] = [join(folder, 'absences'), join(folder, 'tally')];
    project.provide('serverUrl', serverUrl);
    project.provide('template', template.name);
    project.provide('engine', template.engine);
    project.provide('redisUrl', process.env.TEST_REDIS_URL);
    project.provide('programs', { folder: process.env.PG_BIN_DIR, path: process.env.PATH });
    project.provide('isOwnServer', !given);
    project.provide('superuserUrl', process.env.TEST_SUPERUSER_URL);
    project.provide('absences', absences);
    project.provide('tally', tally);
    project.provide('kills', Number(process.env.TEST_KILLS ?? 3));
    const times = Number(process.env.TEST_FAULTS ?? 6);
    project.provide('faults', { times, report: process.env.TEST_FAULTS_REPORT ?? join(folder, 'faults') });
    project.provide('fuzz', { factor: Number(process.env.TEST_FUZZ ?? 1), seed: Number(process.env.TEST_FUZZ_SEED ?? 1) });
    return async () => {
      await template.drop();
      await server?.stop();
      report(absences, tally, template.engine);
      remove(folder);
    };
  } catch (error) {
    await server?.stop();
    remove(folder);
    throw error;
  }
}

// Many installations have a migrator that is no superuser, so the tests do, too.
async function ordinaryMigrator(server: EmbeddedPostgres): Promise<string> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const url = new URL(server.url);
  url.username = 'migrator';
  await client.query(`create role migrator login createdb createrole password '${url.password}'`);
  await client.query('grant pg_use_reserved_connections to migrator with admin option');
  await client.end();
  return url.toString();
}

function report(absences: string, tally: string, engine: Engine): void {
  const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
  const text = [`Engine: ${engine}.`, ...new Set(linesOf(absences))];
  const counts = linesOf(tally).map((line) => line.split(' ').map(Number) as [number, number]);
  if (counts.length > 0) {
    const [tried, foreignRows] = counts.reduce(([a, b], [c, d]) => [a + c, b + d]);
    text.push(`attacks: ${tried} tried, ${foreignRows} foreign rows, engine ${engine}`);
  }
  process.stdout.write(`\n${text.join('\n')}\n`);
}

// Folders of killed runs. A server that such a run left behind is ended by its process id.
function sweep(): void {
  if (!existsSync(FOLDER)) return;
  for (const name of readdirSync(FOLDER)) {
    if (!/^\d+$/.test(name) || isAlive(Number(name))) continue;
    remove(join(FOLDER, name));
  }
}

function remove(folder: string): void {
  const note = join(folder, 'postgres-home');
  const home = existsSync(note) ? readFileSync(note, 'utf8').trim() : folder;
  const pidFile = join(home, 'postgres', 'postmaster.pid');
  if (existsSync(pidFile)) {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
    if (isAlive(pid) && isServerOf(pid, home)) process.kill(pid, 'SIGKILL');
  }
  for (const path of [home, folder]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

// The process id in a stale file may now belong to another program.
function isServerOf(pid: number, home: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, 'utf8').includes(join(home, 'postgres'));
}
