import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { type AuditDeps, runAuditIsolation } from '../../jobs/platform/audit-isolation.ts';
import { withClient } from '../../sql/database/db.ts';
import { measureService } from '../../sql/objectives/objectives.ts';
import { findCanaries, PLANTED, plant } from '../../sql/tenants/canaries.ts';
import { type Json, type TestApi, useApi } from '../support/api.ts';
import { makeOperatorKey, type TestDatabase, useDatabase } from '../support/harness.ts';

type Watched = { db: TestDatabase; api: TestApi; operator: string; deps: AuditDeps; lines: Json[] };

async function watch(): Promise<Watched> {
  const db = await useDatabase();
  const lines: Json[] = [];
  const write = (line: unknown, _encoding: unknown, done: () => void) => {
    lines.push(JSON.parse(String(line)));
    done();
  };
  const deps = { pool: db.jobs, log: pino({}, new Writable({ write })), clock: () => new Date(), logins: db.urls };
  return { db, api: await useApi(db), operator: await makeOperatorKey(db), deps, lines };
}

const objective = async ({ api, db, operator }: Watched) => {
  await measureService(db.jobs);
  const { body } = await api.call('GET', '/v1/objectives', operator);
  return body.data.find(({ name }: Json) => name === 'isolation.foreign_rows');
};
const readiness = async ({ api }: Watched) => (await api.call('GET', '/readyz')).body;
const lastAudit = async ({ db }: Watched) =>
  (await db.ops.query('select * from ops.isolation_audits order by ran_at desc limit 1')).rows[0];
async function gauges({ api }: Watched): Promise<Record<string, number>> {
  const text = await (await fetch(`${api.metricsUrl}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^(mirante_isolation_\w+) (\S+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

const sound = await watch();

test('before the first audit no result is reported', async () => {
  expect(await objective(sound)).toMatchObject({
    name: 'isolation.foreign_rows',
    target: 0,
    measured: null,
    status: 'unknown',
  });
  expect((await readiness(sound)).checks.isolation).toEqual({ status: 'unknown' });
  expect((await gauges(sound)).mirante_isolation_attacks).toBeNaN();
});

test('a correct platform passes twice, and keeps two tenants with rows in every table and no login', async () => {
  const { db, deps, lines } = sound;
  await runAuditIsolation(deps);
  await runAuditIsolation(deps);
  expect(lines).toEqual([]);
  const { rows } = await db.owner.query("select id from private.tenants where kind = 'canary'");
  expect(rows).toHaveLength(2);
  for (const { id } of rows) {
    for (const table of Object.keys(PLANTED)) {
      expect((await db.owner.query(`select from ${table} where tenant_id = $1`, [id])).rowCount, table).toBeGreaterThan(0);
    }
  }
  expect((await db.owner.query('select from private.sql_logins where ended_at is null')).rowCount).toBe(0);
  expect(await lastAudit(sound)).toMatchObject({ foreign_rows: 0, dead: 0, findings: [] });
  expect(await objective(sound)).toMatchObject({ measured: 0, budget_left: 1, status: 'met', measured_at: expect.any(String) });
  expect((await readiness(sound)).checks.isolation.status).toBe('ok');
  expect(await gauges(sound)).toMatchObject({ mirante_isolation_foreign_rows: 0 });
  const { body } = await sound.api.call('GET', '/v1/tenants', sound.operator);
  expect(body.data.filter(({ kind }: Json) => kind === 'canary')).toHaveLength(2);
});

// Each group of breaks uses its own database, so nothing is reverted. No break of a group shows in the attacks that prove the other.
const BREAKS: Record<string, [string, RegExp][]> = {
  'a view without its filter over a table without its policy, and a grant that nobody checks': [
    [
      `set role mirante_views;
       create or replace view app.events with (security_barrier) as
         select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes from private.events;
       set role mirante_owner; alter policy one_tenant on private.events using (true)`,
      /app\.events/,
    ],
    [
      `set role mirante_owner;
       create or replace function private.open_grant(tenant_grant text) returns text language sql security definer as $$
         select set_config('app.tenant_id', split_part(tenant_grant, '.', 3), true) $$`,
      /no valid grant for bi\./,
    ],
  ],
  'a grant on the parts of a table, and a tenant that anybody may name': [
    [
      `set role mirante_owner;
       do $$ declare part regclass; begin
         for part in select inhrelid::regclass from pg_inherits where inhparent = 'private.quarantine'::regclass loop
           execute format('alter table %s disable row level security', part);
           execute format('grant select on %s to mirante_sql', part);
         end loop;
         grant usage on schema private to mirante_sql;
       end $$`,
      /^read .*quarantine|^read _timescaledb_internal/m,
    ],
    [
      `set role mirante_owner;
       create or replace function private.current_tenant() returns uuid language sql stable security definer as $$
         select nullif(current_setting('app.tenant_id', true), '')::uuid $$`,
      /^set the tenant/m,
    ],
  ],
};

test.each(Object.entries(BREAKS))('%s are found, logged by name, and shown', async (_, breaks) => {
  const broken = await watch();
  // The first row creates chunks, and one break affects existing chunks.
  await withClient(broken.db.owner, async (client) => {
    for (const canary of await findCanaries(client)) await plant(client, canary);
  });
  for (const [sql] of breaks) await broken.db.migrator.query(`begin; ${sql}; commit; reset role`);
  await expect(runAuditIsolation(broken.deps)).rejects.toThrow(/^isolation is broken: /);
  const { foreign_rows, findings } = await lastAudit(broken);
  expect(foreign_rows).toBeGreaterThan(0);
  const found = findings.flatMap(({ attack, what }: Json) => (what === 'dead' ? [] : [attack])).join('\n');
  for (const [, name] of breaks) expect(found).toMatch(name);
  expect(broken.lines.at(-1)).toMatchObject({
    level: 60,
    attack: expect.any(String),
    login: expect.any(String),
    foreign_rows,
  });
  expect(await readiness(broken)).toMatchObject({ status: 'degraded', checks: { isolation: { status: 'failed' } } });
  expect(await objective(broken)).toMatchObject({ status: 'missed', budget_left: 0 });
  expect((await gauges(broken)).mirante_isolation_foreign_rows).toBe(foreign_rows);
});

test('an attack whose control query finds nothing is an alarm, too', async () => {
  const blind = await watch();
  const hide = 'alter policy all_tenants on private.quarantine using (false) with check (true)';
  await blind.db.migrator.query(`begin; set role mirante_owner; ${hide}; commit; reset role`);
  await expect(runAuditIsolation(blind.deps)).rejects.toThrow(/app\.quarantine \(api\): dead/);
  expect(await lastAudit(blind)).toMatchObject({ foreign_rows: 0, dead: expect.any(Number) });
  expect((await readiness(blind)).checks.isolation.status).toBe('failed');
  expect(await objective(blind)).toMatchObject({ measured: null, status: 'unknown' });
});
