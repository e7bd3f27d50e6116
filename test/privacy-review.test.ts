import { expect, test } from 'vitest';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const JOAO = 'joão.7@example.com';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });

const send = (tenant: TestTenant, body: unknown, headers = {}) =>
  api.call('POST', '/v1/events', tenant.keys.ingest, body, headers);
async function served(tenant: TestTenant, kind: string, subject: string): Promise<Json> {
  const asked = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject });
  await servePrivacyRequests(jobDeps(db, archive));
  return (await api.call('GET', `/v1/privacy/requests/${asked.body.id}`, tenant.keys.tenant_admin)).body;
}
async function bundleOf(tenant: TestTenant, { bundle }: Json): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { name, url } of bundle.files)
    if (name.endsWith('.json'))
      texts[name.slice(0, -5)] = JSON.stringify((await api.call('GET', url, tenant.keys.tenant_admin)).body);
  return texts;
}
const reviewsOf = async (tenant: TestTenant): Promise<Json[]> =>
  (await api.call('GET', '/v1/privacy/review', tenant.keys.tenant_admin)).body.data;
const settle = (tenant: TestTenant, id: string, decision: string) =>
  api.call('POST', `/v1/privacy/review/${id}`, tenant.keys.tenant_admin, { decision });
const rawsOf = async (tenant: TestTenant) =>
  (
    await db.owner.query<{ raw: Buffer }>('select raw from private.quarantine where tenant_id = $1 order by received_at, id', [
      tenant.id,
    ])
  ).rows.map(({ raw }) => raw.toString());

test('the subject 7 is not a duration of 7, and three letters are not a batch', async () => {
  const tenant = await makeTenant(db);
  const time = new Date().toISOString();
  const event = (id: string, subject: string, data: object) => ({ id, type: 'seen.v1', time, subject, data });
  await send(tenant, [event('a', '7', { n: 1 }), event('b', 'bo', { duration_ms: 7, list: [7, '7'] })]);
  const batch = [event('c', 'ana', { n: 1 }), event('d', 'bo', { health: 'ana said' })].map((one) => ({
    ...one,
    time: 'never',
  }));
  await send(tenant, batch);
  await send(tenant, `${JSON.stringify(batch[0])}\n${JSON.stringify(batch[1])}\n{"broken`, {
    'content-type': 'application/x-ndjson',
  });

  const seven = await bundleOf(tenant, await served(tenant, 'access', '7'));
  expect(JSON.parse(seven.events as string)).toHaveLength(1);
  expect(Object.values(seven).join()).not.toContain('"bo"');
  const ana = await bundleOf(tenant, await served(tenant, 'access', 'ana'));
  expect(JSON.parse(ana.quarantine as string)).toHaveLength(2);
  expect(Object.values(ana).join()).not.toContain('health');

  await served(tenant, 'erasure', '7');
  await served(tenant, 'erasure', 'ana');
  const left = await db.owner.query('select event_id from private.events where tenant_id = $1', [tenant.id]);
  expect(left.rows).toEqual([{ event_id: 'b' }]);
  expect((await rawsOf(tenant)).filter((raw) => raw.includes('health'))).toHaveLength(2);
  expect((await rawsOf(tenant)).filter((raw) => raw.includes('"ana"'))).toEqual([]);
  expect(await reviewsOf(tenant)).toEqual([]);
});

const written: [string, string | Buffer][] = [
  ['form encoding', `who=${encodeURIComponent(JOAO)}&n=1`],
  ['UTF-16', Buffer.from(`{"subject":"${JOAO}"`, 'utf16le')],
  ['Latin-1', Buffer.from(`{"subject":"${JOAO}"}`, 'latin1')],
  ['escapes', '{"subject":"jo\\u00e3o.7\\u0040example.com"'],
  ['Base64', `x ${Buffer.from(`{"subject":"${JOAO}"}`).toString('base64')}`],
  ['HTML entities', '<p>jo&atilde;o.7&commat;example.com</p>'.replace('&atilde;', '&#227;')],
  ['letter case', `[{"subject":"${JOAO.toUpperCase()}"`],
];

test('a body that cannot be parsed goes to people, however it is written; they keep it, cut it out or destroy it', async () => {
  const tenant = await makeTenant(db);
  for (const [, raw] of written) {
    const response = await fetch(`${api.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.keys.ingest}`, 'content-type': 'application/json' },
      body: new Uint8Array(Buffer.from(raw as string)),
    });
    expect(response.status).toBe(400);
  }
  await send(tenant, '{"subject":"joana.7@example.com"');
  expect(await rawsOf(tenant)).toHaveLength(written.length + 1);
  const access = await served(tenant, 'access', JOAO);
  expect([access.in_review, JSON.parse((await bundleOf(tenant, access)).quarantine as string)]).toEqual([written.length, []]);
  const { certificate } = await served(tenant, 'erasure', JOAO);
  expect(certificate.in_review).toBe(written.length);
  expect(certificate.places.find(({ place }: Json) => place === 'quarantine')).toMatchObject({
    found: written.length,
    removed: 0,
  });
  expect(await rawsOf(tenant)).toHaveLength(written.length + 1);

  const reviews = await reviewsOf(tenant);
  expect(reviews).toHaveLength(written.length);
  const stranger = await makeTenant(db);
  expect((await settle(stranger, reviews[0].id, 'destroy')).status).toBe(404);
  const apart = reviews.find(({ cuts }) => cuts.length > 0);
  const whole = reviews.find(({ cuts }) => cuts.length === 0);
  const kept = reviews.find((one) => one !== apart && one !== whole);
  expect((await settle(tenant, whole.id, 'cut-out')).body.code).toBe('cannot-cut-out');
  expect((await settle(tenant, apart.id, 'cut-out')).body).toMatchObject({ decision: 'cut-out' });
  expect((await settle(tenant, whole.id, 'destroy')).body).toMatchObject({ bytes_left: 0 });
  expect((await settle(tenant, kept.id, 'keep')).status).toBe(200);
  expect((await settle(tenant, kept.id, 'destroy')).status).toBe(404);
  expect(await rawsOf(tenant)).toHaveLength(written.length);
  // What was decided is not asked again for the same person.
  await served(tenant, 'erasure', JOAO);
  expect(await reviewsOf(tenant)).toHaveLength(written.length - 3);
  const log = (await api.call('GET', '/v1/audit-log', tenant.keys.tenant_admin)).body.data;
  const decided = log.filter(({ action }: Json) => action.startsWith('privacy_review.'));
  expect(decided).toHaveLength(3);
  expect(JSON.stringify(log)).not.toContain('example.com');
});
