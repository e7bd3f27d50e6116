import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isForeign } from '../../sql/attacks/run.ts';
import { signGrant } from '../../sql/dashboards/grants.ts';
import { withTenant } from '../../sql/database/db.ts';
import { type Json, useApi } from '../support/api.ts';
import { makeTenant, type TestTenant, tally, useDatabase } from '../support/harness.ts';
import { loginsOf, refresh } from './target.ts';

type Side = { tenant: TestTenant; sql: pg.Client; grant: string };

const db = await useDatabase();
const api = await useApi(db);
const sides: Side[] = [];

beforeAll(async () => {
  for (let n = 0; n < 3; n += 1) {
    const tenant = await makeTenant(db);
    const sql = new pg.Client({ connectionString: (await loginsOf(db, tenant.id)).sql });
    await sql.connect();
    await sql.query("set timezone = 'UTC'");
    const grant = await withTenant(db.api, tenant.id, (client) => signGrant(client, new Date(Date.now() + 3600_000)));
    sides.push({ tenant, sql, grant });
  }
});
afterAll(async () => {
  for (const { sql } of sides) await sql.end();
});

// All tenants use the same few words, so that their data look alike; each row also has its tenant's mark.
const WORDS = ['alpha', 'beta', 'gamma'] as const;
const TYPES = ['x.v1', 'y.v1', 'br.validahub.validation.completed.v1', 'br.validahub.correction.applied.v1'] as const;

const event = fc.record({
  tenant: fc.nat(2),
  type: fc.constantFrom(...TYPES),
  subject: fc.option(fc.constantFrom(...WORDS), { nil: undefined }),
  minutesAgo: fc.nat(60 * 24 * 3),
  duration_ms: fc.nat(5000),
  outcome: fc.constantFrom('success', 'failure'),
  marketplace: fc.constantFrom(...WORDS),
  rows: fc.nat(1000),
  rules: fc.dictionary(fc.constantFrom(...WORDS), fc.nat(9), { maxKeys: 3 }),
});

const COLUMNS: Record<string, { dims: string[]; sums: string[] }> = {
  events: { dims: ['type', 'source', 'subject', 'outcome', "data ->> 'marketplace'"], sums: ['bytes', 'duration_ms'] },
  rule_hits: { dims: ['rule', 'marketplace'], sums: ['hits'] },
  events_hourly: { dims: ['type', 'outcome', 'bucket'], sums: ['events', 'bytes'] },
  events_daily: { dims: ['type', 'outcome', 'bucket'], sums: ['events', 'bytes'] },
  latency_hourly: { dims: ['type', 'bin'], sums: ['events'] },
  validations_hourly: { dims: ['marketplace', 'outcome'], sums: ['validations', 'rows', 'errors'] },
  rules_daily: { dims: ['rule', 'marketplace'], sums: ['hits', 'validations'] },
  corrections_hourly: { dims: ['marketplace', 'rule'], sums: ['corrections', 'rows'] },
};

const query = fc.constantFrom(...Object.keys(COLUMNS)).chain((view) => {
  const { dims, sums } = COLUMNS[view] as { dims: string[]; sums: string[] };
  return fc.record({
    view: fc.constant(view),
    dims: fc.subarray(dims, { minLength: 1 }),
    sums: fc.subarray(sums, { minLength: 1 }),
    aggregate: fc.constantFrom('sum', 'max', 'min', 'count'),
    word: fc.constantFrom(...WORDS, ...TYPES, 'none'),
    by: fc.constantFrom(...dims),
    operator: fc.constantFrom('=', '<>', '>', 'like', 'is distinct from'),
    join: fc.constantFrom(undefined, ...Object.keys(COLUMNS)),
    having: fc.boolean(),
  });
});

type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

/** One query text for the tenant, who reads views, and for the owner, who selects that tenant's rows from the tables. */
function textOf(
  { view, dims, sums, aggregate, word, by, operator, join, having }: Query,
  from: (view: string) => string,
): string {
  const measures = sums.map((column) => `${aggregate}(v.${column})`);
  const named = dims.map((dim) => `v.${dim}`);
  const joined = join ? `left join (select count(*) as n from ${from(join)} j) o on o.n > 0` : 'cross join (values (1)) o (n)';
  return `select ${[...named, ...measures, 'max(o.n)', 'count(*)'].map((text, n) => `(${text})::text as c${n}`).join(', ')}
    from ${from(view)} v ${joined}
    where (v.${by})::text ${operator} '${word}'
    group by ${named.map((_, n) => n + 1).join(', ')} ${having ? 'having count(*) > 1' : ''}
    order by ${named.map((_, n) => `${n + 1} nulls first`).join(', ')}`;
}

test('three tenants send and read concurrently, and each gets the answers of a tenant alone', async () => {
  let asked = 0;
  const run = async (events: Json[], queries: Query[]) => {
    await sendAll(events);
    await refresh(db);
    for (const { tenant, sql, grant } of sides) {
      const others = sides
        .filter((side) => side.tenant !== tenant)
        .map(({ tenant: { id, slug } }) => ({ id, word: slug, mark: slug, figure: Number.MAX_SAFE_INTEGER, grant: '' }));
      const alone = (view: string) => `(select * from private.${view} where tenant_id = '${tenant.id}')`;
      const clean = (heard: unknown) => {
        asked += 1;
        for (const victim of others) expect(isForeign(JSON.stringify(heard), { victim })).toBe(false);
      };
      for (const one of queries) {
        const [seen, truth] = [await sql.query(textOf(one, (view) => `app.${view}`)), await db.owner.query(textOf(one, alone))];
        expect(seen.rows).toEqual(truth.rows);
        clean(seen.rows);
      }
      const window = 'from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&interval=total';
      for (const [metric, filter, truth] of [
        ['events.count', 'type=x.v1', "select count(*)::int as n from v where type = 'x.v1'"],
        [
          'validations.rows',
          'marketplace=beta',
          "select coalesce(sum((data ->> 'rows')::int), 0)::int as n from v where type = 'br.validahub.validation.completed.v1' and data ->> 'marketplace' = 'beta'",
        ],
      ] as const) {
        const [name, value] = filter.split('=');
        const { body } = await api.call('GET', `/v1/metrics/${metric}?${window}&filter[${name}]=${value}`, tenant.keys.read);
        const { rows } = await db.owner.query(`with v as ${alone('events')} ${truth}`);
        expect(body.data.reduce((sum: number, row: Json) => sum + row.value, 0)).toBe(rows[0].n);
        clean(body);
      }
      const { rows } = await db.metabase.query(
        "select * from bi.events($1, now() - interval '10 days', now() + interval '1 hour', 'hour')",
        [grant],
      );
      const total = (await db.owner.query(`select coalesce(sum(events), 0)::int as n from ${alone('events_hourly')} v`)).rows[0]
        .n;
      expect(rows.reduce((sum, { events: n }) => sum + n, 0)).toBe(total);
      clean(rows);
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 40 }), fc.array(query, { minLength: 3, maxLength: 8 }), run),
    {
      seed: 20261124,
      numRuns: 25,
      interruptAfterTimeLimit: 60_000,
      endOnFailure: true,
    },
  );
  tally(asked, 0);
}, 120_000);

async function sendAll(events: Json[]): Promise<void> {
  for (const [n, { tenant }] of sides.entries()) {
    const mine = events.filter((one) => one.tenant === n);
    if (mine.length === 0) continue;
    const body = mine.map(({ type, subject, minutesAgo, ...data }) => ({
      type,
      source: tenant.slug,
      subject,
      time: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
      data: { ...data, mark: tenant.slug },
    }));
    const answer = await api.call('POST', '/v1/events', tenant.keys.ingest, body);
    expect(answer.body.accepted).toBe(mine.length);
  }
}
