import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { caughtUp } from './history.ts';
import { Connection, get, load, post, quantile } from './http-load.ts';
import { HOTTEST } from './queries.ts';
import { type BenchTenant, cpuSecondsOf, type Stage } from './stage.ts';

const LOADED = 40;
const CONNECTIONS = 8;
const BATCH = 500;
const DAYS = 60;
const DAY_MS = 86_400_000;
const PAUSE_MS = 100;

/**
 * Loads `events` of 40 tenants over 60 days through HTTP, each tenant in the order of time, while ten others read metrics. Returns
 * the seconds from the last receipt until every metric is right, the CPU seconds of PostgreSQL for storing and for refreshing, and
 * the p95 of metric calls of the ten before and during the load, in ms.
 */
export async function benchBackfill(stage: Stage, events: number, note: (sentence: string) => void) {
  const loaded = stage.tenants.slice(0, LOADED);
  const quiet = stage.tenants.slice(LOADED);
  const before = await reading(stage, quiet, setTimeout(10_000));
  note('loading');
  const cpu = watchCpu(stage);
  const started = performance.now();
  const loading = loadAll(stage, loaded, Math.floor(events / LOADED));
  const times = loading.then(async () => {
    const stored = performance.now();
    note('refreshing');
    await caughtUp(stage);
    return { stored, right: performance.now() };
  });
  const during = await reading(stage, quiet, loading);
  const { stored, right } = await times;
  const used = await cpu();
  return {
    events,
    events_per_second: events / ((stored - started) / 1000),
    right_after_seconds: (right - stored) / 1000,
    cpu_seconds: used,
    refresh_cpu_to_ingest_cpu: used.refresh / (used.ingest + used.api),
    metrics_of_others: { before_p95_ms: before, during_p95_ms: during, ratio: during / before },
    memory_mb: stage.memory(),
  };
}

async function loadAll({ url }: Stage, tenants: BenchTenant[], each: number): Promise<void> {
  const now = Date.now();
  const first = now - DAYS * DAY_MS;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, index) => {
      const own = tenants.filter((_tenant, at) => at % CONNECTIONS === index);
      const connection = new Connection(url);
      for (let done = 0; done < each; done += BATCH) {
        const count = Math.min(BATCH, each - done);
        for (const { ingest } of own) {
          const times = Array.from({ length: count }, (_event, n) => first + ((done + n) / each) * (now - first));
          const { status, body } = await connection.send(post('/v1/events', ingest, `[${times.map(eventOf).join(',')}]`));
          if (status !== 202) throw new Error(`Answer ${status}: ${body}`);
        }
      }
      connection.close();
    }),
  );
}

const MARKETPLACES = ['mercado-livre', 'magalu', 'amazon-br', 'shopee', 'americanas'];

function eventOf(time: number, n: number): string {
  const head = `"id":"${randomUUID()}","source":"bench","time":"${new Date(time).toISOString()}"`;
  const rest = `"duration_ms":${(n % 997) + 0.5},"outcome":"${n % 20 ? 'success' : 'failure'}"`;
  const marketplace = MARKETPLACES[n % MARKETPLACES.length];
  if (n % 3 === 0) return `{${head},"type":"shop.order.created.v1","data":{${rest}}}`;
  const data = `"marketplace":"${marketplace}","rows":${n % 900},"errors":${n % 20},"rules":{"gtin-invalid":${n % 7},"ncm-missing":${n % 5}},${rest}`;
  return `{${head},"type":"br.validahub.validation.completed.v1","data":{${data}}}`;
}

// Until `end` resolves, in slices of five seconds.
async function reading({ url }: Stage, tenants: BenchTenant[], end: Promise<unknown>): Promise<number> {
  let over = false;
  const ended = end.finally(() => {
    over = true;
  });
  const durations: number[] = [];
  while (!over) {
    const next = (turn: number) => {
      const call = HOTTEST[turn % HOTTEST.length]?.replace('DAY_AGO', new Date(Date.now() - DAY_MS).toISOString());
      return get(`/v1/metrics/${call}`, tenants[(turn * 7) % tenants.length]?.read ?? '');
    };
    const slice = await load(
      url,
      2,
      5,
      next,
      ({ status, body }) => {
        if (status !== 200) throw new Error(`Answer ${status}: ${body}`);
      },
      PAUSE_MS,
    );
    durations.push(...slice.durations);
  }
  await ended;
  return quantile(Float64Array.from(durations).sort(), 0.95);
}

// CPU seconds of PostgreSQL's backends by what their pool is for, and of the API. A backend that ends between two looks loses at
// most the time since the last one.
function watchCpu({ owner, cpu }: Stage): () => Promise<{ ingest: number; refresh: number; api: number }> {
  const seen = new Map<number, { ingest: boolean; first: number; last: number }>();
  const { api } = cpu();
  async function look(): Promise<void> {
    const { rows } = await owner.query<{ pid: number; name: string }>(
      "select pid, application_name as name from pg_stat_activity where application_name in ('mirante ingest', 'mirante jobs')",
    );
    for (const { pid, name } of rows) {
      const now = cpuSecondsOf(pid);
      const known = seen.get(pid);
      if (known) known.last = now;
      else seen.set(pid, { ingest: name === 'mirante ingest', first: now, last: now });
    }
  }
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, 500);
  return async () => {
    clearInterval(timer);
    await looking;
    await look();
    const sum = (ingest: boolean) =>
      [...seen.values()].filter((one) => one.ingest === ingest).reduce((total, { first, last }) => total + last - first, 0);
    return { ingest: sum(true), refresh: sum(false), api: cpu().api - api };
  };
}
