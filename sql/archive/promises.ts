import type { Client } from '../database/db.ts';
import { allowLargeDeletes } from '../storage/engine.ts';

/** Events that must leave before the retention of the platform: those of a tenant, or of one of its types. */
export type Promised = {
  tenant_id: string;
  /** Null: all of the tenant's. */
  type: string | null;
  days: number;
  rule: 'raw_retention_days' | 'retention_days';
};

/** Every promise that is shorter than `rawDays`, the retention of all raw events. */
export async function listPromises(client: Client, rawDays: number): Promise<Promised[]> {
  const { rows } = await client.query<Promised>(
    `select id as tenant_id, null as type, raw_retention_days as days, 'raw_retention_days' as rule
     from private.tenants where raw_retention_days < $1 and offboarding_at is null
     union all
     select p.tenant_id, p.type, p.days, 'retention_days'
     from private.promised_types() p join private.tenants t on t.id = p.tenant_id
     where p.days < least($1, coalesce(t.raw_retention_days, 36500)) and t.offboarding_at is null
     order by 1, 2 nulls first`,
    [rawDays],
  );
  return rows;
}

// An event that was emptied has no source, which no other event lacks.
const OLDER = `tenant_id = $1 and ($2::text is null or type = $2) and time < $3 and source <> ''`;

/** The UTC days with events that a promise no longer allows; oldest first. */
export async function daysToEmpty(client: Client, { tenant_id, type }: Promised, cutoff: Date): Promise<string[]> {
  const { rows } = await client.query<{ day: string }>(
    `select to_char(time at time zone 'UTC', 'YYYY-MM-DD') as day from private.events where ${OLDER} group by 1 order by 1`,
    [tenant_id, type, cutoff],
  );
  return rows.map(({ day }) => day);
}

/** Members of `data` that roll-ups count by. None identifies a person: identifiers in them became pseudonyms on arrival. */
const COUNTED = ['route', 'marketplace', 'rows', 'errors', 'warnings', 'rule'];

/**
 * Empties the events of one day that a promise no longer allows: nothing of them stays but what roll-ups count, so that a bucket that
 * is recomputed for somebody's late event stays correct. Views do not show them, the archive does not take them, and they leave with
 * their partition. Returns how many.
 */
export async function emptyDay(client: Client, { tenant_id, type }: Promised, cutoff: Date, day: string): Promise<number> {
  await allowLargeDeletes(client);
  const { rowCount } = await client.query(
    `update private.events set source = '', event_id = null, subject = null, attributes = null,
       data = case when jsonb_typeof(data) = 'object' then (
           select jsonb_object_agg(key, value) from jsonb_each(data) where key = any ($5) and jsonb_typeof(value) in ('string', 'number')) end
     where ${OLDER} and time >= $4::date::timestamp at time zone 'UTC' and time < ($4::date + 1)::timestamp at time zone 'UTC'`,
    [tenant_id, type, cutoff, day, COUNTED],
  );
  return rowCount ?? 0;
}

/** Records what was emptied or deleted by a rule, as dropBefore() does for partitions. */
export async function noteRetention(
  client: Client,
  { relation, rule, to, rows }: { relation: string; rule: string; to: Date; rows: number },
): Promise<void> {
  await client.query('insert into storage.retention_runs (relation, rule, dropped_to, dropped) values ($1, $2, $3, $4)', [
    relation,
    rule,
    to,
    rows,
  ]);
}

/**
 * Deletes rejected input received before `cutoff`, a full hour, and open reviews of it. Its partition may be younger. Commit
 * retainFrom() before.
 */
export async function deleteQuarantineBefore(client: Client, cutoff: Date): Promise<number> {
  await allowLargeDeletes(client);
  await client.query('delete from private.privacy_reviews where received_at < $1', [cutoff]);
  return (await client.query('delete from private.quarantine where received_at < $1', [cutoff])).rowCount ?? 0;
}

/** The oldest row that a promise allows no longer; `type` null: rejected input, or all types of the tenant. */
export type BrokenPromise = {
  what: 'events' | 'archive_files' | 'quarantine';
  tenant_id: string;
  type: string | null;
  oldest: Date;
};

/** Compares each promise with the oldest event, archived file and rejected input that there is. Returns those that are broken. */
export async function brokenPromises(
  client: Client,
  promises: Promised[],
  cutoffOf: (days: number) => Date,
  quarantined: Date,
): Promise<BrokenPromise[]> {
  const { rows } = await client.query<BrokenPromise>(
    `select 'events' as what, p.tenant_id, p.type, min(e.time) as oldest
     from unnest($1::uuid[], $2::text[], $3::timestamptz[]) p (tenant_id, type, cutoff), private.events e
     where e.tenant_id = p.tenant_id and (p.type is null or e.type = p.type) and e.time < p.cutoff and e.source <> '' group by 1, 2, 3
     union all
     -- A file holds one day, and is kept until the last of its events may go.
     select 'archive_files', f.tenant_id, f.type, min(f.last_time) from private.archive_files f, unnest($1::uuid[], $2::text[], $3::timestamptz[]) p (tenant_id, type, cutoff)
     where f.tenant_id = p.tenant_id and (p.type is null or f.type = p.type) and f.status = 'live' and f.last_time < p.cutoff - interval '1 day' group by 1, 2, 3
     union all
     select 'quarantine', q.tenant_id, null, min(q.received_at) from private.quarantine q where q.received_at < $4 group by 1, 2, 3`,
    [
      promises.map(({ tenant_id }) => tenant_id),
      promises.map(({ type }) => type),
      promises.map(({ days }) => cutoffOf(days)),
      quarantined,
    ],
  );
  return rows;
}
