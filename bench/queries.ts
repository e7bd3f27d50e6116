import { get, load, quantile } from './http-load.ts';
import type { Stage } from './stage.ts';

const SECONDS = 10;
const CLIENTS = 100;

export const HOTTEST = [
  'events.count?interval=day',
  'events.error_rate?interval=day',
  'validations.count?interval=day',
  'validations.error_rate?interval=day',
  'validations.count?interval=total&group_by=marketplace',
  'validations.by_rule?interval=total&limit=10',
  'latency.p95?interval=day',
  'latency.p99?interval=total&group_by=type',
  'corrections.count?interval=day',
  'events.count?interval=hour&from=DAY_AGO',
];

/**
 * Latency of the ten hottest metric calls over all tenants: one client, then 100 clients that call once a second as a
 * dashboard does, and 100 clients without a pause, which show the limit of the machine.
 */
export async function benchQueries(stage: Stage) {
  const { tenants, url } = stage;
  const dayAgo = new Date(Date.now() - 24 * 3600_000).toISOString();
  const figures: Record<string, unknown> = {};
  const measure = async (calls: string[], clients: number, seconds: number, pauseMs = 0) => {
    const { perSecond, durations } = await load(
      url,
      clients,
      seconds,
      (turn) => {
        const tenant = tenants[(turn * 7) % tenants.length];
        return get(`/v1/metrics/${calls[turn % calls.length]?.replace('DAY_AGO', dayAgo)}`, tenant?.read ?? '');
      },
      ({ status, body }) => {
        if (status !== 200) throw new Error(`Answer ${status}: ${body}`);
      },
      pauseMs,
    );
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(durations, share));
    return { requests_per_second: perSecond, p50_ms: p50, p95_ms: p95, p99_ms: p99 };
  };
  await measure(HOTTEST, 10, 3);
  for (const call of HOTTEST) figures[`alone: ${call}`] = await measure([call], 1, 1.5);
  figures[`all ten, ${CLIENTS} clients, one call a second each`] = await measure(HOTTEST, CLIENTS, SECONDS, 1000);
  figures[`all ten, ${CLIENTS} clients without a pause`] = await measure(HOTTEST, CLIENTS, SECONDS);
  return figures;
}
