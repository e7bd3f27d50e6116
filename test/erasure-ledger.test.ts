import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { exportAll, importAll } from '../cli/commands/portable.ts';
import { verifyCertificate } from '../cli/commands/privacy.ts';
import { publishLedger, readLedger } from '../jobs/privacy/ledger.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { offboardTenants } from '../jobs/tenants/offboard.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
const operator = await makeOperatorKey(db);
const folder = mkdtempSync(join(tmpdir(), 'mirante-erasure-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const jobs = () => jobDeps(db, archive);
const config = {
  DATABASE_URL: db.url,
  MIRANTE_DATA_DIR: archive.folder,
  OBJECT_STORE_URL: undefined,
  RAW_RETENTION_DAYS: 90,
};

const ask = (tenant: TestTenant, kind: string, subject: string) =>
  api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject });
const look = async (tenant: TestTenant, id: string): Promise<Json> =>
  (await api.call('GET', `/v1/privacy/requests/${id}`, tenant.keys.tenant_admin)).body;
const send = async (tenant: TestTenant, ...events: object[]): Promise<Json> =>
  (await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body;
const event = (id: string, subject: string, more: object = {}) => ({
  id,
  type: 'seen.v1',
  time: new Date(Date.now() - 3600_000).toISOString(),
  subject,
  data: { n: 1 },
  ...more,
});
const countOf = async (tenant: TestTenant) =>
  (await db.owner.query<{ n: number }>('select count(*) as n from private.events where tenant_id = $1', [tenant.id])).rows[0]
    ?.n;

async function erased(tenant: TestTenant, subject: string): Promise<Json> {
  const { id } = (await ask(tenant, 'erasure', subject)).body;
  await servePrivacyRequests(jobs());
  return (await look(tenant, id)).certificate;
}

test('a certificate says what was searched, is signed by the audit log, and its erasure is in the ledger outside the database', async () => {
  const tenant = await makeTenant(db);
  await send(tenant, event('a', 'ana'), event('b', 'bo'));
  await send(tenant, event('c', 'ana', { time: 'never' }));
  const certificate = await erased(tenant, 'ana');
  const places = Object.fromEntries(certificate.places.map(({ place, ...found }: Json) => [place, found]));
  expect(places.events).toMatchObject({ searched: { rows: 2 }, found: 1, removed: 1, changed: 0, kept: [], in_review: 0 });
  expect(places.events.searched.bytes).toBeGreaterThan(50);
  expect(places.quarantine).toMatchObject({ searched: { rows: 1 }, found: 1, removed: 1 });
  expect(new Date(certificate.cut_off).getTime()).toBeGreaterThan(new Date(certificate.requested_at).getTime());
  expect(certificate.not_searched.map(({ what }: Json) => what)).toContainEqual(expect.stringContaining('Backups'));
  const text = JSON.stringify(certificate);
  expect(await verifyCertificate(db.owner, text)).toContain('is genuine');
  const forged = { ...certificate, removed: { ...certificate.removed, events: 2 } };
  await expect(verifyCertificate(db.owner, JSON.stringify(forged))).rejects.toThrow('is not genuine');

  const lines = await readLedger(archive.store);
  expect(lines[certificate.ledger.seq - 1]).toContain(certificate.request_id);
  expect(lines.join('')).not.toContain('ana');
  await expect(db.owner.query('delete from private.erasure_ledger')).rejects.toThrow('append-only');
});

test('late duplicates of erased events are not stored, new events of the person are', async () => {
  const tenant = await makeTenant(db);
  const late = event('late', 'ana');
  await send(tenant, late, event('other', 'bo'));
  await erased(tenant, 'ana');
  expect(await send(tenant, late)).toMatchObject({ accepted: 0, duplicates: 1 });
  expect(await countOf(tenant)).toBe(1);
  expect(await send(tenant, late, event('new', 'ana'))).toMatchObject({ accepted: 1, duplicates: 1 });
  expect(await countOf(tenant)).toBe(2);
});

test('nothing is erased while the ledger cannot be stored, and the tenant reads why', async () => {
  const tenant = await makeTenant(db);
  await send(tenant, event('a', 'ana'));
  const { id } = (await ask(tenant, 'erasure', 'ana')).body;
  const full = { ...archive.store, put: () => Promise.reject(new Error('the store is full')) };
  await expect(servePrivacyRequests({ ...jobs(), objects: full })).rejects.toThrow();
  expect(await countOf(tenant)).toBe(1);
  expect(await look(tenant, id)).toMatchObject({ status: 'blocked', reason_blocked: expect.stringContaining('ledger') });
  await db.owner.query('update private.privacy_requests set retry_at = null where id = $1', [id]);
  await servePrivacyRequests(jobs());
  expect(await look(tenant, id)).toMatchObject({ status: 'completed' });
  expect(await countOf(tenant)).toBe(0);
});

test('events under a legal obligation are kept and named', async () => {
  const tenant = await makeTenant(db);
  const processing = { purpose: 'Tax', legal_basis: 'legal_obligation', data_categories: ['contact'], storage_country: 'BR' };
  await api.call('PUT', '/v1/event-types/invoice.v1', tenant.keys.tenant_admin, { schema: {}, mode: 'observe', processing });
  expect(await send(tenant, event('a', 'ana'), event('b', 'ana', { type: 'invoice.v1' }))).toMatchObject({ accepted: 2 });
  const { places } = await erased(tenant, 'ana');
  const found = places.find(({ place }: Json) => place === 'events');
  expect(found).toMatchObject({ removed: 1, found: 2 });
  expect(found.kept).toEqual([{ records: 1, why: expect.stringContaining('invoice.v1') }]);
  expect(await countOf(tenant)).toBe(1);
});

test('a withdrawal holds at once in every process, in quarantine, attributes and unmarked fields, and outlives the key', async () => {
  const tenant = await makeTenant(db);
  const second = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
  const sendSecond = async (body: unknown) =>
    (await second.call('POST', '/v1/events', tenant.keys.ingest, body, { prefer: 'return=representation' })).body;
  expect(await sendSecond(event('before', 'ana'))).toMatchObject({ accepted: 1 });
  expect((await ask(tenant, 'withdrawal', 'ana')).status).toBe(202);
  const named = { data: { who: 'ana', n: 1.1 }, note: 'ana' };
  expect(await sendSecond([event('after', 'ana', named)])).toMatchObject({
    accepted: 1,
    items: [{ code: 'consent-withdrawn' }],
  });
  const stored = await db.owner.query('select subject, data, attributes from private.events where event_id = $1', ['after']);
  expect(stored.rows).toEqual([{ subject: null, data: { who: null, n: 1.1 }, attributes: { note: null } }]);
  await sendSecond(event('bad', 'ana', { time: 'never', note: 'ana' }));
  await second.call('POST', '/v1/events', tenant.keys.ingest, '{"type": "seen.v1", "subject": "ana", "data": {"x": "ana"');
  const raws = await db.owner.query<{ raw: Buffer }>('select raw from private.quarantine where tenant_id = $1', [tenant.id]);
  expect(raws.rows.length).toBe(2);
  for (const { raw } of raws.rows) expect(raw.toString()).not.toContain('ana');

  const first = await api.call('DELETE', '/v1/privacy/pseudonym-key', tenant.keys.tenant_admin);
  expect(first.body.withdrawals_deleted).toBe(0);
  expect(await sendSecond([event('later', 'ana')])).toMatchObject({ items: [{ code: 'consent-withdrawn' }] });
  expect(await sendSecond(event('bo', 'bo'))).toMatchObject({ accepted: 1 });
  const bo = await db.owner.query('select subject from private.events where tenant_id = $1 and event_id = $2', [
    tenant.id,
    'bo',
  ]);
  const { id } = (await ask(tenant, 'erasure', bo.rows[0].subject)).body;
  expect((await look(tenant, id)).subject).toBe(bo.rows[0].subject);
});

test('an import of an older export repeats the erasures since, and is refused without the ledger; the tenant can be removed again', async () => {
  const tenant = await makeTenant(db);
  await send(tenant, event('a', 'ana'), event('b', 'bo'));
  const target = join(folder, 'export');
  await publishLedger(jobs());
  await exportAll(['--tenant', tenant.slug, '--to', target, '--with-pseudonym-key'], config);
  await erased(tenant, 'ana');
  await ask(tenant, 'withdrawal', 'bo');
  const remove = async () => {
    expect((await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator)).status).toBe(202);
    await vi.waitFor(async () => {
      await db.owner.query('update private.offboardings set retry_at = null');
      await offboardTenants(jobs());
      expect((await api.call('GET', `/v1/tenants/${tenant.id}/offboarding`, operator)).body.status).toBe('completed');
    }, 60_000);
  };
  await remove();
  await servePrivacyRequests(jobs());

  const there = await useDatabase();
  const other = { ...config, DATABASE_URL: there.url, MIRANTE_DATA_DIR: join(folder, 'elsewhere') };
  await expect(importAll([target], other)).rejects.toThrow(/--without-ledger/);
  expect(await importAll([target, '--ledger', join(archive.folder, 'objects')], other)).toMatch(/erasures 1 \(records 1\)/);
  const said = await importAll([target], config);
  expect(said).toMatch(/erasures 1 \(records 1\)/);
  expect(await countOf(tenant)).toBe(1);
  const { rows } = await db.owner.query('select subject_hash from private.withdrawn_subjects where tenant_id = $1', [
    tenant.id,
  ]);
  expect(rows).toHaveLength(1);
  await remove();
  const { rows: held } = await db.owner.query('select slug, earlier from private.offboardings where tenant_id = $1', [
    tenant.id,
  ]);
  expect(held).toEqual([{ slug: null, earlier: [expect.objectContaining({ kind: 'offboarding' })] }]);
}, 120_000);
