import type { Logger } from '../lib/log.ts';
import type { Client, Pool } from '../sql/db.ts';
import { summariseTimes } from '../sql/queries/retention.ts';
import {
  advanceRollup,
  clearLedger,
  isDirty,
  type Ledger,
  listRollups,
  type Rollup,
  readLedger,
  settleReceipts,
  withRefreshLock,
} from '../sql/queries/rollups.ts';
import { type Engine, refreshRollup } from '../sql/storage/engine.ts';

export type RefreshDeps = { pool: Pool; engine: Engine; log: Logger; clock: () => Date };

type Range = { from: number; to: number };

const LEDGER_ROWS = 50_000;
const ROUNDS = 20;
const MANY_HOURS = 24;
/** Buckets in one statement, so that a long absence is made up for in steps that are kept. */
const BUCKETS = 168;

/**
 * Brings every roll-up up to the last full bucket and serves the dirty hours of the ledger. Does nothing where another is
 * at it: that one looks at the ledger again after it has let go of the lock. Gives false in that case.
 */
export async function refreshRollups(deps: RefreshDeps): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const served = await withRefreshLock(deps.pool, false, (client) => refreshLocked(client, deps));
    if (!served) return false;
    if (!(await isDirty(deps.pool))) break;
  }
  return true;
}

/** The same, for a caller that holds the lock of withRefreshLock(). */
export async function refreshLocked(client: Client, deps: RefreshDeps): Promise<true> {
  for (let round = 0; round < ROUNDS; round += 1) {
    // Read first: what is on the ledger has committed, so every refresh from here on sees its rows.
    const ledger = await readLedger(client, LEDGER_ROWS);
    // After a load of history every one of its hours would else be looked for in all the pages that it wrote.
    if (ledger.hours.length > MANY_HOURS) await summariseTimes(client);
    await refreshAll(client, deps, ledger);
    if (ledger.unknown.length > 0) await settleReceipts(client, ledger.unknown);
    await clearLedger(client, ledger.ids);
    if (!(await isDirty(client))) break;
  }
  return true;
}

// One roll-up that cannot be refreshed stops only those made from it; the ledger then keeps its rows for the next run.
async function refreshAll(client: Client, deps: RefreshDeps, ledger: Ledger): Promise<void> {
  const failures = new Map<string, unknown>();
  for (const rollup of await listRollups(client)) {
    if (failures.has(rollup.source)) {
      failures.set(rollup.name, new Error(`its source ${rollup.source} was not refreshed`));
      continue;
    }
    try {
      await refreshOne(client, deps, rollup, ledger);
    } catch (error) {
      failures.set(rollup.name, error);
    }
  }
  if (failures.size > 0) {
    throw new AggregateError(failures.values(), `not refreshed: ${[...failures.keys()].join(', ')}`);
  }
}

async function refreshOne(client: Client, deps: RefreshDeps, rollup: Rollup, ledger: Ledger): Promise<void> {
  for (const { from, to } of rangesOf(rollup, ledger.hours, deps.clock().getTime())) {
    const force = ledger.forced.some((hour) => hour >= from && hour < to);
    await refreshRollup(client, deps.engine, rollup.name, new Date(from), new Date(to), force);
    if (to > rollup.materialisedTo) await advanceRollup(client, rollup.name, new Date(to));
  }
}

/**
 * What a roll-up must recompute: from where it ends to the last full bucket, and each dirty bucket before; neighbours as
 * one range, long ranges cut. Hours and days in UTC begin at multiples of their width since 1970.
 */
export function rangesOf(rollup: Pick<Rollup, 'width' | 'materialisedTo'>, hours: number[], now: number): Range[] {
  const { width, materialisedTo } = rollup;
  const floor = (time: number) => Math.floor(time / width) * width;
  const buckets = new Set(hours.map(floor).filter((bucket) => bucket < materialisedTo));
  const ranges: Range[] = [...buckets].sort((a, b) => a - b).map((from) => ({ from, to: from + width }));
  if (floor(now) > materialisedTo) ranges.push({ from: materialisedTo, to: floor(now) });
  return ranges.reduce(join, []).flatMap((range) => cut(range, width * BUCKETS));
}

function join(done: Range[], next: Range): Range[] {
  const last = done.at(-1);
  if (last?.to === next.from) last.to = next.to;
  else done.push(next);
  return done;
}

function cut({ from, to }: Range, step: number): Range[] {
  const count = Math.ceil((to - from) / step);
  return Array.from({ length: count }, (_, n) => ({ from: from + n * step, to: Math.min(to, from + (n + 1) * step) }));
}
