import { setTimeout } from 'node:timers/promises';
import { createPool, withTenant } from '../sql/database/db.ts';
import { createKey } from '../sql/tenants/tenants.ts';
import { load, quantile } from './http-load.ts';
import type { Stage } from './stage.ts';

const JOURNEYS = 1_000_000;
const RATINGS = 100_000;
const RUNS = 5;
const VIEWERS = 20;
const SECONDS = 10;
const EVERY_MS = 100;

/**
 * Seconds from the request of a year's report over a million journeys and 100,000 ratings until the call shows it as completed; and the
 * public page and its CSV for twenty viewers, from the cache and, every ten seconds, not.
 */
export async function benchReports(stage: Stage, note: (sentence: string) => void) {
  const { owner, tenants, url } = stage;
  const [tenant] = tenants as [Stage['tenants'][number]];
  const year = new Date().getUTCFullYear() - 1;
  const key = await adminKey(stage, tenant.id);
  const call = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as { id: string; status: string; error: string | null };
  };
  await call('PUT', '/v1/services/year', {
    name: 'Bench',
    timezone: 'Europe/London',
    journey: { started: 'bench.started.v1', completed: 'bench.created.v1', id: '/data/journey' },
    channels: ['online', 'paper'],
    costs: { currency: 'GBP', online: 100 },
  });
  for (let month = 1; month <= 12; month++)
    await call('PUT', `/v1/services/year/channels/${year}-${String(month).padStart(2, '0')}`, {
      paper: 1000 * month,
      costs: { currency: 'GBP', paper: 5000 },
    });
  note(`${JOURNEYS} journeys and ${RATINGS} ratings`);
  const random = "make_timestamptz($2, 1, 1, 0, 0, 0, 'UTC') + random() * interval '365 days'";
  await owner.query(
    `insert into private.journeys (tenant_id, service, id, started_at, completed_at)
     select $1, 'year', gen_random_uuid(), t, case when random() < 0.8 then t + random() * interval '40 days' end
     from (select ${random} as t from generate_series(1, $3)) s`,
    [tenant.id, year, JOURNEYS],
  );
  await owner.query("update private.services set collected_to = now(), journeys_to = now() where slug = 'year'");
  await owner.query(
    `insert into private.feedback (id, tenant_id, service, received_at, rating, locale)
     select gen_random_uuid(), $1, 'year', ${random}, 1 + floor(random() * 5)::integer, 'en' from generate_series(1, $3)`,
    [tenant.id, year, RATINGS],
  );
  await owner.query('vacuum (analyze) private.journeys, private.feedback');

  const report = async (period: string, publish: boolean) => {
    const started = performance.now();
    const { id } = await call('POST', '/v1/performance-reports', { service: 'year', period, publish });
    for (;;) {
      const { status, error } = await call('GET', `/v1/performance-reports/${id}`);
      if (status === 'completed') return (performance.now() - started) / 1000;
      if (status === 'failed') throw new Error(`The report failed: ${error}.`);
      await setTimeout(20);
    }
  };
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await report(String(year), false));

  note('the public page');
  for (let month = 1; month <= 12; month++) await report(`${year}-${String(month).padStart(2, '0')}`, true);
  const { rows } = await owner.query<{ slug: string }>('select slug from private.tenants where id = $1', [tenant.id]);
  const path = `/public/performance/${rows[0]?.slug}/year`;
  const read = async (suffix: string) => {
    const request = `GET ${path}${suffix} HTTP/1.1\r\nhost: bench\r\naccept-language: en\r\n\r\n`;
    let bytes = 0;
    const { perSecond, durations } = await load(
      url,
      VIEWERS,
      SECONDS,
      () => request,
      ({ status, body }) => {
        if (status !== 200) throw new Error(`The page answered ${status}.`);
        bytes = body.length;
      },
      EVERY_MS,
    );
    const [p50_ms, p95_ms, p99_ms] = [0.5, 0.95, 0.99].map((share) => quantile(durations, share));
    return { bytes, per_second: perSecond, p50_ms, p95_ms, p99_ms, slowest_ms: Math.max(...durations) };
  };
  // The first readers come while the jobs end, and are not counted.
  await read('.csv');
  return {
    year_s: times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)],
    slowest_s: Math.max(...times),
    csv: await read('.csv'),
    page: await read(''),
  };
}

async function adminKey(stage: Stage, tenantId: string): Promise<string> {
  const pool = createPool(stage.apiDatabaseUrl, { max: 1, name: 'bench' });
  try {
    const made = await withTenant(
      pool,
      tenantId,
      (client) => createKey(client, tenantId, { name: 'bench', scopes: ['tenant-admin'] }),
      'login',
    );
    return made.key;
  } finally {
    await pool.end();
  }
}
