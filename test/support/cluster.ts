import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { unprivilegedAccount } from '../../lib/embedded-home.ts';
import { freePort } from '../../lib/embedded-postgres.ts';
import { cleanUp } from './clean-up.ts';

export type Cluster = {
  /** URL of an empty database, with the login of a migrator that is no superuser. */
  url: string;
  /** The folder of the cluster's client programs. */
  programs: string;
  destroy: () => Promise<void>;
};

const PACKAGES = '/usr/lib/postgresql';

/** The newest installed PostgreSQL with server and client programs, or undefined. */
export function installedPrograms(): string | undefined {
  const majors = existsSync(PACKAGES) ? readdirSync(PACKAGES).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = majors.map((major) => join(PACKAGES, major, 'bin'));
  return folders.find((bin) =>
    ['initdb', 'pg_ctl', 'postgres', 'pg_dump', 'pg_restore'].every((name) => existsSync(join(bin, name))),
  );
}

/** Starts a separate server from installed programs, with no roles or databases of other tests. */
export async function useCluster(programs: string): Promise<Cluster> {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'mirante-cluster-'));
  const data = join(folder, 'data');
  chmodSync(folder, 0o755);
  mkdirSync(data, { mode: 0o700 });
  if (account) for (const path of [folder, data]) chownSync(path, account.uid, account.gid);
  const run = (program: string, args: string[]) =>
    execFileSync(join(programs, program), args, { cwd: '/', stdio: 'ignore', ...account });
  run('initdb', ['--pgdata', data, '--auth=trust', '--username=admin', '--encoding=UTF8', '--locale=C']);
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c timezone=UTC -c jit=off`;
  run('pg_ctl', ['start', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings]);
  const destroy = cleanUp(() => {
    run('pg_ctl', ['stop', '-D', data, '-m', 'immediate', '-w']);
    rmSync(folder, { recursive: true, force: true });
  });
  const admin = new pg.Client({ connectionString: `postgres://admin@127.0.0.1:${port}/postgres` });
  await admin.connect();
  await admin.query("create role migrator login createdb createrole password 'migrator'");
  await admin.query('create database mirante owner migrator');
  await admin.end();
  return { url: `postgres://migrator:migrator@127.0.0.1:${port}/mirante`, programs, destroy };
}
