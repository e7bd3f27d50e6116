import type { Stage } from './stage.ts';

/**
 * Spreads events of all tenants evenly over the days between two ages. It uses SQL, because this part is not measured, and
 * waits until the jobs have built the roll-ups. Durations are log-normal.
 */
export async function fillHistory(
  stage: Stage,
  events: number,
  days: { from: number; to: number },
  note: (sentence: string) => void,
): Promise<void> {
  const { owner, tenants } = stage;
  const step = 500_000;
  for (let done = 0; done < events; done += step) {
    await owner.query(
      `with drawn as materialized (
         select ($2::uuid[])[1 + (n % cardinality($2::uuid[]))] as tenant_id,
             date_trunc('hour', now(), 'UTC') - ($4::float8 + random() * ($5::float8 - $4::float8)) * interval '1 day' as time,
             gen_random_uuid() as id, n, random() as kind, random() as luck,
             round(exp(5 + 0.6 * random_normal())::numeric, 3) as ms,
             (array['mercado-livre', 'magalu', 'amazon-br', 'shopee', 'americanas'])[1 + n % 5] as marketplace
         from generate_series($1::bigint, $1::bigint + $3::bigint - 1) n
       ), made as (
         select *, case when kind < 0.6 then 'br.validahub.validation.completed.v1'
               when kind < 0.8 then 'br.validahub.correction.applied.v1' else 'mirante.http.request.v1' end as type,
             case when luck < 0.05 then 'failure' else 'success' end as outcome
         from drawn
       ), stored as (
         insert into private.events (tenant_id, time, id, received_at, type, source, outcome, duration_ms, bytes, data)
         select tenant_id, time, id, now(), type, 'bench', outcome, ms, 260,
             case when kind < 0.6 then jsonb_build_object('marketplace', marketplace, 'rows', 100 + n % 900, 'errors', n % 20,
                     'duration_ms', ms, 'outcome', outcome, 'rules', jsonb_build_object('gtin-invalid', n % 7, 'ncm-missing', n % 5))
               when kind < 0.8 then jsonb_build_object('marketplace', marketplace, 'rule', 'gtin-invalid', 'rows', n % 40)
               else jsonb_build_object('route', '/v1/items/:id', 'method', 'GET', 'status', 200, 'duration_ms', ms, 'outcome', outcome)
             end
         from made order by 1, 2, 3
         returning tenant_id, time, id, data
       )
       insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
       select tenant_id, time, id, r.key, data ->> 'marketplace', r.value::bigint
       from stored cross join lateral jsonb_each(data -> 'rules') r where data ? 'rules'`,
      [done, tenants.map(({ id }) => id), Math.min(step, events - done), days.to, days.from],
    );
    note(`${Math.min(done + step, events).toLocaleString('en')} events`);
  }
  await owner.query(
    `insert into private.dirty_hours (hour)
     select generate_series(date_trunc('hour', now(), 'UTC') - interval '722 hours', date_trunc('hour', now(), 'UTC'), '1 hour')`,
  );
  note('roll-ups');
  await caughtUp(stage);
  await owner.query('vacuum (analyze) private.events').catch(() => undefined);
}

/** Waits until the jobs have processed all dirty hours. */
export async function caughtUp({ owner }: Stage): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ dirty: boolean }>(
      "select exists (select from private.dirty_hours where hour < date_trunc('hour', now(), 'UTC')) as dirty",
    );
    if (!rows[0]?.dirty) return;
    await new Promise((done) => setTimeout(done, 200));
  }
}
