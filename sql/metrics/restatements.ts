import type { Instant } from '../../lib/time.ts';
import type { Client } from '../database/db.ts';
import { SOURCES } from './sources.ts';

/** A UTC day in milliseconds since 1970, and the tenants whose metrics of it may change; null: any tenant. */
export type TouchedDay = { day: number; tenants: string[] | null };

// Events never change, so metrics of a day change only if its count does.
const countOf = (rollup: string) => SOURCES[rollup.replace(/_daily$/, '') as keyof typeof SOURCES].count;

// Without the live tail, which already has a late event if the engine has not materialised anything of so old a day.
async function rowsOf(client: Client, rollup: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>('select storage.rollup_rows($1)::text as name', [rollup]);
  return rows[0]?.name as string;
}

/**
 * Records a daily roll-up's counts of these days, before a refresh. A restatement left open by an interrupted refresh keeps its
 * count, because readers saw that one.
 */
export async function openRestatements(client: Client, rollup: string, days: TouchedDay[]): Promise<void> {
  const rows = await rowsOf(client, rollup);
  const pairs = days.flatMap(({ day, tenants }) => (tenants ?? [null]).map((tenant) => ({ day: new Date(day), tenant })));
  const tenants = pairs.map(({ tenant }) => tenant);
  await client.query(
    `with touched as (
       select tenant_id, day from unnest($2::uuid[], $3::timestamptz[]) u (tenant_id, day) where tenant_id is not null
       union
       select t.id, u.day from unnest($2::uuid[], $3::timestamptz[]) u (tenant_id, day), private.tenants t where u.tenant_id is null
     ), found as (
       select tenant_id, bucket, sum(${countOf(rollup)}) as n from ${rows}
       where bucket = any($3::timestamptz[]) and ($4::uuid[] is null or tenant_id = any($4)) group by 1, 2
     )
     insert into private.restatements (tenant_id, rollup, bucket, before)
     select t.tenant_id, $1, t.day, coalesce(f.n, 0)
     from touched t left join found f on f.tenant_id = t.tenant_id and f.bucket = t.day
     on conflict (rollup, tenant_id, bucket) where after is null do nothing`,
    [rollup, tenants, pairs.map(({ day }) => day), tenants.includes(null) ? null : tenants],
  );
}

/** Completes the open restatements of a roll-up, after its refresh. An unchanged count is no restatement. */
export async function closeRestatements(client: Client, rollup: string): Promise<void> {
  const open = await client.query<{ tenants: string[] | null; days: Date[] | null }>(
    `select array_agg(distinct tenant_id::text) as tenants, array_agg(distinct bucket) as days
     from private.restatements where rollup = $1 and after is null`,
    [rollup],
  );
  const rows = await rowsOf(client, rollup);
  const { tenants, days } = open.rows[0] as (typeof open.rows)[0];
  await client.query(
    `with found as (
       select tenant_id, bucket, sum(${countOf(rollup)}) as n from ${rows}
       where bucket = any($2::timestamptz[]) and tenant_id = any($3::uuid[]) group by 1, 2
     ), compared as materialized (
       select r.id, r.before, coalesce(f.n, 0) as after
       from private.restatements r left join found f using (tenant_id, bucket) where r.rollup = $1 and r.after is null
     ), unchanged as (
       delete from private.restatements r using compared c where r.id = c.id and c.after = c.before
     )
     update private.restatements r set after = c.after, restated_at = now() from compared c where r.id = c.id and c.after <> c.before`,
    [rollup, days, tenants],
  );
}

export type Restatement = { bucket: Date; before: number; after: number; restated_at: Date };

/** How many restatements the days of a window had, the time of the last one, and the latest ones. */
export type Restated = { count: number; latest: Date | null; restatements: Restatement[] };

const SHOWN = 20;

/** The earlier values of a tenant's daily roll-up, for the UTC days that a window touches, latest change first. */
export async function readRestated(client: Client, source: keyof typeof SOURCES, from: string, to: string): Promise<Restated> {
  const { rows } = await client.query<Restatement & { count: number }>(
    `select bucket, before, after, restated_at, count(*) over () as count
     from app.restatements where rollup = $1 and bucket >= date_trunc('day', $2::timestamptz, 'UTC') and bucket < $3
     order by restated_at desc, bucket desc limit ${SHOWN}`,
    [`${source}_daily`, from, to],
  );
  const restatements = rows.map(({ count: _, ...row }) => row);
  return { count: rows[0]?.count ?? 0, latest: rows[0]?.restated_at ?? null, restatements };
}

export type ListedRestatement = Restatement & { rollup: string; service: string | null; id: string; cursor_time: string };

export type RestatementFilter = {
  rollup: string | null;
  from: Instant | null;
  to: Instant | null;
  before: { time: string; id: string } | null;
  limit: number;
};

/** The tenant's restatements, latest first. */
export async function listRestatements(client: Client, filter: RestatementFilter): Promise<ListedRestatement[]> {
  const { rows } = await client.query<ListedRestatement>(
    `select id, rollup, service, bucket, before, after, restated_at, restated_at::text as cursor_time
     from app.restatements
     where ($1::text is null or rollup = $1) and bucket >= coalesce($2::timestamptz, '-infinity')
       and bucket < coalesce($3::timestamptz, 'infinity') and ($4::timestamptz is null or (restated_at, id) < ($4, $5::uuid))
     order by restated_at desc, id desc limit $6`,
    [filter.rollup, filter.from, filter.to, filter.before?.time ?? null, filter.before?.id ?? null, filter.limit],
  );
  return rows;
}
