import { expect, test } from 'vitest';
import { useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const { keys } = await makeTenant(db);

const journey = { started: 'org.example.started.v1', completed: 'org.example.created.v1', id: '/data/journey' };
const put = (slug: string, body: object, key = keys.tenant_admin) => api.call('PUT', `/v1/services/${slug}`, key, body);

test('a service is created, changed and read; what is equal changes nothing', async () => {
  const made = await put('make-an-lpa', { name: 'Make an LPA', locales: ['en', 'cy'], timezone: 'Europe/London', journey });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    slug: 'make-an-lpa',
    revision: 1,
    journey,
    draft_limit_days: 90,
    channels: ['online'],
    assisted_digital: true,
    costs: { currency: 'GBP' },
  });
  const again = await put('make-an-lpa', { name: 'Make an LPA', locales: ['en', 'cy'], timezone: 'Europe/London', journey });
  expect(again).toMatchObject({ status: 200, body: { revision: 1 } });
  const changed = await put('make-an-lpa', { name: 'Make an LPA', journey: null, channels: ['online', 'paper'] });
  expect(changed).toMatchObject({ status: 200, body: { revision: 2, journey: null, timezone: 'UTC' } });
  expect((await api.call('GET', '/v1/services/make-an-lpa', keys.read)).body).toEqual(changed.body);
  await put('renew-it', { name: 'Renew it' });
  const list = await api.call('GET', '/v1/services?limit=1', keys.read);
  expect(list.body.data.map(({ slug }: { slug: string }) => slug)).toEqual(['make-an-lpa']);
  const next = await api.call('GET', `/v1/services?cursor=${list.body.next_cursor}`, keys.read);
  expect(next.body.data.map(({ slug }: { slug: string }) => slug)).toEqual(['renew-it']);
});

test('changes are in the audit log', async () => {
  await put('audited', { name: 'One' });
  await put('audited', { name: 'Two' });
  const { body } = await api.call('GET', '/v1/audit-log', keys.tenant_admin);
  const acts = body.data.filter((act: { target: string }) => act.target === 'audited');
  expect(acts.map(({ action }: { action: string }) => action)).toEqual(['service.changed', 'service.created']);
  expect(acts[0].details.name).toEqual({ old: 'One', new: 'Two' });
});

test.each([
  ['/name', { name: ' ' }],
  ['/locales', { name: 'x', locales: [] }],
  ['/locales', { name: 'x', locales: ['en', 'en'] }],
  ['/locales/0', { name: 'x', locales: ['fr'] }],
  ['/timezone', { name: 'x', timezone: 'Europe/Nowhere' }],
  ['/journey/id', { name: 'x', journey: { ...journey, id: 'journey' } }],
  ['/journey/id', { name: 'x', journey: { ...journey, id: '/data/a~2' } }],
  ['/journey/completed', { name: 'x', journey: { started: 'a', id: '/subject' } }],
  ['/draft_limit_days', { name: 'x', draft_limit_days: 0 }],
  ['/costs/currency', { name: 'x', costs: { currency: 'pounds' } }],
  ['/costs/paper', { name: 'x', costs: { currency: 'GBP', paper: -1 } }],
])('%s is refused', async (pointer, body) => {
  const { status, body: problem } = await put('refused', body);
  expect([status, problem.errors[0].pointer]).toEqual([400, pointer]);
});

test('who may do what', async () => {
  expect((await put('mine', { name: 'x' }, keys.read)).status).toBe(403);
  expect((await put('No', { name: 'x' })).status).toBe(400);
  await put('mine', { name: 'x' });
  const other = await makeTenant(db);
  expect((await api.call('GET', '/v1/services/mine', other.keys.read)).status).toBe(404);
});
