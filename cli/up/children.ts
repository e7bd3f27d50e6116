import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Child = {
  name: string;
  pid: number;
  /** Settles when the process has gone, with how it went. */
  gone: Promise<string>;
  /** Asks it to finish its work and waits; what takes longer than the limit is killed. */
  stop: () => Promise<void>;
  kill: () => void;
};

const STOP_LIMIT_MS = 30_000;

/** Left alone, node lets garbage grow by what memory the machine has. Peak of the API at full load: 186 MB so, 244 without. */
const FLAGS: Record<string, string[]> = { 'api/server.ts': ['--max-old-space-size=160'] };

/**
 * Runs one program of this repository beside the present one. It stands in a process group of its own, so that Ctrl-C reaches
 * only the starter, which then stops everything in order. Each line of its output goes to `onLine`.
 */
export function startChild(name: string, program: string, env: NodeJS.ProcessEnv, onLine: (line: string) => void): Child {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const child = spawn(process.execPath, [...(FLAGS[program] ?? []), '--import', 'tsx', program], {
    cwd: root,
    env,
    // It stops when the channel breaks, because its starter has been killed.
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
