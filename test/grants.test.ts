import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { checkDataQuality } from '../jobs/metrics/check-data-quality.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { FUNCTIONS as NAMES } from '../sql/attacks/grants.ts';
import { rotateGrantSecret, signGrant } from '../sql/dashboards/grants.ts';
import { withClient, withTenant } from '../sql/database/db.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const HOUR = 3600_000;
const REFUSED = { code: '28000' };

const db = await useDatabase();
const [acme, rival] = [await makeTenant(db, { timezone: 'America/Sao_Paulo' }), await makeTenant(db)];

beforeAll(async () => {
  for (const { id, slug } of [acme, rival]) {
    await db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms, data)
       select $1, now() - n * interval '1 minute', gen_random_uuid(), now(), kind, $2, 10, 'success', n,
           jsonb_build_object('marketplace', $2::text, 'rows', n, 'errors', 1, 'rule', 'r')
       from generate_series(1, 100) n,
           unnest(array['br.validahub.validation.completed.v1', 'br.validahub.correction.applied.v1']) kind`,
      [id, slug],
    );
    await db.owner.query(
      `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
       values ($1, now(), gen_random_uuid(), 'gtin', $2, 3)`,
      [id, slug],
    );
    await db.owner.query(
      `insert into private.quarantine (tenant_id, received_at, id, status, code, type, key_id, raw)
       values ($1, now(), gen_random_uuid(), 'quarantined', 'schema-mismatch', $2, gen_random_uuid(), '')`,
      [id, slug],
    );
    await db.owner.query(
      `insert into private.student_test_results (tenant_id, student_id, test_id, available_points, obtained_points, origins_import_vault, date_of_test)
       values ($1, $2, $2, 2, 1, '{}', now())`,
      [id, slug],
    );
    await db.owner.query(
      `insert into private.imports (id, tenant_id, key_id, first_at, source, media_type, bytes, sha256, sealed_key, sealed_with, status, importer, findings)
       values (gen_random_uuid(), $1, gen_random_uuid(), now(), $2, 'text/xml+markr', 1, '', '', '', 'imported', 'markr',
           jsonb_build_array(jsonb_build_object('code', $2::text)))`,
      [id, slug],
    );
  }
  await db.owner.query(
    "insert into private.dirty_hours (hour) select date_trunc('hour', now()) - n * interval '1 hour' from generate_series(0, 2) n",
  );
  const jobs = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() };
  await refreshRollups(jobs);
  await checkDataQuality(jobs);
});

const grantOf = (tenant: TestTenant, until = new Date(Date.now() + HOUR)) =>
  withTenant(db.api, tenant.id, (client) => signGrant(client, until));

const FUNCTIONS = NAMES.map((name) => `bi.${name}`);
const ask = (name: string, grant: string | null, width = 'total') =>
  db.metabase.query(`select * from ${name}($1, now() - interval '2 days', now() + interval '1 hour', $2)`, [grant, width]);

test.each(FUNCTIONS)('%s returns rows of the tenant of the grant, and the next query needs its own grant', async (name) => {
  const [mine, other] = [await ask(name, await grantOf(acme)), await ask(name, await grantOf(rival))];
  expect(mine.rowCount).toBeGreaterThan(0);
  expect(mine.rowCount).toBe(other.rowCount);
  expect(JSON.stringify(mine.rows)).not.toContain(rival.slug);
  expect((await db.metabase.query("select current_setting('app.tenant_id', true) as left")).rows).not.toContainEqual({
    left: acme.id,
  });
  await expect(ask(name, null)).rejects.toMatchObject(REFUSED);
});

test('a grant opens nothing while the feature dashboards is off for its tenant', async () => {
  const grant = await grantOf(acme);
  await db.owner.query(`update private.tenants set features = '{"dashboards": false}' where id = $1`, [acme.id]);
  for (const name of FUNCTIONS)
    await expect(ask(name, grant), name).rejects.toMatchObject({
      code: '42501',
      message: 'the feature dashboards is switched off',
    });
  await db.owner.query(`update private.tenants set features = '{"dashboards": true}' where id = $1`, [acme.id]);
  expect((await ask('bi.events', grant)).rowCount).toBeGreaterThan(0);
});

test('metrics agree with the roll-ups, in total and by day in the zone of the tenant', async () => {
  const grant = await grantOf(acme);
  const { rows } = await ask('bi.events', grant);
  expect(rows.map(({ type, events }) => [type, events])).toEqual([
    ['br.validahub.correction.applied.v1', 100],
    ['br.validahub.validation.completed.v1', 100],
  ]);
  const days = (await ask('bi.events', grant, 'day')).rows;
  expect(days.reduce((sum, { events }) => sum + events, 0)).toBe(200);
  for (const { bucket } of days) expect(bucket.toISOString()).toMatch(/T03:00:00.000Z$/);
  const [latency] = (await ask('bi.latency', grant)).rows;
  for (const [name, exact] of [
    ['p50', 50],
    ['p95', 95],
    ['p99', 99],
  ] as const) {
    expect(Math.abs(latency[name] - exact) / exact).toBeLessThan(0.02);
  }
});

test('an invalid grant is an error, never an empty answer', async () => {
  const good = await grantOf(acme);
  const [version, secret, tenant, expiry, signature] = good.split('.') as [string, string, string, string, string];
  const flipped = (signature[0] === '0' ? '1' : '0') + signature.slice(1);
  const wrong: (string | null)[] = [
    null,
    '',
    ' ',
    tenant,
    good.slice(0, -1),
    good.slice(0, good.lastIndexOf('.')),
    `${good} `,
    `${good}\n`,
    good.toUpperCase(),
    `['${good}']`,
    `{${good}}`,
    `${good},${good}`,
    [version, secret, rival.id, expiry, signature].join('.'),
    [version, secret, tenant, String(Number(expiry) + 3600), signature].join('.'),
    [version, secret, tenant, expiry, flipped].join('.'),
    [version, '00000000', tenant, expiry, signature].join('.'),
    ['v2', secret, tenant, expiry, signature].join('.'),
    [version, secret, '', expiry, signature].join('.'),
    await grantOf(acme, new Date(Date.now() - 2 * HOUR)),
  ];
  for (const grant of wrong) await expect(ask('bi.events', grant), `${grant}`).rejects.toMatchObject(REFUSED);
  for (const name of FUNCTIONS) {
    await expect(ask(name, 'forged')).rejects.toMatchObject(REFUSED);
    // A list of grants, as Metabase expands a parameter with several values.
    await expect(db.metabase.query(`select * from ${name}('${good}', '${good}', now(), now(), 'total')`)).rejects.toThrow();
    await expect(db.metabase.query(`select * from ${name}(array['${good}'], now(), now(), 'total')`)).rejects.toThrow();
    await expect(db.metabase.query(`select * from ${name}()`)).rejects.toThrow();
    // Such a window reads no partition, but the grant is still checked.
    const nowhere = `select * from ${name}('forged', '1990-01-01', '1990-01-02', 'total')`;
    await expect(db.metabase.query(nowhere)).rejects.toMatchObject(REFUSED);
  }
});

test('invalid windows and widths are errors', async () => {
  const grant = await grantOf(acme);
  await expect(ask('bi.events', grant, 'fortnight')).rejects.toMatchObject({ code: '22023' });
  await expect(db.metabase.query("select * from bi.events($1, null, now(), 'day')", [grant])).rejects.toMatchObject({
    code: '22023',
  });
});

test('two secrets are valid during a rotation, and no third', async () => {
  const before = await grantOf(acme);
  await rotateGrantSecret(db.owner);
  const between = await grantOf(acme);
  expect(between.split('.')[1]).not.toBe(before.split('.')[1]);
  expect((await ask('bi.events', before)).rowCount).toBe(2);
  await rotateGrantSecret(db.owner);
  await expect(ask('bi.events', before)).rejects.toMatchObject(REFUSED);
  expect((await ask('bi.events', between)).rowCount).toBe(2);
});

test('grants of one tenant are equal within an hour', async () => {
  const until = new Date(Math.ceil(Date.now() / HOUR) * HOUR + HOUR / 4);
  expect(await grantOf(acme, until)).toBe(await grantOf(acme, new Date(until.getTime() + HOUR / 2)));
});

test('only the grant of a canary keeps the errors of a session out of the log', async () => {
  for (const grant of [await grantOf(acme), 'none', null])
    for (const [pool, schema] of [
      [db.api, 'app'],
      [db.metabase, 'bi'],
    ] as const)
      await expect(pool.query(`select ${schema}.silence_audit($1)`, [grant])).rejects.toMatchObject(REFUSED);
  await db.owner.query("update private.tenants set kind = 'canary' where id = $1", [acme.id]);
  const grant = await grantOf(acme);
  // The migrator of this server may or may not be allowed to grant this right to the owner.
  const { rows } = await db.owner.query<{ may: boolean }>("select has_parameter_privilege('log_min_messages', 'set') as may");
  for (const [pool, schema] of [
    [db.api, 'app'],
    [db.metabase, 'bi'],
  ] as const) {
    const level = await withClient(pool, async (client) => {
      await client.query(`select ${schema}.silence_audit($1)`, [grant]);
      const { rows } = await client.query<{ level: string }>("select current_setting('log_min_messages') as level");
      await client.query('discard all');
      return rows[0]?.level;
    });
    expect(level).toBe(rows[0]?.may ? 'log' : 'warning');
    await expect(pool.query("set log_min_messages = 'panic'")).rejects.toMatchObject({ code: '42501' });
  }
  await db.owner.query("update private.tenants set kind = 'customer' where id = $1", [acme.id]);
});

test('the API signs only for the tenant of its transaction', async () => {
  await expect(db.api.query("select door.sign_grant(now() + interval '1 hour')")).rejects.toMatchObject({ code: '22023' });
  await expect(grantOf(acme, new Date(Date.now() + 40 * 24 * HOUR))).rejects.toMatchObject({ code: '22023' });
});

// The check is not inside `where`, because there it is skipped if no partition is read.
test('every function that Metabase may run opens the grant first and resets the tenant at the end', async () => {
  const { rows } = await db.migrator.query<{ name: string; body: string; language: string; first: string; owner: string }>(
    `select p.oid::regprocedure::text as name, p.prosrc as body, l.lanname as language, p.proargnames[1] as first,
         p.proowner::regrole::text as owner
     from pg_proc p join pg_language l on l.oid = p.prolang join pg_namespace n on n.oid = p.pronamespace
     where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ 'timescaledb'
       and exists (select from aclexplode(p.proacl) where grantee = 'mirante_metabase'::regrole)
       -- Gives no rows.
       and p.oid <> 'bi.silence_audit'::regproc`,
  );
  expect(rows.map(({ name }) => name.split('(')[0]).sort()).toEqual(FUNCTIONS.toSorted());
  for (const { name, body, language, first, owner } of rows) {
    expect([language, first, owner], name).toEqual(['plpgsql', 'tenant_grant', 'mirante_views']);
    expect(body, name).toMatch(/declare\n {4}before text := private\.open_grant\(tenant_grant\);/);
    expect(body, name).toMatch(/perform set_config\('app\.tenant_id', before, true\);\nend\n$/);
  }
});
