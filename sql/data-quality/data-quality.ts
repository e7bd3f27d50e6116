import type { Instant } from '../../lib/time.ts';
import type { Client, Pool } from '../database/db.ts';
import type { Check } from './quality-checks.ts';

export type Status = 'pass' | 'warn' | 'fail' | 'unknown';

const DAY_MS = 86_400_000;

/**
 * Runs one check on a UTC day of every tenant that has sent anything in the four weeks before, and stores the results. Returns
 * how many tenants fail it.
 */
export async function runCheck(client: Client | Pool, check: Check, day: Date, now: Date): Promise<number> {
  const until = new Date(Math.min(day.getTime() + DAY_MS, now.getTime()));
  const { rows } = await client.query<{ failed: number }>(
    `with asked as (
       select $1::timestamptz, $2::timestamptz
     ), found as (
       ${check.sql}
     ), judged as (
       select t.tenant_id, case when $3 then greatest(f.value, q.value) else f.value end as value
       from (
         select distinct tenant_id from private.receipts where hour >= $1 - interval '28 days' and hour < $2 and accepted > 0
       ) t
         left join found f using (tenant_id)
         left join private.quality_results q on q.tenant_id = t.tenant_id and q.day = $1 and q.check_name = $4
     ), noted as (
       insert into private.quality_results as r (tenant_id, day, check_name, value, status, weight, checked_at)
       select tenant_id, $1, $4, value,
         case when value is null then 'unknown' when value > $6 then 'fail' when value > $5 then 'warn' else 'pass' end, $7, $8
       from judged
       on conflict (tenant_id, day, check_name) do update set value = excluded.value, status = excluded.status,
         weight = excluded.weight, checked_at = excluded.checked_at
       returning status
     )
     select count(*) filter (where status = 'fail') as failed from noted`,
    [day, until, check.live ?? false, check.name, check.warn, check.fail, check.weight, now],
  );
  return rows[0]?.failed ?? 0;
}

export type CheckedDay = { day: string; score: number | null; checks: CheckResult[] };
export type CheckResult = { name: string; status: Status; value: number | null; weight: number; checked_at: string };

/** The tenant's UTC days that a window touches, latest first, each with its score and the result of each check. */
export async function readDataQuality(client: Client, from: Instant, to: Instant): Promise<CheckedDay[]> {
  const { rows } = await client.query<CheckedDay>(
    `select to_char(day at time zone 'UTC', 'YYYY-MM-DD') as day,
       round(100 * sum(points) / nullif(sum(weight) filter (where points is not null), 0), 1) as score,
       jsonb_agg(jsonb_build_object('name', check_name, 'status', status, 'value', value, 'weight', weight, 'checked_at', checked_at)
         order by check_name) as checks
     from app.data_quality where day >= date_trunc('day', $1::timestamptz, 'UTC') and day < $2
     group by app.data_quality.day order by app.data_quality.day desc`,
    [from, to],
  );
  return rows;
}
