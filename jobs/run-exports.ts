import { destroyExports } from './destroy-exports.ts';
import { clearScratch, type ExportDeps, runParts } from './run-export.ts';

/** Parts that one process writes at the same time. */
const RUNNERS = 2;

/**
 * The job that runs exports: destroys what is to be destroyed, then takes up what is due, in as many runners as this process still has to
 * spare. The schedule brings a job every minute, and a long export must not fill the queue's workers with them. `tell` has notices sent.
 */
export function createExportRunner(deps: ExportDeps, tell: () => Promise<void>): () => Promise<void> {
  let busy = 0;

  async function runner(): Promise<void> {
    try {
      if ((await runParts(deps)) > 0) await tell();
    } finally {
      busy--;
    }
  }

  return async () => {
    // A store that is away is said at the end: it keeps nobody's export from being tried.
    const [destroying] = await Promise.allSettled([destroyExports(deps)]);
    if (busy === 0) await clearScratch(deps);
    const free = RUNNERS - busy;
    busy = RUNNERS;
    await Promise.all(Array.from({ length: free }, runner));
    if (destroying?.status === 'rejected') throw destroying.reason;
  };
}
