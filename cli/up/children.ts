import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Child = {
  name: string;
  pid: number;
  /** Resolves when the process has ended, with the reason. */
  gone: Promise<string>;
  /** Asks the process to finish its work and waits. Kills it after the limit. */
  stop: () => Promise<void>;
  kill: () => void;
};

const STOP_LIMIT_MS = 30_000;

/**
 * By default Node sizes its heap by the machine's memory. Peak of the API at full load: 186 MB with this limit, 244 MB
 * without.
 */
const FLAGS: Record<string, string[]> = { 'api/server.ts': ['--max-old-space-size=160'] };

/**
 * Runs a program of this repository as a child process. It has its own process group, so that Ctrl-C reaches only the
 * starter, which then stops everything in order. Calls `onLine` with each line of output.
 */
export function startChild(name: string, program: string, env: NodeJS.ProcessEnv, onLine: (line: string) => void): Child {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, [...(FLAGS[program] ?? []), '--import', 'tsx', program], {
    cwd: root,
    env,
    // The child stops when this channel breaks, because its starter was killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', onLine);
  const gone = goneOf(child);
  return {
    name,
    pid: child.pid ?? 0,
    gone,
    async stop() {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await gone;
      clearTimeout(limit);
    },
    kill: () => child.kill('SIGKILL'),
  };
}

function goneOf(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
}
