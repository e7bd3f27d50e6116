import { instantAt } from '../../lib/time.ts';
import { readDataQuality } from '../data-quality/data-quality.ts';
import { type Pool, withTenant } from '../database/db.ts';
import { METRICS, type Metric } from '../metrics/catalogue.ts';
import { readMetric } from '../metrics/metrics.ts';
import { floor, HOUR, type Window } from '../metrics/windows.ts';

/** The input of a signal: one tenant, over the last `windowSeconds`. */
export type SignalQuery = { tenantId: string; zone: string; filter: Record<string, string | null>; windowSeconds: number };

/** A value that a rule can watch. */
export type AlertSignal = {
  name: string;
  unit: string;
  /** Dimensions that a rule can filter it by. */
  dims: readonly string[];
  /** Its value at `now`, in milliseconds since 1970, read as the tenant; null if there are no data. */
  read: (pool: Pool, asked: SignalQuery, now: number) => Promise<number | null>;
};

const DAY_SECONDS = 86_400;

/**
 * The window of a signal. It ends with the hour, so that events of a sender whose clock is ahead count. A window of a day or more
 * begins on the hour: part of an hour would be read from raw events, which may be gone.
 */
export function windowOf(windowSeconds: number, now: number): Window {
  const from = now * 1000 - windowSeconds * 1_000_000;
  return { from: windowSeconds < DAY_SECONDS ? from : floor(from, HOUR), to: floor(now * 1000, HOUR) + HOUR };
}

const signalOf = (metric: Metric): AlertSignal => ({
  name: metric.name,
  unit: metric.unit,
  dims: metric.dims,
  async read(pool, { tenantId, zone, filter, windowSeconds }, now) {
    const filters = Object.entries(filter).map(([dim, value]) => ({ dim, values: [value] }));
    const window = windowOf(windowSeconds, now);
    const { rows } = await readMetric(pool, tenantId, { metric, window, interval: 'total', zone, groupBy: [], filters });
    return rows[0]?.value ?? null;
  },
});

/** The score of the newest checked UTC day that the window touches. */
const QUALITY: AlertSignal = {
  name: 'data_quality.score',
  unit: 'points',
  dims: [],
  async read(pool, { tenantId, windowSeconds }, now) {
    const from = new Date(now - windowSeconds * 1000);
    const days = await withTenant(pool, tenantId, (client) =>
      readDataQuality(client, instantAt(from), instantAt(new Date(now))),
    );
    return days.find(({ score }) => score !== null)?.score ?? null;
  },
};

/** Everything that rules can watch: the metrics of GET /v1/metrics, and the data quality score. */
export const SIGNALS: readonly AlertSignal[] = [...METRICS.map(signalOf), QUALITY];

export function findSignal(name: string): AlertSignal | undefined {
  return SIGNALS.find((signal) => signal.name === name);
}
