import { pino } from 'pino';
import { expect, test } from 'vitest';
import { measureObjectives } from '../../jobs/platform/measure-objectives.ts';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);

const config = { STORAGE_USD_PER_GB_MONTH: 1, RAW_RETENTION_DAYS: 90, AGGREGATE_RETENTION_DAYS: 730 };
async function alerts(): Promise<string[]> {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  await measureObjectives({ pool: db.jobs, log, config });
  return lines.filter((line) => line.includes('legal deadline')).map((line) => JSON.parse(line).msg);
}

test('the register of incidents: three business days, five years, the operator alone', async () => {
  const tenant = await makeTenant(db);
  const body = {
    title: 'A bucket was public',
    description: 'For six hours.',
    data_categories: ['contact'],
    tenant_ids: [tenant.id],
    is_risk: true,
    known_at: '2026-07-03T14:00:00Z',
  };
  expect((await api.call('POST', '/v1/incidents', tenant.keys.tenant_admin, body)).status).toBe(403);
  const named = { ...body, description: 'Of ana@example.com' };
  expect((await api.call('POST', '/v1/incidents', operator, named)).body.errors[0].code).toBe('personal-identifier');
  const made = await api.call('POST', '/v1/incidents', operator, body);
  // From a Friday to the Wednesday after.
  expect([made.status, made.body]).toMatchObject([
    201,
    { ...body, known_at: expect.anything(), notify_by: '2026-07-08T14:00:00.000Z' },
  ]);
  const years = new Date(made.body.kept_until).getFullYear() - new Date(made.body.created_at).getFullYear();
  expect(years).toBe(5);
  expect(await alerts()).toContain('a legal deadline has passed');
  expect(await alerts()).toEqual([]);
  const url = `/v1/incidents/${made.body.id}`;
  const now = new Date().toISOString();
  const changed = await api.call('PATCH', url, operator, { authority_notified_at: now, people_notified_at: now });
  expect(changed.body).toMatchObject({ title: body.title, authority_notified_at: now, people_notified_at: now });
  expect((await api.call('GET', url, operator)).body).toEqual(changed.body);
  expect((await api.call('GET', '/v1/incidents', operator)).body.data).toEqual([changed.body]);
  await expect(db.owner.query('delete from private.incidents')).rejects.toThrow('five years');
  const { rows } = await db.owner.query('select action from private.audit_log where target = $1 order by seq', [made.body.id]);
  expect(rows).toEqual([{ action: 'incident.created' }, { action: 'incident.changed' }]);
});

test('a request alerts at half of its time, three days, one day, and when it is late; once each', async () => {
  const tenant = await makeTenant(db);
  const { body } = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, {
    kind: 'erasure',
    subject: 'ana',
  });
  const said: string[][] = [await alerts()];
  for (const days of [8, 13, 14.5, 16]) {
    await db.owner.query(
      `update private.privacy_requests set created_at = now() - make_interval(hours => $2), due_at = now() + make_interval(hours => $3)
       where id = $1`,
      [body.id, days * 24, (15 - days) * 24],
    );
    said.push(await alerts());
    expect(await alerts()).toEqual([]);
  }
  expect(said.map((lines) => lines.length)).toEqual([0, 1, 1, 1, 1]);
  expect(said.flat().map((line) => /half|three|one day|passed$/.exec(line)?.[0])).toEqual([
    'half',
    'three',
    'one day',
    'passed',
  ]);
});
