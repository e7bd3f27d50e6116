import { beforeAll, expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { signGrant } from '../dashboards/grants.ts';
import { withTenant } from '../database/db.ts';
import { refreshRollup } from '../storage/engine.ts';

const FIRST = '2025-10-22T00:00:00Z';
const END = '2025-10-29T00:00:00Z';
const WIDTHS = ['hour', 'day', 'week', 'month', 'total'];
// London's clocks go back within the window; Kolkata is half an hour off UTC hours.
const ZONES = ['UTC', 'America/Sao_Paulo', 'Europe/London', 'Asia/Kolkata'];
const EDGES = [
  '2025-10-22T00:00:00Z',
  '2025-10-22T00:00:00.000001Z',
  '2025-10-22T23:00:00Z',
  '2025-10-24T10:30:00Z',
  '2025-10-25T23:00:00Z',
  '2025-10-26T00:00:00Z',
  '2025-10-27T03:00:00Z',
  '2025-10-28T23:59:59.999999Z',
  '2025-10-29T00:00:00Z',
];
const WINDOWS = EDGES.flatMap((since) => EDGES.filter((until) => until >= since).map((until) => ({ since, until })));

/** The columns that each card function groups by and sums: all but the bucket. */
const CARDS: Record<string, { by: string; sums: string[] }> = {
  events: { by: 'type, outcome', sums: ['events', 'bytes'] },
  validations: { by: 'marketplace, outcome', sums: ['validations', 'rows', 'errors', 'warnings'] },
  rules: { by: 'marketplace, rule', sums: ['hits', 'validations'] },
  corrections: { by: 'marketplace, rule', sums: ['corrections', 'rows'] },
};

const db = await useDatabase();
const tenants: { id: string; zone: string; grant: string }[] = [];

beforeAll(async () => {
  for (const zone of ZONES) {
    const { id } = await makeTenant(db, { timezone: zone });
    const grant = await withTenant(db.api, id, (client) => signGrant(client, new Date(Date.now() + 3600_000)));
    tenants.push({ id, zone, grant });
  }
  for (const table of ['events', 'rule_hits'])
    await db.owner.query('select storage.make_partitions($1, $2, $3)', [table, FIRST, END]);
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, outcome, duration_ms, bytes, data)
     select t, $2::timestamptz + n * interval '29 minutes 13 seconds', gen_random_uuid(), now(),
         (array['br.validahub.validation.completed.v1', 'br.validahub.correction.applied.v1', 'mirante.http.request.v1'])[1 + n % 3], 'test',
         (array['success', 'failure', null])[1 + n % 7 % 3], (n * 37) % 900, n % 50,
         jsonb_build_object('marketplace', (array['a', 'b'])[1 + n % 2], 'rule', 'r' || n % 3, 'route', '/v' || n % 2, 'rows', n % 11, 'errors', n % 5)
     from unnest($1::uuid[]) t, generate_series(0, 344) n`,
    [tenants.map(({ id }) => id), FIRST],
  );
  await db.owner.query(
    `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
     select tenant_id, time, id, data ->> 'rule', data ->> 'marketplace', bytes from private.events where type like '%.validation.%'`,
  );
  // Hours and days are materialised up to different moments, so that each roll-up has a live tail within the window.
  await db.owner.query("update storage.rollups set materialised_to = '2025-10-22Z'");
  const { rows } = await db.owner.query<{ name: string }>('select name from storage.rollups order by width, name');
  const client = await db.owner.connect();
  for (const { name } of rows) {
    const end = name.endsWith('_daily') ? '2025-10-27T00:00:00Z' : '2025-10-27T13:00:00Z';
    await refreshRollup(client, db.engine, name, new Date(FIRST), new Date(end));
    await client.query('update storage.rollups set materialised_to = $2 where name = $1', [name, end]);
  }
  client.release();
});

test('a reader returns what the hours of its window hold, for any edges of the window', async () => {
  for (const [noun, by] of [
    ...Object.entries(CARDS).map(([name, card]) => [name, card.by] as const),
    ['latency', 'type, route, bin'] as const,
  ]) {
    const sum = CARDS[noun]?.sums[0] ?? 'events';
    const { rows } = await db.owner.query<{ windows: string; wrong: string }>(
      `with asked as (
         select w.since, w.until, width, storage.whole_days(w.since, w.until, width, 'UTC') as days
         from jsonb_to_recordset($1) w (since timestamptz, until timestamptz), unnest($2::text[]) width
       ), read as (
         select a.since, a.until, a.width, tenant_id, ${by}, sum(${sum}) as n
         from asked a cross join lateral private.read_${noun}(a.since, a.until, a.days) group by a.since, a.until, a.width, tenant_id, ${by}
       ), hours as (
         select a.since, a.until, a.width, tenant_id, ${by}, sum(${sum}) as n
         from asked a join private.${noun}_hourly h on h.bucket >= a.since and h.bucket < a.until
         group by a.since, a.until, a.width, tenant_id, ${by}
       )
       select (select count(distinct (since, until, width)) from read) as windows,
         (select count(*) from ((table read except table hours) union all (table hours except table read)) d) as wrong`,
      [JSON.stringify(WINDOWS), WIDTHS],
    );
    expect({ noun, ...rows[0] }).toEqual({ noun, windows: expect.anything(), wrong: 0 });
    expect(Number(rows[0]?.windows)).toBeGreaterThan(100);
  }
});

test.each(Object.entries(CARDS))('bi.%s returns the same as the hours, in each zone', async (name, { by, sums }) => {
  for (const [place, { id, zone, grant }] of tenants.entries()) {
    // A quarter of the windows in each zone; together they are all.
    for (const { since, until } of WINDOWS.filter((_, index) => index % tenants.length === place)) {
      for (const width of WIDTHS) {
        const values = sums.map((sum) => `sum(${sum})::bigint as ${sum}`).join(', ');
        const truth = await db.owner.query(
          `select storage.bucket_of(bucket, storage.starts($2, $3, $4, $5)) as bucket, ${by}, ${values}
           from private.${name}_hourly where tenant_id = $1 and bucket >= $2::timestamptz and bucket < $3::timestamptz
           group by storage.bucket_of(bucket, storage.starts($2, $3, $4, $5)), ${by} order by 1, 2, 3`,
          [id, since, until, width, zone],
        );
        const { rows } = await db.metabase.query(`select * from bi.${name}($1, $2, $3, $4)`, [grant, since, until, width]);
        expect(rows, `${zone} ${since} ${until} ${width}`).toEqual(truth.rows);
      }
    }
  }
});

test('a reader is inlined into the query that calls it: filters reach the indexes, and days outside the window are not read', async () => {
  const { id } = tenants[0] as { id: string };
  const plan = (days: string) =>
    withTenant(db.migrator, id, async (client) => {
      await client.query('set local role mirante_views');
      const { rows } = await client.query<Record<string, string>>(
        `explain select sum(events) from app.read_events('2025-10-22Z', '2025-10-28T05:00Z', '${days}') where type = 'a.b.v1'`,
      );
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    });
  const whole = await plan('{2025-10-22Z,2025-10-28Z}');
  expect(whole).not.toMatch(/Function Scan|read_events/);
  expect(whole).toMatch(/type = 'a.b.v1'/);
  const none = await plan('{2025-10-28T05:00Z,2025-10-28T05:00Z}');
  expect(none.split('\n').length).toBeLessThan(whole.split('\n').length);
});
