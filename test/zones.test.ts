import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { migrate } from '../sql/database/migrate.ts';
import { bucketStart } from '../sql/metrics/windows.ts';
import { changesHere, faultOfZone } from '../sql/tenants/zones.ts';
import { type Json, useApi } from './support/api.ts';
import { makeOperatorKey, makeTenant, testSecret, useDatabase } from './support/harness.ts';

// A module of pages, with types in comments.
const { instantOf, wallOf }: Record<'instantOf' | 'wallOf', (at: number, zone: string) => number> = await import(
  new URL('../api/pages/assets/times.js', import.meta.url).href
);

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);

const CET = /disagree on the offset of this time zone from 19\d\d|IANA/;

let made = 0;
const make = (timezone: string) => api.call('POST', '/v1/tenants', operator, { slug: `zone-${++made}`, name: 'x', timezone });

test.each([
  // PostgreSQL reads these as abbreviations with fixed offsets, if it has zones of these names at all.
  ['CET', CET],
  ['MET', CET],
  ['EET', CET],
  ['WET', CET],
  ['PST', 'IANA'],
  ['BST', 'IANA'],
  ['AST', 'IANA'],
  ['US/Pacific-New', 'IANA'],
  ['america/sao_paulo', 'IANA'],
  ['+03:00', 'IANA'],
  ['<+03>-3', 'IANA'],
  ['', 'IANA'],
  ['Asia/Kolkata', 'not a whole number of hours'],
])('a tenant cannot be created in or moved to the zone %s, and the answer says why', async (zone, words) => {
  const fault = { pointer: '/timezone', code: 'unusable-zone', detail: expect.stringMatching(words) };
  const refused = await make(zone);
  expect([refused.status, refused.body.errors]).toEqual([400, [fault]]);
  const { id } = await makeTenant(db);
  const moved = await api.call('PATCH', `/v1/tenants/${id}`, operator, { timezone: zone });
  expect([moved.status, moved.body.errors]).toEqual([400, [fault]]);
});

test.each(['UTC', 'Etc/GMT+3', 'America/Sao_Paulo', 'Pacific/Apia', 'Asia/Manila', 'Africa/Monrovia'])(
  'a tenant can be created in the zone %s',
  async (zone) => {
    expect((await make(zone)).status).toBe(201);
  },
);

test('a tenant with an ambiguous zone gets the name of the zone that its metrics used, and the migration says so', async () => {
  const [mended, kept] = [await makeTenant(db), await makeTenant(db, { timezone: 'Europe/London' })];
  await db.owner.query("update private.tenants set timezone = 'CET' where id = $1", [mended.id]);
  const said: string[] = [];
  await migrate(db.url, testSecret, (line) => said.push(line));
  const { rows } = await db.owner.query('select id, timezone from private.tenants where id = any ($1)', [[mended.id, kept.id]]);
  const zones = Object.fromEntries(rows.map(({ id, timezone }) => [id, timezone]));
  const name = new Intl.DateTimeFormat('en', { timeZone: 'CET' }).resolvedOptions().timeZone;
  expect(zones).toEqual({ [mended.id]: name, [kept.id]: 'Europe/London' });
  expect(said).toEqual([expect.stringMatching(`^Time zone CET of ${mended.slug} is now ${name}\\. `)]);
  const log = await db.owner.query('select details from private.audit_log where tenant_id = $1 and action = $2', [
    mended.id,
    'tenant.changed',
  ]);
  expect(log.rows.at(-1).details).toMatchObject({ timezone: { old: 'CET', new: name } });
});

// Zones where midnight is repeated, skipped, or both, and some without changes at midnight.
const ZONES = [
  'America/Havana',
  'Asia/Beirut',
  'Asia/Amman',
  'Atlantic/Azores',
  'America/Asuncion',
  'America/Santiago',
  'America/Sao_Paulo',
  'Asia/Gaza',
  'Africa/Cairo',
  'America/Scoresbysund',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Europe/London',
  'America/New_York',
  'Pacific/Auckland',
];

test('days, weeks and months begin at the same instant in SQL, in JavaScript and on pages, around every change of offset', async () => {
  const random = await db.owner.query<{ name: string }>(
    "select name from pg_timezone_names where name ~ '^[A-Z]\\w+/\\w' order by md5(name) limit 10",
  );
  for (const zone of [...ZONES, ...random.rows.map(({ name }) => name)]) {
    if (await faultOfZone(db.owner, zone)) continue;
    const changes = changesHere(zone).slice(1);
    const near = changes.flatMap(({ at }) =>
      fc.sample(fc.integer({ min: -40 * 3600, max: 40 * 3600 }), { seed: at, numRuns: 4 }).map((by) => at + by),
    );
    const instants = [...near, ...changes.flatMap(({ at }) => [at, at + 3600, at + 7200])].filter(
      (at) => at < Date.now() / 1000,
    );
    for (const width of ['day', 'week', 'month'] as const) {
      const { rows } = await db.owner.query<{ at: number; start: number }>(
        `select at, extract(epoch from storage.bucket_of(to_timestamp(at),
             storage.starts(to_timestamp(at), to_timestamp(at) + interval '1 s', $2, $1)))::float8 as start
         from unnest($3::float8[]) at`,
        [zone, width, instants],
      );
      const wrong = rows.filter(({ at, start }) => {
        const here = bucketStart(at * 1e6, width, zone) / 1e6;
        const shown = instantOf(Math.floor(wallOf(start * 1000, zone) / 86_400_000) * 86_400_000, zone) / 1000;
        return start > at || here !== start || shown !== start;
      });
      expect([zone, width, wrong.map(({ at }) => new Date(at * 1000).toISOString())]).toEqual([zone, width, []]);
    }
  }
});

test.for(['America/Havana', 'Atlantic/Azores', 'Asia/Beirut', 'America/New_York'])(
  'metrics, cards and exports have the same days in %s, whose clocks went back this autumn',
  async (zone, { skip }) => {
    // Zone rules change, and not every machine has the latest.
    const fault = await faultOfZone(db.owner, zone);
    if (fault) skip(fault);
    const tenant = await makeTenant(db, { timezone: zone });
    const [from, to] = [Date.UTC(2026, 9, 20), Date.UTC(2026, 10, 8)];
    await db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
       select $1, at, gen_random_uuid(), at, 'a.b.v1', 'x', 10 from generate_series($2::timestamptz, $3::timestamptz - interval '1 second', '20 minutes') at`,
      [tenant.id, new Date(from), new Date(to)],
    );
    await db.owner.query(
      `insert into private.dirty_hours (tenant_id, hour, events)
       select tenant_id, date_trunc('hour', time, 'UTC'), count(*) from private.events where tenant_id = $1 group by 1, 2`,
      [tenant.id],
    );
    await refreshRollups({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
    const window = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
    const sums = (rows: Json[], value: string) => {
      const found = new Map<string, number>();
      for (const row of rows) if (row[value]) found.set(row.bucket, (found.get(row.bucket) ?? 0) + row[value]);
      return Object.fromEntries(found);
    };
    for (const interval of ['day', 'week', 'month']) {
      const figures = await api.call('GET', `/v1/metrics/events.count?interval=${interval}&${window}`, tenant.keys.read);
      const card = await api.call(
        'GET',
        `/v1/dashboards/data-volume/cards/events?interval=${interval}&${window}`,
        tenant.keys.read,
      );
      expect([figures.status, card.status]).toEqual([200, 200]);
      expect(sums(card.body.data, 'events')).toEqual(sums(figures.body.data, 'value'));
      const exported = await api.call(
        'GET',
        `/v1/exports/stream?dataset=metrics&metric=events.count&format=ndjson&interval=hour&${window}`,
        tenant.keys.export,
      );
      const hours = exported.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const inDays = hours.map((row) => ({
        ...row,
        bucket: new Date(bucketStart(Date.parse(row.bucket) * 1000, interval as 'day', zone) / 1000).toISOString(),
      }));
      expect(sums(inDays, 'value')).toEqual(sums(figures.body.data, 'value'));
    }
  },
);
