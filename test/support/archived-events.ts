import type { TestDatabase } from './harness.ts';

/**
 * Data that a file or text format could corrupt: quotes, separators, newlines, empty against null, long digits, limits of a
 * double.
 */
const HARD = [
  {
    type: 'a.plain.v1',
    subject: null,
    duration: '0.1',
    data: '{"n": 12345678901234567890.10, "e": 1e-300, "t": "é🦆\\n\\"\\\\"}',
  },
  { type: 'a.plain.v1', subject: '', duration: '1e308', data: '{}' },
  { type: 'weird/type "x", y=1', subject: 'a,b;"c"\r\n\td', duration: '-0', data: null },
  { type: "it's ünicode 🦆", subject: '\u001f:- ', duration: '4.9e-324', data: '{"deep": [[{"a": null}], 0.10, -0.0]}' },
  { type: '..', subject: '=1+1', duration: null, data: `{"long": "${'x'.repeat(50_000)}"}` },
  { type: `${'ü'.repeat(199)}`, subject: '\\N', duration: '123456789.123456789', data: '{"": ""}' },
];

/** Stores `count` events of each hard kind per day, from `from` to `to` days ago, marked with `word`. Returns how many. */
export async function fillDays(
  db: Pick<TestDatabase, 'owner'>,
  tenantId: string,
  { from, to, count, word = 'w' }: { from: number; to: number; count: number; word?: string },
): Promise<number> {
  // An earlier run may have dropped the partitions.
  await db.owner.query("update storage.hypertables set retained_from = '-infinity'");
  await db.owner.query(`select storage.make_partitions('events', now() - make_interval(days => $1 + 30), now())`, [from]);
  const { rowCount } = await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes)
     select $1, t.time, gen_random_uuid(), t.time + interval '1.000001 seconds', k.type, $5, case when n % 2 = 0 then $5 || n end, k.subject,
         case n % 3 when 0 then 'success' when 1 then 'failure' end, k.duration::double precision, 100 + n, k.data::jsonb,
         case when n % 2 = 1 then jsonb_build_object('datacontenttype', $5) end
     from jsonb_to_recordset($6::jsonb) k (type text, subject text, duration text, data text), generate_series($3::integer, $2 - 1) d,
         generate_series(1, $4::integer) n,
         lateral (select date_trunc('day', now(), 'UTC') - make_interval(days => d) - n * interval '13.000007 minutes' as time) t`,
    [tenantId, from, to, count, word, JSON.stringify(HARD)],
  );
  return rowCount ?? 0;
}

/** Everything that one tenant has in the database, as text. */
export async function eventsOf(db: Pick<TestDatabase, 'owner'>, tenantId: string, table = 'private.events'): Promise<string[]> {
  const { rows } = await db.owner.query<{ row: string }>(
    `select e::text as row from ${table} e where tenant_id = $1 order by time, id`,
    [tenantId],
  );
  return rows.map(({ row }) => row);
}

/** Settings of a retention that keeps raw events for 20 days. */
export const RETENTION = {
  RAW_RETENTION_DAYS: 20,
  QUARANTINE_RETENTION_DAYS: 30,
  AGGREGATE_RETENTION_DAYS: 730,
  ACCESS_LOG_RETENTION_DAYS: 183,
};

/** Stores `count` events of a day 40 days ago, each about the maximum size, some with the same time. */
export async function fillLarge(db: Pick<TestDatabase, 'owner'>, tenantId: string, count: number): Promise<void> {
  await db.owner.query("update storage.hypertables set retained_from = '-infinity'");
  await db.owner.query(`select storage.make_partitions('events', now() - interval '70 days', now())`);
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, data)
     select $1, time, gen_random_uuid(), time, 'large.v1', 's', 60000, jsonb_build_object('n', n, 'long', $3::text)
     from generate_series(1, $2::integer) n,
         lateral (select date_trunc('day', now(), 'UTC') - interval '40 days' + n / 3 * interval '11.5 seconds' as time) t`,
    [tenantId, count, 'x'.repeat(60_000)],
  );
}
