import { compileFields, type Fields } from '../../lib/json-fields.ts';
import { spellingsOf } from '../../lib/people.ts';
import type { Client } from '../database/db.ts';
import { ABOUT, namedBy, particularPattern } from '../events/about.ts';
import { AS_CELLS, AS_JSON, EVENT_CELLS } from '../events/event-records.ts';
import { isInFields } from './matching.ts';
import { keptBecause, OBLIGED } from './obliged.ts';
import { type Erased, nothingErased, type Person, type PersonalPlace, type SubjectRecord } from './place.ts';

const PAGE = 1_000;
const FIRST = ['-infinity', '00000000-0000-0000-0000-000000000000'] as const;

const EVENTS = 'private.events';

type Key = { time: string; id: string };

/**
 * The personal fields of each of the tenant's types, of all its versions. A field that was declared after events had been stored has
 * plain values in them until they are rewritten, and one that is no longer declared has pseudonyms.
 */
export async function declaredFields(client: Client, tenantId: string): Promise<Map<string, Fields>> {
  const { rows } = await client.query<{ type: string; pointers: string[] }>(
    `select type, array_agg(distinct pointer) as pointers from private.event_types, unnest(personal_fields) pointer
     where tenant_id = $1 group by type`,
    [tenantId],
  );
  return new Map(
    rows.flatMap(({ type, pointers }) => (pointers.length > 0 ? [[type, compileFields(pointers) as Fields]] : [])),
  );
}

// Pages of events, by key. `where` begins with the values of namedBy().
async function* pages<T>(
  client: Client,
  table: string,
  columns: string,
  where: string,
  values: unknown[],
): AsyncGenerator<(Key & T)[]> {
  let after: readonly [string, string] = FIRST;
  const at = values.length;
  for (;;) {
    const { rows } = await client.query<Key & T>(
      `select ${columns}, e.time::text as time, e.id from ${table} e
       where ${where} and (e.time, e.id) > ($${at + 1}::timestamptz, $${at + 2}::uuid) order by e.time, e.id limit ${PAGE}`,
      [...values, ...after],
    );
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = [last.time, last.id];
  }
}

// Events with the plain identifier in a declared field. The database finds candidates; which position they mean is decided here.
async function* plainly<T>(client: Client, person: Person, columns: string, table = EVENTS): AsyncGenerator<(Key & T)[]> {
  const names = spellingsOf(person.subject);
  for (const [type, fields] of await declaredFields(client, person.tenantId)) {
    const where = `(${ABOUT}) is not true and e.tenant_id = $1 and e.type = $5
      and exists (select from unnest($6::text[]) name where position(name in e.data::text) > 0)`;
    const written = names.map((name) => JSON.stringify(name).slice(1, -1));
    const values = [...namedBy(person), type, written];
    for await (const rows of pages<T & { data: string }>(client, table, `${columns}, e.data::text as data`, where, values)) {
      const found = rows.filter(({ data }) => isInFields(data, fields, names));
      if (found.length > 0) yield found;
    }
  }
}

/** Times and ids of events that have the plain identifier in a declared field, besides those that ABOUT finds. */
export async function plainKeys(client: Client, person: Person, table = EVENTS): Promise<[times: string[], ids: string[]]> {
  const keys: Key[] = [];
  for await (const rows of plainly(client, person, 'e.type', table)) keys.push(...rows);
  return [keys.map(({ time }) => time), keys.map(({ id }) => id)];
}

/** ABOUT, or one of the keys in $5 (times) and $6 (ids). */
export const ABOUT_OR_KEYS = `((${ABOUT}) or e.tenant_id = $1 and (e.time, e.id) in (select * from unnest($5::timestamptz[], $6::uuid[])))`;

// What names the person where no position says so. Only declared fields are searched exactly, and these events stay.
async function undeclared(client: Client, person: Person): Promise<Erased['kept']> {
  const pattern = particularPattern(person.subject);
  if (pattern === null) return [];
  const { rows } = await client.query<{ type: string; n: number }>(
    `select e.type, count(*) as n from private.events e where e.tenant_id = $1 and e.data::text ~* $2 and not ${OBLIGED} group by e.type order by e.type`,
    [person.tenantId, pattern],
  );
  return rows.map(({ type, n }) => ({
    records: n,
    why: `Fields of the event type ${type} that it does not declare as personal. Declare them, and ask again.`,
  }));
}

async function obligedEvents(client: Client, person: Person, keys: [string[], string[]]): Promise<Erased['kept']> {
  const { rows } = await client.query<{ type: string; n: number }>(
    `select e.type, count(*) as n from private.events e where ${ABOUT_OR_KEYS} and ${OBLIGED} group by e.type order by e.type`,
    [...namedBy(person), ...keys],
  );
  return rows.map(({ type, n }) => ({ records: n, why: keptBecause(type) }));
}

/** The tenant's raw events, and the roll-ups that count them. */
export const events: PersonalPlace = {
  name: 'events',
  tables: ['events', 'rule_hits'],
  columns: EVENT_CELLS,
  async *find(client, person) {
    const columns = `${AS_JSON} as json, ${AS_CELLS} as cells`;
    yield* pages<SubjectRecord>(client, EVENTS, columns, ABOUT, namedBy(person));
    yield* plainly<SubjectRecord>(client, person, columns);
  },
  async erase(client, person) {
    const [times, ids] = await plainKeys(client, person);
    const searched = await client.query<{ rows: number; bytes: number }>(
      'select count(*) as rows, coalesce(sum(bytes), 0) as bytes from private.events where tenant_id = $1',
      [person.tenantId],
    );
    const { rows } = await client.query<Pick<Erased, 'removed' | 'hours'>>(
      `with gone as (
         delete from private.events e where ${ABOUT_OR_KEYS} and not ${OBLIGED} returning e.time, e.id
       ), hits as (
         delete from private.rule_hits h using gone g where h.tenant_id = $1 and h.time = g.time and h.id = g.id
       ), remembered as (
         insert into private.erased_events (tenant_id, id, time) select $1, id, time from gone on conflict do nothing
       ), marked as (
         insert into private.dirty_hours (tenant_id, hour, events, forced)
         select $1, date_trunc('hour', time, 'UTC'), -count(*), true from gone group by 2 returning hour
       )
       select (select count(*) from gone) as removed, (select count(*) from marked) as hours`,
      [...namedBy(person), times, ids],
    );
    const { removed = 0, hours = 0 } = rows[0] ?? {};
    const kept = [...(await obligedEvents(client, person, [times, ids])), ...(await undeclared(client, person))];
    const found = kept.reduce((sum, { records }) => sum + records, removed);
    return {
      ...nothingErased(),
      searched: { ...(searched.rows[0] ?? { rows: 0, bytes: 0 }), files: 0 },
      found,
      removed,
      hours,
      kept,
    };
  },
};
