import type { Client, Pool } from '../database/db.ts';

/** How the journeys of a service are found in events. */
export type JourneySource = { slug: string; started: string; completed: string; journey_id: string };

/** A service whose journeys are being collected from all events, and up to where they have been; null: not begun. */
export type Collecting = JourneySource & { tenant_id: string; collected_to: Date | null };

const SOURCE = 'slug, started, completed, journey_id';

/** Services whose journeys must be collected from all events. */
export async function servicesToCollect(pool: Pool): Promise<Collecting[]> {
  const { rows } = await pool.query<Collecting>(
    `select tenant_id, collected_to, ${SOURCE} from private.services where journeys_to is null and started is not null
     order by tenant_id, slug`,
  );
  return rows;
}

/** Tenants with hours whose journeys must be collected again. */
export async function tenantsWithDirtyJourneys(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ tenant_id: string }>(
    'select distinct tenant_id from private.dirty_journeys where hour <= now() order by tenant_id',
  );
  return rows.map(({ tenant_id }) => tenant_id);
}

/**
 * Waits until nobody else collects or erases journeys, until the end of the transaction. So an erasure, which deletes events first, finds the journeys
 * of a collection that had still seen them.
 */
export async function lockJourneys(client: Client): Promise<void> {
  await client.query("select storage.take_lock('journeys')");
}

/** Deletes what was collected of a service. Returns when the tenant's first event was, or null without events. */
export async function beginCollecting(client: Client, tenantId: string, slug: string): Promise<Date | null> {
  await client.query('delete from private.journeys where tenant_id = $1 and service = $2', [tenantId, slug]);
  const { rows } = await client.query<{ time: Date }>(
    "select time from private.events where tenant_id = $1 and source <> '' order by time limit 1",
    [tenantId],
  );
  return rows[0]?.time ?? null;
}

/**
 * Notes up to when the journeys of a service have been collected; `isDone`: that is all of them. False, and nothing is noted, if the
 * service now finds its journeys otherwise.
 */
export async function noteCollected(
  client: Client,
  tenantId: string,
  { slug, started, completed, journey_id }: JourneySource,
  to: Date,
  isDone: boolean,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update private.services set collected_to = $3::timestamptz, journeys_to = case when $4 then $3::timestamptz end
     where tenant_id = $1 and slug = $2 and (started, completed, journey_id) = ($5, $6, $7)`,
    [tenantId, slug, to, isDone, started, completed, journey_id],
  );
  return rowCount === 1;
}

/** The tenant's services whose journeys have been collected, at least in part: a late event may belong to a part that is done. */
export async function collectedServices(client: Client, tenantId: string): Promise<JourneySource[]> {
  const { rows } = await client.query<JourneySource>(
    `select ${SOURCE} from private.services where tenant_id = $1 and collected_to is not null and started is not null`,
    [tenantId],
  );
  return rows;
}

/** Hours of a tenant to collect again, oldest mark first, and the marks to delete afterwards. */
export async function dirtyJourneys(
  client: Client,
  tenantId: string,
  limit: number,
): Promise<{ ids: number[]; hours: { from: Date; forced: boolean }[] }> {
  const { rows } = await client.query<{ ids: number[]; hour: Date; forced: boolean }>(
    `select array_agg(id::double precision) as ids, hour, bool_or(forced) as forced
     from (select * from private.dirty_journeys where tenant_id = $1 and hour <= now() order by id limit $2) d
     group by hour order by hour`,
    [tenantId, limit],
  );
  return { ids: rows.flatMap((row) => row.ids), hours: rows.map(({ hour, forced }) => ({ from: hour, forced })) };
}

/** Deletes exactly these marks, and notes that the tenant's journeys are up to date. */
export async function clearDirtyJourneys(client: Client, tenantId: string, ids: number[]): Promise<void> {
  await client.query('delete from private.dirty_journeys where id = any($1::bigint[])', [ids]);
  await client.query('update private.services set journeys_to = now() where tenant_id = $1 and journeys_to is not null', [
    tenantId,
  ]);
}

// Journeys of the events of a window, without those that retention has emptied: $1 tenant, $3 path of the id, $4 and $5 the types, $6 and
// $7 the window.
const FOUND = `select encode(substr(sha256(convert_to(e.journey, 'UTF8')), 1, 16), 'hex')::uuid as id,
    min(e.time) filter (where e.type = $4) as started_at, min(e.time) filter (where e.type = $5) as completed_at,
    coalesce(array_agg(distinct e.subject) filter (where e.subject is not null), '{}') as subjects
  from (
    select time, type, subject, case when $3::text[] = '{subject}' then subject else data #>> ($3::text[])[2:] end as journey
    from private.events where tenant_id = $1 and time >= $6 and time < $7 and type in ($4, $5) and source <> ''
  ) e
  where e.journey <> '' group by 1`;

const stepsOf = (pointer: string) =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

const argumentsOf = (tenantId: string, { slug, started, completed, journey_id }: JourneySource, from: Date, to: Date) => [
  tenantId,
  slug,
  stepsOf(journey_id),
  started,
  completed,
  from,
  to,
];

const movesOf = (rows: string, column: 'started_at' | 'completed_at', n: number) =>
  `select service, 'journeys_${column.slice(0, -3)}_daily' as rollup, date_trunc('day', ${column}, 'UTC') as day, ${n} as n from ${rows}`;

/**
 * The end of a statement that changes journeys of the tenant $1: it records the counts of UTC days that had ended when they were last brought
 * up to date. `before` and `after` are relations with the changed journeys, as they were and as they are.
 */
export const restating = (before: string, after?: string) => `moves as (
     ${movesOf(before, 'started_at', -1)} union all ${movesOf(before, 'completed_at', -1)}
     ${after ? `union all ${movesOf(after, 'started_at', 1)} union all ${movesOf(after, 'completed_at', 1)}` : ''}
   ), restated as (
     select service, rollup, day, sum(n) as n from moves m join private.services s on s.tenant_id = $1 and s.slug = m.service
     where day <= s.journeys_to - interval '1 day' group by 1, 2, 3 having sum(n) <> 0
   ), counted as (
     select r.*, case r.rollup
       when 'journeys_started_daily' then (select count(*) from private.journeys j where j.tenant_id = $1 and j.service = r.service
         and j.started_at >= r.day and j.started_at < r.day + interval '1 day')
       else (select count(*) from private.journeys j where j.tenant_id = $1 and j.service = r.service
         and j.completed_at >= r.day and j.completed_at < r.day + interval '1 day') end as before
     from restated r
   )
   insert into private.restatements (tenant_id, rollup, service, bucket, before, after)
   select $1, rollup, service, day, before, before + n from counted`;

/**
 * Adds the journeys of a service that the events of a window tell of. It may be repeated in any order: a journey keeps its first
 * start and its first completion.
 */
export async function collectJourneys(
  client: Client,
  tenantId: string,
  source: JourneySource,
  from: Date,
  to: Date,
): Promise<void> {
  await client.query(
    `with found as materialized (${FOUND}), before as materialized (
       select j.* from private.journeys j join found using (id) where j.tenant_id = $1 and j.service = $2
     ), changed as (
       insert into private.journeys as j (tenant_id, service, id, started_at, completed_at, subjects)
       select $1, $2, id, started_at, completed_at, subjects from found
       on conflict (tenant_id, service, id) do update set started_at = least(j.started_at, excluded.started_at),
         completed_at = least(j.completed_at, excluded.completed_at),
         subjects = array(select distinct unnest(j.subjects || excluded.subjects))
       where (j.started_at, j.completed_at)
           is distinct from (least(j.started_at, excluded.started_at), least(j.completed_at, excluded.completed_at))
         or not j.subjects @> excluded.subjects
       returning j.*
     ), were as (
       select b.* from before b join changed using (id)
     ), ${restating('were', 'changed')}`,
    argumentsOf(tenantId, source, from, to),
  );
}

/** Removes from the journeys of a service what the events of a window, of which some were deleted, no longer tell of. */
export async function forgetJourneys(
  client: Client,
  tenantId: string,
  source: JourneySource,
  from: Date,
  to: Date,
): Promise<void> {
  // Where retention has dropped or emptied raw events, nothing can be told from their absence.
  const isWhole = `$6::timestamptz >= storage.retained_from('events') and not exists (select from private.events
         where tenant_id = $1 and time >= $6 and time < $7 and type in ($4, $5) and source = '')`;
  await client.query(
    `with found as materialized (${FOUND}), wrong as (
       select j.service, j.id, j.started_at, j.completed_at,
         case when j.started_at >= $6 and j.started_at < $7 and f.started_at is null then null else j.started_at end as start,
         case when j.completed_at >= $6 and j.completed_at < $7 and f.completed_at is null then null else j.completed_at end as completion
       from private.journeys j left join found f using (id)
       where j.tenant_id = $1 and j.service = $2 and ${isWhole}
         and (j.started_at >= $6 and j.started_at < $7 or j.completed_at >= $6 and j.completed_at < $7)
     ), gone as (
       delete from private.journeys j using wrong w where j.tenant_id = $1 and j.service = $2 and j.id = w.id
         and w.start is null and w.completion is null
     ), kept as (
       update private.journeys j set started_at = w.start, completed_at = w.completion
       from wrong w where j.tenant_id = $1 and j.service = $2 and j.id = w.id and num_nonnulls(w.start, w.completion) > 0
         and (w.start, w.completion) is distinct from (j.started_at, j.completed_at)
     ), remaining as (
       select service, start as started_at, completion as completed_at from wrong
     ), ${restating('wrong', 'remaining')}`,
    argumentsOf(tenantId, source, from, to),
  );
}
