import { randomBytes } from 'node:crypto';
import { load, post, quantile } from './http-load.ts';
import type { Stage } from './stage.ts';

const SECONDS = 8;
const TYPES = ['br.validahub.export.downloaded.v1', 'shop.order.created.v1', 'shop.order.paid.v1'];

let serial = 0;
const run = randomBytes(4).toString('hex');
const nextId = () => `${run}-0000-4000-8000-${(serial++).toString(16).padStart(12, '0')}`;
const dataOf = (n: number) =>
  `{"marketplace":"magalu","rows":${n % 1000},"duration_ms":${(n % 997) + 0.5},"outcome":"success"}`;

function eventText(): string {
  const n = serial;
  return `{"id":"${nextId()}","type":"${TYPES[n % 3]}","source":"bench","time":"${new Date().toISOString()}","data":${dataOf(n)}}`;
}

// The same rows, inserted as simply as Node can: unnest over arrays, 4 connections, batches of 1,000, same columns and key.
async function insertLimit({ owner, cpu }: Stage, tenantIds: string[]) {
  await owner.query('create table private.bench_limit (like private.events including all)');
  const until = performance.now() + SECONDS * 1000;
  const started = performance.now();
  const spent = perEvent(cpu);
  let rows = 0;
  await Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let batch = 0; performance.now() < until; batch++) {
        const numbers = Array.from({ length: 1000 }, () => serial);
        const now = new Date();
        await owner.query({
          name: 'bench_limit',
          text: `insert into private.bench_limit (tenant_id, time, id, received_at, type, source, outcome, duration_ms, bytes, data)
                 select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
                   $8::float8[], $9::int[], $10::jsonb[]) on conflict do nothing`,
          values: [
            numbers.map(() => tenantIds[(batch * 4 + worker) % tenantIds.length]),
            numbers.map(() => now),
            numbers.map(nextId),
            numbers.map(() => now),
            numbers.map((_n, i) => TYPES[i % 3]),
            numbers.map(() => 'bench'),
            numbers.map(() => 'success'),
            numbers.map((_n, i) => (i % 997) + 0.5),
            numbers.map(() => 250),
            numbers.map((_n, i) => dataOf(i)),
          ],
        });
        rows += 1000;
      }
    }),
  );
  const perSecond = rows / ((performance.now() - started) / 1000);
  const { postgresql, load } = spent(rows);
  await owner.query('drop table private.bench_limit');
  return { perSecond, cpu_us_per_event: { postgresql, load } };
}

// Microseconds of CPU per event since this call, by program.
function perEvent(cpu: Stage['cpu']) {
  const before = cpu();
  return (events: number) => {
    const after = cpu();
    const each = (name: keyof typeof after) => ((after[name] - before[name]) * 1e6) / events;
    return { api: each('api'), postgresql: each('postgresql'), load: each('load') };
  };
}

/** Events per second and latency of requests; each connection starts at most one per `pauseMs`. */
export async function through(stage: Stage, batch: number, connections: number, seconds = SECONDS, pauseMs = 0) {
  const { tenants, url } = stage;
  const expected = `{"received":${batch},"accepted":${batch},`;
  const spent = perEvent(stage.cpu);
  const bodies = () => (batch === 1 ? eventText() : `[${Array.from({ length: batch }, eventText).join(',')}]`);
  const { perSecond, durations } = await load(
    url,
    connections,
    seconds,
    (turn) => post('/v1/events', tenants[turn % tenants.length]?.ingest ?? '', bodies()),
    ({ status, body }) => {
      if (status !== 202 || !body.startsWith(expected)) throw new Error(`Answer ${status}: ${body}`);
    },
    pauseMs,
  );
  return {
    eventsPerSecond: perSecond * batch,
    p50: quantile(durations, 0.5),
    p95: quantile(durations, 0.95),
    p99: quantile(durations, 0.99),
    cpu_us_per_event: spent(durations.length * batch),
  };
}

/**
 * Events per second through HTTP, compared with the limit of plain inserts from Node, measured before and after in the same
 * run.
 */
export async function benchIngest(stage: Stage) {
  const ids = stage.tenants.map(({ id }) => id);
  await through(stage, 100, 16);
  const before = await insertLimit(stage, ids);
  const batches = await through(stage, 100, 16);
  const after = await insertLimit(stage, ids);
  const singles = await through(stage, 1, 64);
  const limit = (before.perSecond + after.perSecond) / 2;
  return {
    limit_rows_per_second: limit,
    limit_spread: Math.abs(before.perSecond - after.perSecond) / limit,
    limit_cpu_us_per_event: after.cpu_us_per_event,
    batches_of_100: { ...batches, ratio_to_limit: batches.eventsPerSecond / limit },
    single_events: { ...singles, ratio_to_limit: singles.eventsPerSecond / limit },
    memory_mb: stage.memory(),
  };
}
