import type { Pool } from '../../sql/database/db.ts';
import { readObjectives } from '../../sql/objectives/objectives.ts';

type Words = {
  description: string;
  /** What is measured, and how. */
  indicator: string;
  /** Only for the operator, because it reveals how much all tenants do together. */
  internal?: true;
};

/** The texts of the objectives that ops.measure_service() and ops.measure_holdings() measure. */
export const OBJECTIVES: Record<string, Words> = {
  availability: {
    description: 'The API answers.',
    indicator:
      'Share of probe requests to the public API that got the expected answer within 10 seconds. Three probes run per minute: readiness, an event and a metric.',
  },
  'capacity.validations_per_day': {
    description: 'The platform handles its design load of validations per day, a hundred times that of its first year.',
    indicator:
      'Highest number of validations of all customers on one UTC day. The target is the load that the platform is designed for.',
    internal: true,
  },
  'dashboards.latency_p95': {
    description: 'Dashboards and their cards load within a second.',
    indicator:
      "95th percentile of the API's response time for dashboard pages and cards, within 2 %. Burn rates over an hour or more start at the full hour.",
  },
  'data.freshness_p95': {
    description: 'Metrics are less than five minutes behind.',
    indicator:
      '95th percentile of the time from sending a probe event (one per minute) until GET /v1/metrics/events.count counts it. An event not counted within six minutes is recorded as six minutes.',
  },
  'ingestion.acknowledged_lost': {
    description: 'No acknowledged event is lost.',
    indicator: 'Differences between receipts and stored rows, found by the nightly reconciliation.',
  },
  'isolation.foreign_rows': {
    description: 'No tenant can read a row of another tenant.',
    indicator: 'Rows of other tenants that the hourly audit could read.',
  },
  'privacy.days_left': {
    description: 'Privacy requests and removals of tenants are completed long before their legal deadline.',
    indicator:
      'Days until the first open privacy request or removal of a tenant is due. Each is due 15 days after it was made; 15 if none is open.',
    internal: true,
  },
  'recovery.drill_age': {
    description: 'A backup is made and restored every week.',
    indicator:
      'Days since the last restore drill that passed: it restores a backup elsewhere, counts every table and reads metrics of every tenant. Unknown if no drill is configured (docs/backup.md).',
  },
  'recovery.drills_failed': {
    description: 'Backups can be restored.',
    indicator: 'Restore drills that failed in the last eight days.',
  },
  'recovery.restore_time': {
    description: 'A backup is restored within an hour.',
    indicator: 'Duration of the last restore drill, from the backup to a checked database.',
  },
  'retention.aggregates': {
    description: 'Aggregates are kept for two years.',
    indicator: 'Days for which every aggregate is still stored, up to AGGREGATE_RETENTION_DAYS.',
  },
  'retention.raw': {
    description: 'Raw events are kept for 90 days.',
    indicator: 'Days for which every raw event is still stored, up to RAW_RETENTION_DAYS.',
  },
  'storage.cost_per_million_events': {
    description: 'Storing a million events costs less than US$ 0.10.',
    indicator:
      'Bytes on disk per event × months of retention, for raw events and roll-ups, × 1,000,000 × STORAGE_USD_PER_GB_MONTH / 10⁹. Unknown below 100,000 events.',
  },
  'viewers.concurrent': {
    description: 'A hundred people can use dashboards at the same time.',
    indicator:
      'Highest number of addresses that opened dashboard links within one hour. This overestimates how many were active at the same time; people behind one address count once.',
    internal: true,
  },
};

/** Returns the objectives and whether they are met. `all`: includes those that only the operator may see. */
export async function listObjectives(ops: Pool, all: boolean) {
  const rows = await readObjectives(ops);
  return rows.flatMap(({ name, time_window: window, budget, spent, burn_1h, burn_6h, burn_3d, ...row }) => {
    const { internal, ...words } = OBJECTIVES[name] as Words;
    if (internal && !all) return [];
    const isShare = budget !== null;
    const error_budget = isShare && spent !== null ? { total: budget, spent, left: Math.max(0, budget - spent) } : null;
    const burn_rates = isShare ? { '1h': burn_1h, '6h': burn_6h, '3d': burn_3d } : null;
    return [{ name, ...words, ...row, window, error_budget, burn_rates }];
  });
}
