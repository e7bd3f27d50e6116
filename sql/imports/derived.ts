import { type Client, type Pool, withTransaction } from '../database/db.ts';
import type { EventKey } from '../events/events.ts';

/** An event that a document gave. `isOrigin`: the document brought it, and nothing had stored it before. */
export type DerivedEvent = EventKey & { isOrigin: boolean };

/** Adds lineage: the document gave these events; `run` has seen them. Repeating it changes nothing. */
export async function noteDerived(
  pool: Pool,
  { tenantId, id }: { tenantId: string; id: string },
  events: DerivedEvent[],
  run?: string,
): Promise<void> {
  if (events.length === 0) return;
  await pool.query(
    `insert into private.import_rows as r (tenant_id, import_id, time, id, is_origin, seen_by)
     select distinct on (u.time, u.id) $1::uuid, $2::uuid, u.time, u.id, u.is_origin, $6::uuid
     from unnest($3::timestamptz[], $4::uuid[], $5::boolean[]) u (time, id, is_origin) order by u.time, u.id, u.is_origin desc
     on conflict (tenant_id, import_id, time, id) do update set seen_by = excluded.seen_by, is_origin = r.is_origin or excluded.is_origin
     where r.seen_by is distinct from excluded.seen_by`,
    [
      tenantId,
      id,
      events.map(({ time }) => time),
      events.map((one) => one.id),
      events.map(({ isOrigin }) => isOrigin),
      run ?? null,
    ],
  );
}

/**
 * Notes that a document brings those of `events` that are not stored yet. Before they are stored: a worker that is killed in between
 * would otherwise find them stored and take them for somebody else's.
 */
export async function noteOrigins(
  pool: Pool,
  { tenantId, id }: { tenantId: string; id: string },
  events: EventKey[],
): Promise<void> {
  if (events.length === 0) return;
  await pool.query(
    `insert into private.import_rows (tenant_id, import_id, time, id, is_origin)
     select distinct $1::uuid, $2::uuid, u.time, u.id, true from unnest($3::timestamptz[], $4::uuid[]) u (time, id)
     where not exists (select from private.events e where e.tenant_id = $1 and e.time = u.time and e.id = u.id)
     order by 3, 4
     on conflict do nothing`,
    [tenantId, id, events.map(({ time }) => time), events.map((one) => one.id)],
  );
}

/** A stored event as differences show it. */
export type StoredBefore = { number: number; isDerived: boolean; event: Record<string, unknown> };

const AS_SHOWN = `jsonb_build_object('time', e.time, 'type', e.type, 'source', e.source, 'id', coalesce(e.event_id, e.id::text),
    'subject', e.subject, 'data', e.data)`;

/**
 * Those of `keys` that are stored and that retention has not emptied, by their place, and whether a document brought them. Marks the
 * document's lineage as seen.
 */
export async function storedBefore(
  pool: Pool,
  tenantId: string,
  importId: string,
  keys: EventKey[],
  run: string,
): Promise<Map<number, StoredBefore>> {
  const times = keys.map(({ time }) => time);
  const ids = keys.map(({ id }) => id);
  await pool.query(
    `update private.import_rows r set seen_by = $5 from unnest($3::timestamptz[], $4::uuid[]) u (time, id)
     where r.tenant_id = $1 and r.import_id = $2 and r.time = u.time and r.id = u.id`,
    [tenantId, importId, times, ids, run],
  );
  const { rows } = await pool.query<StoredBefore>(
    `select u.number::integer - 1 as number, ${AS_SHOWN} as event,
         exists (select from private.import_rows r where r.tenant_id = $1 and r.time = u.time and r.id = u.id and r.is_origin) as "isDerived"
     from unnest($2::timestamptz[], $3::uuid[]) with ordinality u (time, id, number)
         join private.events e on e.tenant_id = $1 and e.time = u.time and e.id = u.id and e.source <> ''`,
    [tenantId, times, ids],
  );
  return new Map(rows.map((row) => [row.number, row]));
}

/** A page of what a document gave and the run has not seen, after a key: what reading the document again no longer gives. */
export async function unseen(
  pool: Pool,
  tenantId: string,
  importId: string,
  run: string,
  after: EventKey | undefined,
  limit: number,
): Promise<(EventKey & { isRemovable: boolean; event: Record<string, unknown> | null })[]> {
  const { rows } = await pool.query(
    `select r.time::text as time, r.id, case when e.id is not null then ${AS_SHOWN} end as event,
         e.id is not null and r.is_origin
             and not exists (select from private.import_rows o where o.tenant_id = $1 and o.time = r.time and o.id = r.id
                 and o.import_id <> $2) as "isRemovable"
     from private.import_rows r left join private.events e on e.tenant_id = $1 and e.time = r.time and e.id = r.id and e.source <> ''
     where r.tenant_id = $1 and r.import_id = $2 and r.seen_by is distinct from $3
         and ($4::timestamptz is null or (r.time, r.id) > ($4, $5::uuid))
     order by r.time, r.id limit $6`,
    [tenantId, importId, run, after?.time ?? null, after?.id ?? null, limit],
  );
  return rows;
}

/** Deletes events and has their hours rebuilt. Returns how many there were. */
export async function deleteEvents(client: Client | Pool, tenantId: string, keys: EventKey[]): Promise<number> {
  if (keys.length === 0) return 0;
  const { rows } = await client.query<{ removed: number }>(
    `with gone as (
       delete from private.events e using unnest($2::timestamptz[], $3::uuid[]) u (time, id)
       where e.tenant_id = $1 and e.time = u.time and e.id = u.id returning e.time, e.id
     ), hits as (
       delete from private.rule_hits h using gone g where h.tenant_id = $1 and h.time = g.time and h.id = g.id
     ), marked as (
       insert into private.dirty_hours (tenant_id, hour, events, forced)
       select $1, date_trunc('hour', time, 'UTC'), -count(*), true from gone group by 2
     )
     select count(*)::integer as removed from gone`,
    [tenantId, keys.map(({ time }) => time), keys.map(({ id }) => id)],
  );
  return rows[0]?.removed ?? 0;
}

/**
 * Ends the lineage of events that a document no longer gives, and deletes those that `remove` names. What another document gave
 * too stays, as that document's.
 */
export async function forgetUnseen(
  pool: Pool,
  tenantId: string,
  importId: string,
  keys: EventKey[],
  remove: EventKey[],
): Promise<void> {
  await withTransaction(pool, 'begin', async (client) => {
    await deleteEvents(client, tenantId, remove);
    await client.query(
      `with gone as (
         delete from private.import_rows r using unnest($3::timestamptz[], $4::uuid[]) u (time, id)
         where r.tenant_id = $1 and r.import_id = $2 and r.time = u.time and r.id = u.id returning r.time, r.id, r.is_origin
       )
       update private.import_rows o set is_origin = true from gone g
       where o.tenant_id = $1 and o.import_id <> $2 and o.time = g.time and o.id = g.id and g.is_origin`,
      [tenantId, importId, keys.map(({ time }) => time), keys.map(({ id }) => id)],
    );
  });
}
