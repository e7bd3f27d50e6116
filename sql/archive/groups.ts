import { literal } from '../../lib/parquet.ts';
import type { Client } from '../database/db.ts';
import { ARCHIVE_COLUMNS, DIGEST_IN_POSTGRES, HASH_IN_POSTGRES } from './columns.ts';

/**
 * The events of one tenant, type and UTC day, with the values that two groups are compared by. Times are text, to the
 * microsecond.
 */
export type Group = {
  tenant_id: string;
  type: string;
  /** YYYY-MM-DD. */
  day: string;
  rows: number;
  digest: string;
  first_time: string;
  last_time: string;
  first_received_at: string;
  last_received_at: string;
};

/** Ids of the tenants whose events may be archived. */
export async function archivingTenants(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from private.tenants where offboarding_at is null and kind <> 'canary' order by id",
  );
  return rows.map(({ id }) => id);
}

// Also works on a scratch table with the columns of private.events.
const groupsOf = (relation: string, filter: string) => `
  select tenant_id, type, to_char(day, 'YYYY-MM-DD') as day, count(*) as rows, ${DIGEST_IN_POSTGRES} as digest, min(time)::text as first_time,
      max(time)::text as last_time, min(received_at)::text as first_received_at, max(received_at)::text as last_received_at
  from (
      select tenant_id, type, (time at time zone 'UTC')::date as day, time, received_at, ${HASH_IN_POSTGRES} as hash
      from ${relation} where ${filter}
  ) hashed
  group by 1, 2, hashed.day order by hashed.day, type`;

/** UTC days before `boundary` on which a tenant has events, or proved files that are not live yet; oldest first. */
export async function daysBefore(client: Client, tenantId: string, boundary: Date): Promise<string[]> {
  const { rows } = await client.query<{ day: string }>(
    `with recursive days as (
       select date_trunc('day', min(time), 'UTC') as day from private.events where tenant_id = $1 and time < $2
       union all
       select date_trunc('day', next.time, 'UTC')
       from days d, lateral (select min(e.time) as time from private.events e
         where e.tenant_id = $1 and e.time >= d.day + interval '1 day' and e.time < $2) next
       where d.day is not null
     )
     select to_char(day at time zone 'UTC', 'YYYY-MM-DD') as day from days where day is not null
     union
     select to_char(day, 'YYYY-MM-DD') from private.archive_files where tenant_id = $1 and status = 'proved'
     order by 1`,
    [tenantId, boundary],
  );
  return rows.map(({ day }) => day);
}

// Without events that were emptied; see promises.ts.
const WITHIN =
  "time >= coalesce($4::timestamptz, '-infinity') and time < least($2::timestamptz, $5::timestamptz) and source <> ''";

/**
 * The groups to archive of one tenant's events before `boundary`, of all days or of one. Leaves out types and days that the
 * archive would not keep at `now`.
 */
export async function groupsBefore(
  client: Client,
  tenantId: string,
  boundary: Date,
  now: Date,
  day: string | null = null,
): Promise<Group[]> {
  const start = day === null ? null : new Date(`${day}T00:00:00Z`);
  const end = start && new Date(start.getTime() + 86_400_000);
  const { rows } = await client.query<Group>(
    `with keeps as materialized (
       select type, $3::timestamptz - make_interval(days => private.archive_keep_days($1, type)) as since
       from (select distinct type from private.events where tenant_id = $1 and ${WITHIN}) types
     ), kept as (select e.* from private.events e join keeps k using (type)
       where e.tenant_id = $1 and ${WITHIN} and date_trunc('day', e.time, 'UTC') + interval '1 day' > k.since)
     ${groupsOf('kept', 'true')}`,
    [tenantId, boundary, now, start, end],
  );
  return rows;
}

/** The groups of a scratch table. */
export async function groupsOfTable(client: Client, table: string): Promise<Group[]> {
  const { rows } = await client.query<Group>(groupsOf(table, 'true'));
  return rows;
}

/** Orders the groups of a day like copyOfDay(). */
export const inCopyOrder = (one: Group, other: Group) => Buffer.compare(Buffer.from(one.type), Buffer.from(other.type));

/** A `copy` of these groups of one day, as CSV, ordered by type and then by key. */
export function copyOfDay(tenantId: string, day: string, boundary: Date, groups: Group[]): string {
  return `copy (
    select ${Object.keys(ARCHIVE_COLUMNS).join(', ')} from private.events
    where tenant_id = ${literal(tenantId)} and time >= ${literal(`${day} 00:00:00+00`)} and time < timestamptz ${literal(`${day} 00:00:00+00`)} + interval '1 day'
        and time < ${literal(boundary.toISOString())} and type in (${groups.map(({ type }) => literal(type)).join(', ')}) and source <> ''
    order by type collate "C", time, id
  ) to stdout (format csv)`;
}
