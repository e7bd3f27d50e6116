import { throwAll } from '../queue/each.ts';
import type { ExportDeps } from './deps.ts';
import { destroyExports } from './destroy.ts';
import { clearScratch, runParts } from './step.ts';

/** Parts that one process writes at the same time. */
const RUNNERS = 2;

/**
 * The job that runs exports: destroys what is to be destroyed and takes up what is due, in as many runners as this process still has to
 * spare. The schedule brings a job every minute, and a long export must not fill the queue's workers with them. None of these waits for
 * another: a store that answers slowly keeps nobody's export from being tried. `tell` has notices
 * sent.
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
