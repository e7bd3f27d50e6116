import type { Config } from '../../lib/config.ts';
import { askForDueBenchmarks, buildBenchmark, queuedBenchmarks } from '../../sql/benchmarks/benchmarks.ts';
import { withRefreshLock } from '../../sql/metrics/rollups.ts';
import { type RefreshDeps, refreshLocked } from '../metrics/refresh-rollups.ts';
import { eachItem } from '../queue/each.ts';

export type BenchmarkDeps = RefreshDeps & { config: Pick<Config, 'BENCHMARK_MIN_CONTRIBUTORS'> };

/**
 * Builds every requested snapshot. Pending events are counted first, because a published snapshot never changes. A failed one
 * stays queued and does not stop the others.
 */
export async function buildBenchmarks(deps: BenchmarkDeps): Promise<void> {
  const queued = await queuedBenchmarks(deps.pool);
  if (queued.length === 0) return;
  await withRefreshLock(deps.pool, true, (client) => refreshLocked(client, deps));
  const telling = {
    log: deps.log,
    message: 'cannot build a benchmark',
    about: ({ id, metric, period }: (typeof queued)[number]) => ({ metric, period, benchmark_build: id }),
  };
  let built = 0;
  try {
    await eachItem(queued, telling, async ({ id, metric, period }) => {
      await buildBenchmark(deps.pool, id, deps.config.BENCHMARK_MIN_CONTRIBUTORS);
      deps.log.debug({ metric, period, benchmark_build: id }, 'benchmark built');
      built++;
    });
  } finally {
    deps.log.info({ built }, 'benchmarks built');
  }
}

/**
 * Requests all snapshots that are due, and builds them. At most once a day, so that a morning on which many tenants join is not
 * frozen halfway.
 */
export async function buildDueBenchmarks(deps: BenchmarkDeps): Promise<void> {
  await askForDueBenchmarks(deps.pool);
  await buildBenchmarks(deps);
}
