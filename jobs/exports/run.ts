import { throwAll } from '../queue/each.ts';
import type { ExportDeps } from './deps.ts';
import { destroyExports } from './destroy.ts';
import { clearScratch, runParts } from './step.ts';

/** Parts that one process writes at the same time. */
const RUNNERS = 2;

/**
 * Returns the job that runs exports: it destroys files that are due and runs due parts, in as many runners as this process has
 * free. The schedule starts a job every minute, and a long export must not fill the queue's workers with them. None of these
 * waits for another, so a slow store does not block exports. `tell` is called when exports have ended, to send their messages.
 */
export function createExportRunner(deps: ExportDeps, tell: () => Promise<void>): () => Promise<void> {
  let busy = 0;
  let destroying: Promise<unknown> | undefined;

  async function runner(): Promise<void> {
    try {
      if ((await runParts(deps)) > 0) await tell();
    } finally {
      busy--;
    }
  }

  async function destroy(): Promise<void> {
    if (destroying) return;
    destroying = destroyExports(deps);
    await destroying.finally(() => {
      destroying = undefined;
    });
  }

  return async () => {
    if (busy === 0) await clearScratch(deps);
    const free = RUNNERS - busy;
    busy = RUNNERS;
    const outcomes = await Promise.allSettled([destroy(), ...Array.from({ length: free }, runner)]);
    throwAll(
      outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])),
      'cannot run exports',
    );
  };
}
