import type { Logger } from '../../lib/log.ts';
import { summariseTimes } from '../../sql/archive/retention.ts';
import type { Client, Pool } from '../../sql/database/db.ts';
import { closeRestatements, openRestatements, type TouchedDay } from '../../sql/metrics/restatements.ts';
import {
  advanceRollup,
  clearLedger,
  isDirty,
  listRollups,
  type Mark,
  type Rollup,
  readLedger,
  settleReceipts,
  withRefreshLock,
} from '../../sql/metrics/rollups.ts';
import { type Engine, type RollupPart, refreshesParts, refreshParts, refreshRollup } from '../../sql/storage/engine.ts';

export type RefreshDeps = { pool: Pool; engine: Engine; log: Logger; clock: () => Date };

type Range = { from: number; to: number };

const LEDGER_ROWS = 50_000;
const ROUNDS = 20;
const MANY_HOURS = 24;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Buckets per statement. After a long downtime each step is committed. */
const BUCKETS = 168;
/** Parts per statement. */
const PARTS = 1_000;

/**
 * Refreshes every roll-up up to the last full bucket and serves the dirty hours of the ledger. Returns false, without doing
 * anything, if another worker has the lock: that one checks the ledger again after it has released the lock.
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
    // Read first: ledger rows have committed, so every later refresh sees their events.
    const ledger = await readLedger(client, LEDGER_ROWS);
    // Otherwise, after a bulk load, each of its hours would be looked up in every page that it wrote.
    if (ledger.marks.length > MANY_HOURS) await summariseTimes(client);
    // Rejected input and duplicates are counted, but do not change the roll-ups.
    const dirty = ledger.marks.filter(({ forced, tenants }) => forced || tenants?.length !== 0);
    await refreshAll(client, deps, dirty);
    const unknown = ledger.marks.filter(({ tenants }) => !tenants).map(({ hour }) => hour);
    if (unknown.length > 0) await settleReceipts(client, unknown);
    await clearLedger(client, ledger.ids);
    if (!(await isDirty(client))) break;
  }
  return true;
}

// A roll-up that cannot be refreshed stops only those made from it. The ledger then keeps its rows for the next run.
async function refreshAll(client: Client, deps: RefreshDeps, dirty: Mark[]): Promise<void> {
  const failures = new Map<string, unknown>();
  for (const rollup of await listRollups(client)) {
    if (failures.has(rollup.source)) {
      failures.set(rollup.name, new Error(`its source ${rollup.source} was not refreshed`));
      continue;
    }
    try {
      await refreshOne(client, deps, rollup, dirty);
    } catch (error) {
      failures.set(rollup.name, error);
    }
  }
  if (failures.size > 0) {
    throw new AggregateError(failures.values(), `not refreshed: ${[...failures.keys()].join(', ')}`);
  }
}

// Days that were already materialised are compared before and after. A difference is a restatement.
async function refreshOne(client: Client, deps: RefreshDeps, rollup: Rollup, dirty: Mark[]): Promise<void> {
  const made = rollup.width === DAY_MS ? daysOf(dirty, rollup.materialisedTo) : [];
  if (made.length > 0) await openRestatements(client, rollup.name, made);
  const apart = refreshesParts(deps.engine);
  for (const parts of apart ? cut(partsOf(rollup, dirty), PARTS) : []) await refreshParts(client, rollup.name, parts);
  const hours = apart ? dirty.filter(({ tenants }) => !tenants).map(({ hour }) => hour) : spread(dirty);
  for (const { from, to } of rangesOf(rollup, hours, deps.clock().getTime())) {
    const force = dirty.some(({ hour, forced }) => forced && hour >= from && hour < to);
    await refreshRollup(client, deps.engine, rollup.name, new Date(from), new Date(to), force);
    if (to > rollup.materialisedTo) await advanceRollup(client, rollup.name, new Date(to));
  }
  if (made.length > 0) await closeRestatements(client, rollup.name);
}

/** The touched days of a roll-up that begin before `madeTo`, with their tenants. */
function daysOf(dirty: Mark[], madeTo: number): TouchedDay[] {
  const days = new Map<number, Set<string> | null>();
  for (const { hour, tenants } of dirty) {
    const day = Math.floor(hour / DAY_MS) * DAY_MS;
    if (day >= madeTo) continue;
    const known = days.get(day);
    days.set(day, tenants && known !== null ? new Set([...(known ?? []), ...tenants]) : null);
  }
  return [...days].map(([day, tenants]) => ({ day, tenants: tenants && [...tenants] }));
}

/** The dirty hours, and many of them with all hours between: the engine itself skips what did not change. */
function spread(dirty: Mark[]): number[] {
  const hours = dirty.filter(({ forced }) => !forced).map(({ hour }) => hour);
  const rest = dirty.filter(({ forced }) => forced).map(({ hour }) => hour);
  if (hours.length <= MANY_HOURS) return [...hours, ...rest];
  const first = hours.reduce((a, b) => Math.min(a, b));
  const count = (hours.reduce((a, b) => Math.max(a, b)) - first) / HOUR_MS + 1;
  return [...Array.from({ length: count }, (_, n) => first + n * HOUR_MS), ...rest];
}

/** The ended dirty buckets of each tenant that a mark names. Adjacent buckets of a tenant form one part. */
export function partsOf({ width, materialisedTo }: Pick<Rollup, 'width' | 'materialisedTo'>, dirty: Mark[]): RollupPart[] {
  const buckets = new Map<string, Set<number>>();
  for (const { hour, tenants } of dirty) {
    const bucket = Math.floor(hour / width) * width;
    if (bucket >= materialisedTo) continue;
    for (const tenant of tenants ?? []) buckets.set(tenant, (buckets.get(tenant) ?? new Set()).add(bucket));
  }
  return [...buckets].flatMap(([tenant, own]) => joined([...own], width).map((range) => ({ tenant, ...range })));
}

/**
 * The ranges that a roll-up must recompute: from its end to the last full bucket, and each earlier dirty bucket. Adjacent buckets
 * form one range, long ranges are split. Hours and days in UTC begin at multiples of their width since 1970.
 */
export function rangesOf(rollup: Pick<Rollup, 'width' | 'materialisedTo'>, hours: number[], now: number): Range[] {
  const { width, materialisedTo } = rollup;
  const floor = (time: number) => Math.floor(time / width) * width;
  const buckets = new Set(hours.map(floor).filter((bucket) => bucket < materialisedTo));
  for (let bucket = materialisedTo; bucket < floor(now); bucket += width) buckets.add(bucket);
  return joined([...buckets], width).flatMap((range) => split(range, width * BUCKETS));
}

function joined(buckets: number[], width: number): Range[] {
  return buckets
    .sort((a, b) => a - b)
    .reduce<Range[]>((done, from) => {
      const last = done.at(-1);
      if (last?.to === from) last.to = from + width;
      else done.push({ from, to: from + width });
      return done;
    }, []);
}

function split({ from, to }: Range, step: number): Range[] {
  const count = Math.ceil((to - from) / step);
  return Array.from({ length: count }, (_, n) => ({ from: from + n * step, to: Math.min(to, from + (n + 1) * step) }));
}

function cut<T>(list: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size));
}
