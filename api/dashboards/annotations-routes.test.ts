import { expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const [tenant, rival] = [await makeTenant(db), await makeTenant(db)];
const NOTE = { time: '2026-11-27T11:00:00-03:00', text: ' Release 4.2 ' };

const textsOf = async (query = '', key = tenant.keys.read): Promise<string[]> =>
  (await api.call('GET', `/v1/annotations${query}`, key)).body.data.map(({ text }: Json) => text);

test('a note of an administrator is visible to readers of the tenant only', async () => {
  const made = await api.call('POST', '/v1/annotations', tenant.keys.tenant_admin, NOTE);
  expect(made.status, made.text).toBe(201);
  expect(made.body).toMatchObject({ time: '2026-11-27T14:00:00.000Z', text: 'Release 4.2', dashboard: null });
  expect(await textsOf()).toEqual(['Release 4.2']);
  expect(await textsOf('', rival.keys.read)).toEqual([]);
  expect((await api.call('POST', '/v1/annotations', tenant.keys.read, NOTE)).status).toBe(403);
  const path = `/v1/annotations/${made.body.id}`;
  expect((await api.call('DELETE', path, rival.keys.tenant_admin)).status).toBe(404);
  expect((await api.call('DELETE', path, tenant.keys.tenant_admin)).status).toBe(204);
  expect(await textsOf()).toEqual([]);
});

test('a window and a dashboard narrow them; a dashboard that is not there is refused', async () => {
  const { tenant_admin } = rival.keys;
  for (const [hour, dashboard] of [
    [10, undefined],
    [11, 'error-patterns'],
    [12, 'validations-overview'],
  ] as const) {
    const note = { time: `2026-11-27T${hour}:00:00Z`, text: `${hour}`, ...(dashboard && { dashboard }) };
    expect((await api.call('POST', '/v1/annotations', tenant_admin, note)).status).toBe(201);
  }
  expect(await textsOf('?from=2026-11-27T10:00:00Z&to=2026-11-27T12:00:00Z', rival.keys.read)).toEqual(['10', '11']);
  expect(await textsOf('?from=2026-11-26T10:00:01-23:59&to=2026-11-27T12:00:00Z', rival.keys.read)).toEqual(['10', '11']);
  expect(await textsOf('?dashboard=validations-overview', rival.keys.read)).toEqual(['10', '12']);
  expect((await api.call('POST', '/v1/annotations', tenant_admin, { ...NOTE, dashboard: 'tenants' })).status).toBe(404);
  const empty = await api.call('POST', '/v1/annotations', tenant_admin, { time: 'yesterday', text: ' ' });
  expect([empty.status, empty.body.errors.map(({ pointer }: Json) => pointer)]).toEqual([400, ['/time', '/text']]);
});
