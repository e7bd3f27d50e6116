import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import { type CountDifference, type Reconciliation, reconcileAll } from '../../sql/data-quality/reconciliations.ts';
import { type Pool, withClient } from '../../sql/database/db.ts';

export type ReconcileDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  config: Pick<Config, 'AGGREGATE_RETENTION_DAYS'>;
};

/** Result of one run: the totals of all tenants, and the first difference. */
export type ReconcileOutcome = {
  tenants: number;
  hours: number;
  receipts: number;
  quarantined: number;
  differences: number;
  first?: CountDifference & { tenant: string };
};

const DAY_MS = 86_400_000;

/** Checks that receipts, raw events, rejected input and roll-ups agree, and stores the result of each tenant. */
export async function reconcile({ pool, clock, config }: Omit<ReconcileDeps, 'log'>): Promise<ReconcileOutcome> {
  // Receipts of the oldest day expire hour by hour.
  const oldest = Math.floor(clock().getTime() / DAY_MS) * DAY_MS - (config.AGGREGATE_RETENTION_DAYS - 1) * DAY_MS;
  const all = await withClient(pool, (client) => reconcileAll(client, new Date(oldest)));
  const sum = (of: (one: Reconciliation) => number) => all.reduce((total, one) => total + of(one), 0);
  const [first] = all
    .flatMap(({ tenant_id, first_difference }) => (first_difference ? [{ tenant: tenant_id, ...first_difference }] : []))
    .sort((a, b) => a.at.localeCompare(b.at) || a.tenant.localeCompare(b.tenant));
  return {
    tenants: all.length,
    hours: sum(({ hours }) => hours),
    receipts: sum(({ receipts }) => receipts),
    quarantined: sum(({ quarantined }) => quarantined),
    differences: sum(({ differences }) => differences),
    ...(first && { first }),
  };
}

/** The nightly run. Throws if anything differs. */
export async function runReconcile(deps: ReconcileDeps): Promise<void> {
  const { first, ...totals } = await reconcile(deps);
  if (!first) {
    deps.log.debug(totals, 'reconciled: receipts, raw events, refused input and roll-ups agree');
    return;
  }
  deps.log.error({ ...totals, ...first }, 'receipts and stored rows differ');
  throw new Error(sentenceOf(first));
}

/** A difference as a sentence. */
export function sentenceOf({ tenant, where, at, receipts, found }: NonNullable<ReconcileOutcome['first']>): string {
  const place = { raw: 'raw events', hourly: 'the hourly roll-up', daily: 'the daily roll-up', quarantine: 'refused input' }[
    where
  ];
  return `Tenant ${tenant}, ${where === 'daily' ? 'day' : 'hour'} ${at}: ${receipts} by receipts, ${found} in ${place}.`;
}
