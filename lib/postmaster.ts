import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Postmaster = {
  pid: number;
  port: number;
  /**
   * What runs under that process id: the server of these data, another program (the id was given again), nothing, or something that this
   * account may not look at.
   */
  is: 'server' | 'other' | 'gone' | 'unknown';
};

/** The server that these data say runs on them, and what is behind its process id; undefined where they name none. */
export function postmasterOf(data: string): Postmaster | undefined {
  const note = join(data, 'postmaster.pid');
  if (!existsSync(note)) return undefined;
  const [pid, , , port] = readFileSync(note, 'utf8').split('\n').map(Number);
  if (!pid || pid < 0) return undefined;
  return { pid, port: port ?? 0, is: whatRuns(pid, data) };
}

// A server works in its data folder, wherever that is moved to; no other program does.
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
 * Lets a server start although its id of before belongs to another program now. PostgreSQL takes its parent's id for a leftover, and still
 * looks for sessions of the server before.
 */
export function disownPostmaster(data: string): void {
  const note = join(data, 'postmaster.pid');
  writeFileSync(note, readFileSync(note, 'utf8').replace(/^\d+/, String(process.pid)));
}
