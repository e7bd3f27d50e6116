import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { useApi } from '../../test/support/api.ts';
import { useArchive } from '../../test/support/archive-home.ts';
import { fillDays, RETENTION } from '../../test/support/archived-events.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
const operator = await makeOperatorKey(db);

test('only the operator sets rules; each is unique, the default cannot be deleted, every change is in the audit log', async () => {
  const tenant = await makeTenant(db);
  const put = (body: object, key = operator) => api.call('PUT', '/v1/archive/rules', key, body);
  const first = await put({ tenant_id: tenant.id, keep_days: 100 });
  expect(first).toMatchObject({ status: 200, body: { tenant_id: tenant.id, type: null, tier: 'standard', keep_days: 100 } });
  const again = await put({ tenant_id: tenant.id, keep_days: 1825, tier: 'long' });
  expect(again.body).toMatchObject({ id: first.body.id, tier: 'long', keep_days: 1825 });
  expect((await put({ tenant_id: '01890000-0000-7000-8000-000000000000', keep_days: 1 })).status).toBe(404);
  for (const body of [{}, { keep_days: -1 }, { keep_days: 3651 }, { keep_days: 1, day: 1 }])
    expect((await put(body)).status).toBe(400);
  for (const key of Object.values(tenant.keys)) {
    expect((await put({ keep_days: 1 }, key)).status).toBe(403);
    expect((await api.call('GET', '/v1/archive/rules', key)).status).toBe(403);
  }
  const { data } = (await api.call('GET', '/v1/archive/rules', operator)).body;
  expect(data[0]).toMatchObject({ tenant_id: null, type: null, tier: 'standard', keep_days: 730 });
  expect(data).toHaveLength(2);
  expect((await api.call('DELETE', `/v1/archive/rules/${data[0].id}`, operator)).status).toBe(404);
  expect((await api.call('DELETE', `/v1/archive/rules/${data[1].id}`, operator)).status).toBe(204);
  const log = (await api.call('GET', '/v1/audit-log', tenant.keys.tenant_admin)).body.data.map(
    ({ action }: { action: string }) => action,
  );
  expect(log.slice(0, 3)).toEqual(['archive_rule.removed', 'archive_rule.changed', 'archive_rule.created']);
  await put({ keep_days: 0 });
  const { rows } = await db.owner.query(
    "select t.kind, l.details from private.audit_log l join private.tenants t on t.id = l.tenant_id where action = 'archive_rule.changed' order by seq desc limit 1",
  );
  expect(rows).toEqual([{ kind: 'operations', details: { type: null, tier: 'standard', old: 730, new: 0 } }]);
  await put({ keep_days: 730 });
});

test('a tenant lists its own files page by page, and the metrics count them', async () => {
  const [tenant, other] = [await makeTenant(db), await makeTenant(db)];
  for (const { id } of [tenant, other]) await fillDays(db, id, { from: 60, to: 58, count: 1 });
  const deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date(), archive };
  const run = await runRetention({ ...deps, config: RETENTION });
  const names: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await api.call('GET', `/v1/archive/files?limit=3${cursor && `&cursor=${cursor}`}`, tenant.keys.read);
    names.push(...body.data.map(({ name }: { name: string }) => name));
    cursor = body.next_cursor;
  }
  expect([names.length, new Set(names).size, run.files]).toEqual([10, 10, 20]);
  expect(names.every((name) => name.includes(tenant.id))).toBe(true);
  expect(names.map((name) => /day=(.*)\//.exec(name)?.[1]).join()).toBe(
    names
      .map((name) => /day=(.*)\//.exec(name)?.[1])
      .toSorted()
      .reverse()
      .join(),
  );
  const metrics = await (await fetch(`${api.metricsUrl}/metrics`)).text();
  expect(metrics).toMatch(/mirante_archive_files\{status="live"\} 20/);
  expect(metrics).toMatch(/mirante_archive_events\{status="live"\} 24/);
  expect(metrics).toMatch(/mirante_archive_failures_since_success 0/);
  expect(metrics).not.toContain(tenant.id);
}, 60_000);
