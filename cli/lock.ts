import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readJson, writePrivate } from './files.ts';

type Held = { pid: number; children: number[] };

export type Lock = {
  /** Notes the processes that must not outlive this one. */ note: (children: number[]) => void;
  release: () => void;
};

const PROGRAM = /cli[\\/]up\.[jt]s/;
const CHILD = /(api[\\/]server|jobs[\\/]worker)\.ts/;

/**
 * Takes the data folder for this process: two would stop each other's database. Throws where another one runs there;
 * what a killed one left behind, its lock and its children, is cleared away.
 */
export async function takeLock(dataDir: string): Promise<Lock> {
  mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  const file = join(dataDir, 'up.lock');
  while (!claim(file)) {
    const held = readJson<Held>(file);
    if (held && held.pid !== process.pid && runs(held.pid, PROGRAM)) {
      throw new Error(
        `Mirante already runs on ${dataDir} (process ${held.pid}). Stop it with Ctrl-C in its terminal, or give this one its own MIRANTE_DATA_DIR, PORT and METRICS_PORT.`,
      );
    }
    for (const pid of held?.children ?? []) await end(pid);
    rmSync(file, { force: true });
  }
  return {
    note: (children) => writePrivate(file, JSON.stringify({ pid: process.pid, children })),
    release: () => rmSync(file, { force: true }),
  };
}

// A link appears with its content or not at all, and only where there is none yet.
function claim(file: string): boolean {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify({ pid: process.pid, children: [] }), { mode: 0o600 });
  try {
    linkSync(fresh, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(fresh);
  }
}

// A process id may have gone to another program since, so its command line decides.
function runs(pid: number, program: RegExp): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const proc = `/proc/${pid}/cmdline`;
  if (existsSync(proc)) return program.test(readFileSync(proc, 'utf8'));
  return program.test(execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }));
}

async function end(pid: number): Promise<void> {
  if (!runs(pid, CHILD)) return;
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 10_000;
  while (runs(pid, CHILD)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await setTimeout(50);
  }
}
