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
    'select time from private.events where tenant_id = $1 order by time limit 1',
    [tenantId],
  );
  return rows[0]?.time ?? null;
}

/** Notes up to when the journeys of a service have been collected; `isDone`: that is all of them. */
export async function noteCollected(client: Client, tenantId: string, slug: string, to: Date, isDone: boolean): Promise<void> {
  await client.query(
    `update private.services set collected_to = $3::timestamptz, journeys_to = case when $4 then $3::timestamptz end where tenant_id = $1 and slug = $2`,
    [tenantId, slug, to, isDone],
  );
}

/**
 * The tenant's services whose journeys have been collected, at least in part: a late event may belong to a part that is done. With
 * the moment up to which they have been brought up to date; null: some are still missing.
 */
export async function collectedServices(
  client: Client,
  tenantId: string,
): Promise<(JourneySource & { journeys_to: Date | null })[]> {
  const { rows } = await client.query<JourneySource & { journeys_to: Date | null }>(
    `select journeys_to, ${SOURCE} from private.services where tenant_id = $1 and collected_to is not null and started is not null`,
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

// Journeys of the events of a window: $1 tenant, $3 path of the id, $4 and $5 the types, $6 and $7 the window.
const FOUND = `select encode(substr(sha256(convert_to(e.journey, 'UTF8')), 1, 16), 'hex')::uuid as id,
    min(e.time) filter (where e.type = $4) as started_at, min(e.time) filter (where e.type = $5) as completed_at,
    coalesce(array_agg(distinct e.subject) filter (where e.subject is not null), '{}') as subjects
  from (
    select time, type, subject, case when $3::text[] = '{subject}' then subject else data #>> ($3::text[])[2:] end as journey
    from private.events where tenant_id = $1 and time >= $6 and time < $7 and type in ($4, $5)
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

/**
 * Adds the journeys of a service that the events of a window tell of. It may be repeated in any order: a journey keeps its first
 * start and its first completion. Counts of UTC days that had ended at `countedTo` and change are recorded as restatements.
 */
export async function collectJourneys(
  client: Client,
  tenantId: string,
  source: JourneySource,
  from: Date,
  to: Date,
  countedTo: Date | null,
): Promise<void> {
  await client.query(
    `with found as materialized (${FOUND}), before as materialized (
       select j.id, j.started_at, j.completed_at from private.journeys j join found using (id) where j.tenant_id = $1 and j.service = $2
     ), changed as (
       insert into private.journeys as j (tenant_id, service, id, started_at, completed_at, subjects)
       select $1, $2, id, started_at, completed_at, subjects from found
       on conflict (tenant_id, service, id) do update set started_at = least(j.started_at, excluded.started_at),
         completed_at = least(j.completed_at, excluded.completed_at),
         subjects = array(select distinct unnest(j.subjects || excluded.subjects))
       where (j.started_at, j.completed_at)
           is distinct from (least(j.started_at, excluded.started_at), least(j.completed_at, excluded.completed_at))
         or not j.subjects @> excluded.subjects
       returning j.id, j.started_at, j.completed_at
     ), moves as (
       select 'journeys_started_daily' as rollup, date_trunc('day', b.started_at, 'UTC') as day, -1 as n from before b join changed using (id)
       union all select 'journeys_started_daily', date_trunc('day', started_at, 'UTC'), 1 from changed
       union all select 'journeys_completed_daily', date_trunc('day', b.completed_at, 'UTC'), -1 from before b join changed using (id)
       union all select 'journeys_completed_daily', date_trunc('day', completed_at, 'UTC'), 1 from changed
     ), restated as (
       select rollup, day, sum(n) as n from moves where day <= $8::timestamptz - interval '1 day' group by 1, 2 having sum(n) <> 0
     ), counted as (
       select r.*, case r.rollup
         when 'journeys_started_daily' then (select count(*) from private.journeys j where j.tenant_id = $1 and j.service = $2
           and j.started_at >= r.day and j.started_at < r.day + interval '1 day')
         else (select count(*) from private.journeys j where j.tenant_id = $1 and j.service = $2
           and j.completed_at >= r.day and j.completed_at < r.day + interval '1 day') end as before
       from restated r
     )
     insert into private.restatements (tenant_id, rollup, service, bucket, before, after)
     select $1, rollup, $2, day, before, before + n from counted`,
    [...argumentsOf(tenantId, source, from, to), countedTo],
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
  // Where the raw events have been dropped by retention, nothing can be told from their absence.
  const isWhole = "$6::timestamptz >= storage.retained_from('events')";
  await client.query(
    `with found as materialized (${FOUND}), wrong as (
       select j.id, coalesce(j.started_at >= $6 and j.started_at < $7 and f.started_at is null, false) as start,
         coalesce(j.completed_at >= $6 and j.completed_at < $7 and f.completed_at is null, false) as completion,
         j.started_at, j.completed_at
       from private.journeys j left join found f using (id)
       where j.tenant_id = $1 and j.service = $2 and ${isWhole}
         and (j.started_at >= $6 and j.started_at < $7 or j.completed_at >= $6 and j.completed_at < $7)
     ), gone as (
       delete from private.journeys j using wrong w where j.tenant_id = $1 and j.service = $2 and j.id = w.id
         and (w.start or w.started_at is null) and (w.completion or w.completed_at is null)
     )
     update private.journeys j set started_at = case when not w.start then j.started_at end,
       completed_at = case when not w.completion then j.completed_at end
     from wrong w where j.tenant_id = $1 and j.service = $2 and j.id = w.id and (w.start or w.completion)
       and not ((w.start or w.started_at is null) and (w.completion or w.completed_at is null))`,
    argumentsOf(tenantId, source, from, to),
  );
}
