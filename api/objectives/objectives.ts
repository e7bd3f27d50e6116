import type { Pool } from '../../sql/database/db.ts';
import { readObjectives } from '../../sql/objectives/objectives.ts';

type Words = {
  description: string;
  /** What is measured, and how. */
  indicator: string;
  /** For the operator alone, because it tells how much all tenants together do. */
  internal?: true;
};

/** The objectives that ops.measure_service() and ops.measure_holdings() measure, in words. */
export const OBJECTIVES: Record<string, Words> = {
  availability: {
    description: 'The API answers.',
    indicator:
      'Share of probing requests through the public API that were answered as they should be, within 10 seconds: three a minute, for readiness, an event and a metric.',
  },
  'capacity.validations_per_day': {
    description: 'As many validations a day as the platform was made for, a hundred times those of its first year.',
    indicator: 'Most validations of all customers on one UTC day. More than the target is more than was promised to be borne.',
    internal: true,
  },
  'dashboards.latency_p95': {
    description: 'Dashboards and their cards are there within a second.',
    indicator:
      "95th percentile of the time that the API took for a dashboard's page or card, over all requests; within 2 %. Burn rates of an hour and more begin with the full hour.",
  },
  'data.freshness_p95': {
    description: 'Figures are less than five minutes behind.',
    indicator:
      '95th percentile of the time from an event that a probe sends every minute until an answer of GET /v1/metrics/events.count counts it. One that is not counted within six minutes has that time.',
  },
  'ingestion.acknowledged_lost': {
    description: 'No event is lost that the API has acknowledged.',
    indicator: 'Differences between receipts and what is stored, by a nightly reconciliation.',
  },
  'isolation.foreign_rows': {
    description: 'No tenant reaches a row of another.',
    indicator: 'Rows of another tenant that the hourly audit could reach.',
  },
  'privacy.days_left': {
    description: 'What a person or a tenant that leaves has asked for is done long before its legal term.',
    indicator:
      'Days until the first of all open privacy requests and removals of tenants is due, which is 15 days after it was asked for; 15 where none is open.',
    internal: true,
  },
  'recovery.drill_age': {
    description: 'A backup is made and restored every week.',
    indicator:
      'Days since a backup was last restored elsewhere, with every table counted and figures of every tenant read again. Unknown where no drill can be made (docs/backup.md).',
  },
  'recovery.drills_failed': {
    description: 'Backups can be restored.',
    indicator: 'Drills of the last eight days that failed.',
  },
  'recovery.restore_time': {
    description: 'A backup is restored within an hour.',
    indicator:
      'How long the last drill took from the backup to a database whose tables were counted and whose figures were read.',
  },
  'retention.aggregates': {
    description: 'Aggregates are kept for two years.',
    indicator: 'Days back to which every aggregate is still there, at most what AGGREGATE_RETENTION_DAYS says.',
  },
  'retention.raw': {
    description: 'Raw events are kept for 90 days.',
    indicator: 'Days back to which every raw event is still there, at most what RAW_RETENTION_DAYS says.',
  },
  'storage.cost_per_million_events': {
    description: 'A million events cost less than US$ 0.10 to keep.',
    indicator:
      'Bytes on disk per event × months that they are kept, for raw events and for roll-ups, × 1,000,000 × STORAGE_USD_PER_GB_MONTH / 10⁹. Unknown below 100,000 events.',
  },
  'viewers.concurrent': {
    description: 'A hundred people look at dashboards at once.',
    indicator:
      'Most addresses from which links of viewers were used within one hour: more than were there at once, but people behind one address count once.',
    internal: true,
  },
};

/** What the platform promises, and whether it holds. `all`: also what only its operator may know. */
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
