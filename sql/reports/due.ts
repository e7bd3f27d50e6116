import { v7 as uuidv7 } from 'uuid';
import { type Pool, withTransaction } from '../database/db.ts';

/** A service whose reports are made by themselves. */
export type ScheduledService = { tenant_id: string; slug: string; timezone: string; created_at: Date };

export async function listScheduled(pool: Pool): Promise<ScheduledService[]> {
  const { rows } = await pool.query<ScheduledService>(
    `select s.tenant_id, s.slug, s.timezone, s.created_at from private.services s join private.tenants t on t.id = s.tenant_id
     where t.kind <> 'canary' and t.offboarding_at is null order by s.tenant_id, s.slug`,
  );
  return rows;
}

/**
 * Requests scheduled reports of a service for those of `periods` that have none, and again for those whose last one lacks
 * something, is older than counts of its months, or is provisional: these once a week, because a published period gets a revision
 * for each. Returns how many.
 */
export async function askForDue(
  pool: Pool,
  { tenant_id, slug }: ScheduledService,
  periods: { period: string; months: string[] }[],
  now: Date,
): Promise<number> {
  return withTransaction(pool, 'begin', async (client) => {
    await client.query('select from private.services where tenant_id = $1 and slug = $2 for no key update', [tenant_id, slug]);
    const { rowCount } = await client.query(
      `insert into private.performance_reports (id, tenant_id, service, period, cause, publish)
       select (n ->> 'id')::uuid, $1, $2, n ->> 'period', 'schedule', false
       from jsonb_array_elements($3::jsonb) n left join lateral (
         select r.status, r.measures, r.missing, r.completed_at from private.performance_reports r
         where r.tenant_id = $1 and r.service = $2 and r.period = n ->> 'period' and r.assisted_digital is null
         order by r.id desc limit 1
       ) last on true
       where last.status is null or last.status = 'completed' and (
         last.missing <> '[]'
         or jsonb_path_exists(last.measures, '$.*.provisional ? (@ == true)') and last.completed_at < $4::timestamptz - interval '6 days 12 hours'
         or exists (
           select from private.channel_counts c
           where c.tenant_id = $1 and c.service = $2 and c.recorded_at > last.completed_at
               and c.period in (select jsonb_array_elements_text(n -> 'months'))
         )
       )`,
      [tenant_id, slug, JSON.stringify(periods.map((one) => ({ id: uuidv7(), ...one }))), now],
    );
    return rowCount ?? 0;
  });
}
