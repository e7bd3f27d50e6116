import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import {
  type BrokenPromise,
  brokenPromises,
  daysToEmpty,
  deleteQuarantineBefore,
  emptyDay,
  listPromises,
  noteRetention,
  type Promised,
} from '../../sql/archive/promises.ts';
import { isServedBefore, retainFrom } from '../../sql/archive/retention.ts';
import { type Client, type Pool, withTenant, withTransaction } from '../../sql/database/db.ts';

type Deps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  config: Pick<Config, 'RAW_RETENTION_DAYS' | 'QUARANTINE_RETENTION_DAYS'>;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

// An hour more than promised, as for whole partitions; then the full hour.
const cutoffOf = (now: Date, days: number) =>
  new Date(Math.floor((now.getTime() - days * DAY_MS - HOUR_MS) / HOUR_MS) * HOUR_MS);

/**
 * Keeps promises that are shorter than the life of a partition: empties events past the retention of their tenant or type, deletes
 * rejected input on its day, and then proves it. Throws if a promise is broken. The caller holds the refresh lock, and has refreshed.
 */
export async function keepPromises(client: Client, deps: Deps): Promise<void> {
  const { RAW_RETENTION_DAYS, QUARANTINE_RETENTION_DAYS } = deps.config;
  const now = deps.clock();
  const promises = await listPromises(client, RAW_RETENTION_DAYS);
  for (const promise of promises) await keep(deps, promise, cutoffOf(now, promise.days));
  await leaveQuarantine(client, deps, cutoffOf(now, QUARANTINE_RETENTION_DAYS));
  const broken = await brokenPromises(
    client,
    promises,
    (days) => cutoffOf(now, days),
    cutoffOf(now, QUARANTINE_RETENTION_DAYS),
  );
  for (const one of broken) deps.log.error(one, 'a promised retention is not kept');
  if (broken[0]) throw new Error(sentenceOf(broken[0]));
  deps.log.debug({ promises: promises.length }, 'every promised retention is kept');
}

async function keep(deps: Deps, promise: Promised, cutoff: Date): Promise<void> {
  const within = <T>(work: (client: Client) => Promise<T>) => withTenant(deps.pool, promise.tenant_id, work, 'login');
  for (const day of await within((client) => daysToEmpty(client, promise, cutoff)))
    await within(async (client) => {
      const rows = await emptyDay(client, promise, cutoff, day);
      await noteRetention(client, { relation: 'events', rule: `${promise.rule}=${promise.days}`, to: cutoff, rows });
    });
}

async function leaveQuarantine(client: Client, deps: Deps, cutoff: Date): Promise<void> {
  if (!(await isServedBefore(client, 'quarantine', cutoff))) return;
  await retainFrom(client, { name: 'quarantine', kind: 'hypertable' }, cutoff);
  await withTransaction(deps.pool, 'begin', async (one) => {
    const rows = await deleteQuarantineBefore(one, cutoff);
    const rule = `QUARANTINE_RETENTION_DAYS=${deps.config.QUARANTINE_RETENTION_DAYS}`;
    if (rows > 0) await noteRetention(one, { relation: 'quarantine', rule, to: cutoff, rows });
  });
}

const sentenceOf = ({ what, tenant_id, type, oldest }: BrokenPromise) =>
  `${what} of tenant ${tenant_id}${type === null ? '' : `, type ${type},`} should have left: the oldest is of ${oldest.toISOString()}.`;
