import { expect, test } from 'vitest';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';
import { encodeCursor } from './cursor.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const operator = await makeOperatorKey(db);

const ID = '019aa0a0-0000-7000-8000-000000000000';
const LISTS: [string, () => string, 'time' | 'day', string[]][] = [
  ['/v1/events', () => tenant.keys.read, 'time', [ID]],
  ['/v1/restatements', () => tenant.keys.read, 'time', [ID]],
  ['/v1/quarantine', () => tenant.keys.tenant_admin, 'time', [ID]],
  ['/v1/audit-log', () => tenant.keys.tenant_admin, 'time', []],
  ['/v1/benchmarks/snapshots', () => operator, 'time', [ID]],
  ['/v1/archive/files', () => tenant.keys.read, 'day', [ID]],
];

test.each(LISTS)('%s refuses a cursor with an invalid date or hour', async (path, key, kind, rest) => {
  const ask = (moment: string) => api.call('GET', `${path}?cursor=${encodeCursor(moment, ...rest)}`, key());
  const clock = kind === 'time' ? ' 12:00:00+00' : '';
  for (const day of ['0000-01-01', '2026-00-10', '2026-13-01', '2026-02-30', '1900-02-29', '2026-04-31']) {
    const { status, body } = await ask(day + clock);
    expect([day, status, body.errors?.[0].code]).toEqual([day, 400, 'invalid-cursor']);
  }
  for (const hour of kind === 'time' ? ['24:00:00', '23:60:00', '23:59:61'] : []) {
    expect([hour, (await ask(`2026-10-01 ${hour}+00`)).status]).toEqual([hour, 400]);
  }
  for (const day of ['0001-01-01', '2024-02-29', '9999-12-31'])
    expect([day, (await ask(day + clock)).status]).toEqual([day, 200]);
});

test('a cursor made of the longest names opens the next page', async () => {
  const names = ['漢', '\u0001'].map((character) => character.repeat(200)).sort();
  for (const name of names) {
    const path = `/v1/event-types/${encodeURIComponent(name)}`;
    expect((await api.call('PUT', path, tenant.keys.tenant_admin, { schema: {}, mode: 'observe' })).status).toBe(201);
  }
  const found: string[] = [];
  for (let next: string | null = ''; next !== null; ) {
    const page = await api.call('GET', `/v1/event-types?limit=1${next && `&cursor=${next}`}`, tenant.keys.tenant_admin);
    expect(page.status).toBe(200);
    found.push(...page.body.data.map(({ type }: { type: string }) => type));
    next = page.body.next_cursor;
  }
  expect(found).toEqual(names);
});
