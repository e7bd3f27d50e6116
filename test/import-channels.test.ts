import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const { api, run, send } = await useVault(db);
const tenant = await makeTenant(db);
const { ingest, tenant_admin, read } = tenant.keys;
const made = await api.call('POST', `/v1/tenants/${tenant.id}/keys`, tenant_admin, {
  name: 'counts',
  scopes: ['ingest', 'tenant-admin'],
});
const both: string = made.body.key;
const TYPE = 'text/x-channel-counts';
const monthOf = async (period: string) => (await api.call('GET', `/v1/services/lpa/channels/${period}`, read)).body;

test('counts of channels from a document: stored once, restated by another, with lineage, and read again', async () => {
  expect((await api.call('PUT', '/v1/services/lpa', tenant_admin, { name: 'LPA' })).status).toBe(201);
  const csv = 'period,paper,phone\n2026-01,410,31\n2026-02,402,\n';
  const first = await send(both, TYPE, csv, { source: 'lpa' });
  expect(first).toMatchObject({ status: 'imported', importer: 'channel-counts', counts: { created: 2 } });
  expect(await monthOf('2026-02')).toMatchObject({ paper: 402, phone: null, source: 'import', import_id: first.id });
  expect(await send(both, TYPE, csv, { source: 'lpa' })).toMatchObject({ counts: { created: 0, unchanged: 2 } });
  const other = await send(both, TYPE, csv.replace('402', '403'), { source: 'lpa' });
  expect(other).toMatchObject({ counts: { unchanged: 1, restated: 1 } });
  expect(await monthOf('2026-02')).toMatchObject({ paper: 403, revision: 2, restated: true, import_id: other.id });

  const asked = await api.call('POST', `/v1/imports/${first.id}/reprocess`, tenant_admin, { dry_run: true });
  await run();
  const path = `/v1/imports/reprocess/${asked.body.id}`;
  expect((await api.call('GET', path, tenant_admin)).body).toMatchObject({
    status: 'completed',
    added: 0,
    changed: 1,
    removed: 0,
  });
  expect((await api.call('GET', `${path}/differences`, tenant_admin)).body.data).toMatchObject([
    { kind: 'changed', key: 'lpa 2026-02', before: { paper: 403 }, after: { paper: 402 } },
  ]);
  expect(await monthOf('2026-02')).toMatchObject({ paper: 403 });
});

test('a document of counts that cannot be used is refused as a whole, with its reason', async () => {
  const refusals: [string, string, string, string][] = [
    [ingest, 'lpa', 'period,paper\n2026-03,1\n', 'forbidden'],
    [both, 'lpb', 'period,paper\n2026-03,1\n', 'unknown-service'],
    [both, 'lpa', 'period,paper\n2026-03,1\n2199-01,1\n', 'invalid-month'],
    [both, 'lpa', 'period,paper\n2026-03,1\n2099-01,1\n', 'future-period'],
    [both, 'lpa', 'period,paper\n2026-03,minus\n', 'not-a-count'],
    [both, 'lpa', 'period,paper\n2026-03,"1\n', 'invalid-csv'],
  ];
  for (const [key, source, csv, code] of refusals)
    expect(await send(key, TYPE, csv, { source })).toMatchObject({ status: 'rejected', findings: [{ code }] });
  expect((await api.call('GET', '/v1/services/lpa/channels/2026-03', read)).status).toBe(404);
});
