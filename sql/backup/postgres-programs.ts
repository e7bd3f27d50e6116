import { execFile, spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type Program = 'pg_dump' | 'pg_restore';

/**
 * Finds a client program of the server's own major version: in `folder` if given, else on PATH, else where Debian and Red Hat
 * install it. Throws an error that names the package.
 */
export async function findProgram(
  program: Program,
  major: number,
  { folder, path }: { folder: string | undefined; path: string | undefined },
): Promise<string> {
  const folders = folder
    ? [folder]
    : [...(path ?? '').split(delimiter).filter(Boolean), `/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];
  const others = new Set<string>();
  for (const candidate of folders.map((place) => join(place, program))) {
    const found = await versionOf(candidate);
    if (found === major) return candidate;
    if (found !== undefined) others.add(`${candidate} is ${found}`);
  }
  const seen = others.size > 0 ? ` ${[...others].join(', ')}.` : '';
  throw new MissingProgram(
    `${program} of PostgreSQL ${major}, the server's version, is not ${folder ? `in ${folder}` : 'on PATH'}.${seen} Debian and Ubuntu have it in the package postgresql-client-${major} (with the repository of apt.postgresql.org where the system is older), Red Hat in postgresql${major}; or set PG_BIN_DIR to its folder.`,
  );
}

/** Only a program is missing; nothing was done. */
export class MissingProgram extends Error {}

async function versionOf(program: string): Promise<number | undefined> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
    return Number(/ (\d+)/.exec(stdout)?.[1]);
  } catch {
    // It does not exist or cannot be run.
    return undefined;
  }
}

/** The contents of a dump, one line for each object, as `pg_restore --list` prints it and `--use-list` reads it. */
export async function listDump(program: string, dump: string): Promise<string[]> {
  const { stdout } = await run(program, ['--list', dump], { maxBuffer: 1 << 30 });
  return stdout.split('\n').filter((line) => /^\d/.test(line));
}

/**
 * Runs a client program on the database of `url`. The password is passed in the environment, because every user of the machine
 * can see arguments. If it fails, throws with the end of its output.
 */
export async function runOn(
  url: string,
  program: string,
  args: string[],
  { environment, signal }: { environment: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
): Promise<void> {
  const target = new URL(url);
  const password = decodeURIComponent(target.password);
  target.password = '';
  const child = spawn(program, ['--no-password', ...args, '--dbname', target.toString()], {
    env: { ...environment, ...(password && { PGPASSWORD: password }), PGAPPNAME: 'mirante backup' },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal && { signal }),
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4_000);
  });
  const code = await new Promise<number | null>((done, fail) => child.once('error', fail).once('close', done));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said.trim()}`);
}
