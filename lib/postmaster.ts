import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Postmaster = {
  pid: number;
  port: number;
  /**
   * What runs under that process id: the server of these data, another program that now has the id, nothing, or something that
   * this account cannot inspect.
   */
  is: 'server' | 'other' | 'gone' | 'unknown';
};

/** The server that the pid file of these data names, and what runs under its process id; undefined if there is no such file. */
export function postmasterOf(data: string): Postmaster | undefined {
  const note = join(data, 'postmaster.pid');
  if (!existsSync(note)) return undefined;
  const [pid, , , port] = readFileSync(note, 'utf8').split('\n').map(Number);
  if (!pid || pid < 0) return undefined;
  return { pid, port: port ?? 0, is: whatRuns(pid, data) };
}

// A server's working directory is its data folder, even after a move; no other program's is.
function whatRuns(pid: number, data: string): Postmaster['is'] {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'gone';
  }
  try {
    if (existsSync('/proc/self/cwd')) return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data) ? 'server' : 'other';
    const args = execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
    return args.includes(` -D ${data} `) ? 'server' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/**
 * Lets a server start although another program now has its former process id. PostgreSQL treats its parent's id as a leftover,
 * and still checks for sessions of the former server.
 */
export function disownPostmaster(data: string): void {
  const note = join(data, 'postmaster.pid');
  writeFileSync(note, readFileSync(note, 'utf8').replace(/^\d+/, String(process.pid)));
}
