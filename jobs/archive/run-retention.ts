import { Busy } from '../../lib/busy.ts';
import type { Config } from '../../lib/config.ts';
import { type ArchiveRun, holdReaders, noteArchiveRun, type Turn, withArchiveTurn } from '../../sql/archive/files.ts';
import { clearScratch } from '../../sql/archive/home.ts';
import { dropRestored } from '../../sql/archive/restored.ts';
import {
  dropBefore,
  dropBoundary,
  forgetExpired,
  holdBefore,
  isServedBefore,
  type Relation,
  retainFrom,
} from '../../sql/archive/retention.ts';
import { withBriefLocks } from '../../sql/database/brief-locks.ts';
import { type Client, withTransaction } from '../../sql/database/db.ts';
import { listRollups, withRefreshLock } from '../../sql/metrics/rollups.ts';
import { type RefreshDeps, refreshLocked, refreshRollups } from '../metrics/refresh-rollups.ts';
import { throwAll } from '../queue/each.ts';
import { keepPromises } from './keep-promises.ts';
import { expireArchive, sweepArchive } from './sweep.ts';
import { type ArchiveDeps, archiveBefore, ensureStored, takeOverBefore } from './write.ts';

export type RetentionDeps = RefreshDeps &
  ArchiveDeps & {
    config: Pick<
      Config,
      'RAW_RETENTION_DAYS' | 'AGGREGATE_RETENTION_DAYS' | 'QUARANTINE_RETENTION_DAYS' | 'ACCESS_LOG_RETENTION_DAYS'
    >;
  };

/** An event that was young enough when it was checked may not have reached its partition yet. */
const GRACE_MS = 3_600_000;
const DAY_MS = 86_400_000;

const EVENTS: Relation = { name: 'events', kind: 'hypertable' };

/**
 * Archives events past their retention and then drops them, in whole partitions or chunks. If archiving fails, events stay,
 * everything else is dropped, and the errors are thrown at the end.
 */
export async function runRetention(deps: RetentionDeps, turn: Turn = 'wait'): Promise<ArchiveRun> {
  const run: ArchiveRun = { startedAt: deps.clock(), boundary: null, files: 0, rows: 0, bytes: 0, removed: 0 };
  const failed: Error[] = [];
  const step = async (work: Promise<unknown>) => {
    const error = await settled(work);
    if (error) failed.push(error);
    return !error;
  };
  const work = async (lost: AbortSignal) => {
    const turned = { ...deps, lost };
    const isArchived = await step(archive(turned, run));
    lost.throwIfAborted();
    await step(dropAll(turned, isArchived ? run : null));
    lost.throwIfAborted();
    await step(expire(turned, run));
    lost.throwIfAborted();
    await step(sweepArchive(turned));
  };
  await step(withArchiveTurn(deps.pool, work, turn));
  // Nothing was started.
  if (failed[0] instanceof Busy) throw failed[0];
  if (run.boundary || run.removed > 0 || failed[0]) await noteArchiveRun(deps.pool, run, failed[0]?.message ?? null);
  // Refreshes that found the lock taken rely on its holder to check the ledger again.
  await refreshRollups(deps);
  throwAll(failed, 'retention failed');
  return run;
}

// Returns the error of `work` instead of throwing it, for steps that must run first.
async function settled(work: Promise<unknown>): Promise<Error | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

// Without the refresh lock, because it may take long.
async function archive(deps: RetentionDeps, run: ArchiveRun): Promise<void> {
  await clearScratch(deps.archive);
  run.boundary = await withTransaction(deps.pool, 'begin read only', (client) =>
    dropBoundary(client, EVENTS, cutoffOf(run.startedAt, deps.config.RAW_RETENTION_DAYS)),
  );
  if (run.boundary) Object.assign(run, await archiveBefore(deps, run.boundary, run.startedAt));
}

async function expire(deps: RetentionDeps, run: ArchiveRun): Promise<void> {
  run.removed = await expireArchive(deps);
}

/**
 * Refreshes first and shares their lock: a refresh that found rows and recomputed after they were dropped would erase the
 * aggregates made from them. A relation that cannot be dropped now, because somebody reads it, does not block the others.
 */
async function dropAll(deps: RetentionDeps, archived: ArchiveRun | null): Promise<void> {
  const failed: Error[] = [];
  const each = async (relation: string, work: Promise<void>) => {
    const error = await settled(work);
    if (!error) return;
    deps.log.error({ err: error, relation }, 'retention failed');
    failed.push(error);
  };
  await withRefreshLock(deps.pool, true, async (client) => {
    await refreshLocked(client, deps);
    if (archived?.boundary) await each(EVENTS.name, dropEvents(client, deps, archived.boundary, archived.startedAt));
    for (const [relation, rule] of await relations(client)) await each(relation.name, drop(client, deps, relation, rule));
    await each('promises', keepPromises(client, deps));
    const forgotten = await forgetExpired(client, deps.clock(), deps.config.AGGREGATE_RETENTION_DAYS);
    await each('restored', dropRestored(deps.pool, deps.clock()));
    deps.log.debug({ forgotten }, 'expired keys and counters deleted');
  });
  throwAll(failed, 'retention failed');
}

type Rule = keyof RetentionDeps['config'];

// All relations except events, with the settings of their retention.
async function relations(client: Client): Promise<[Relation, Rule][]> {
  return [
    [{ name: 'rule_hits', kind: 'hypertable' }, 'RAW_RETENTION_DAYS'],
    [{ name: 'quarantine', kind: 'hypertable' }, 'QUARANTINE_RETENTION_DAYS'],
    [{ name: 'quality_results', kind: 'hypertable' }, 'AGGREGATE_RETENTION_DAYS'],
    [{ name: 'access_log', kind: 'hypertable' }, 'ACCESS_LOG_RETENTION_DAYS'],
    [{ name: 'probes', kind: 'hypertable' }, 'ACCESS_LOG_RETENTION_DAYS'],
    // Roll-ups made from another come first, because they could not be rebuilt without it.
    ...(await listRollups(client))
      .reverse()
      .map(({ name }): [Relation, Rule] => [{ name, kind: 'rollup' }, 'AGGREGATE_RETENTION_DAYS']),
  ];
}

// In one transaction: lock out writers, check that the archive holds everything as it is stored, let the archive take over, and
// drop.
async function dropEvents(client: Client, deps: RetentionDeps, boundary: Date, now: Date): Promise<void> {
  await ensureServed(client, EVENTS, boundary);
  await retainFrom(client, EVENTS, boundary);
  const rule = `RAW_RETENTION_DAYS=${deps.config.RAW_RETENTION_DAYS}`;
  await ensureStored(deps);
  const dropped = await withBriefLocks(deps.pool, async (one) => {
    await holdBefore(one, EVENTS, boundary);
    await takeOverBefore(one, boundary, now);
    await holdReaders(one);
    return dropBefore(one, EVENTS, boundary, rule);
  });
  if (dropped > 0) deps.log.info({ relation: EVENTS.name, dropped, dropped_to: boundary, rule }, 'retention');
}

const cutoffOf = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS - GRACE_MS);

async function ensureServed(client: Client, relation: Relation, boundary: Date): Promise<void> {
  if (await isServedBefore(client, relation.name, boundary)) return;
  throw new Error(`${relation.name} is kept: a roll-up does not yet contain everything before ${boundary.toISOString()}`);
}

async function drop(client: Client, deps: RetentionDeps, relation: Relation, rule: Rule): Promise<void> {
  const days = deps.config[rule];
  const boundary = await dropBoundary(client, relation, cutoffOf(deps.clock(), days));
  if (!boundary) return;
  await ensureServed(client, relation, boundary);
  await retainFrom(client, relation, boundary);
  const dropped = await withBriefLocks(deps.pool, (one) => dropBefore(one, relation, boundary, `${rule}=${days}`));
  if (dropped > 0) deps.log.info({ relation: relation.name, dropped, dropped_to: boundary, rule }, 'retention');
}
