import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bytesOf } from '../jobs/imports/body.ts';
import { checkImports } from '../jobs/imports/check.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { offboardTenants } from '../jobs/tenants/offboard.ts';
import type { Json } from './support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const { api, deps, send, folder, archive } = await useVault(db);
const jobs = { ...deps, engine: db.engine, archive };
const minute = 60_000;
const at = (n: number) => new Date(Date.now() - n * minute).toISOString();
const mapping = JSON.stringify({ type: { value: 'a.b.v1' }, subject: 'who' });
const ROWS = `id,time,who,note\n1,${at(1)},ana,x\n2,${at(2)},anabel,"likes\nana-lyses"\n3,${at(3)},bob,y\n`;

async function bodyOf(id: string): Promise<string | null> {
  const { rows } = await db.owner.query('select * from private.imports where id = $1', [id]);
  if (rows[0].object === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of bytesOf(deps, rows[0])) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function request(key: string, kind: string, subject: string): Promise<Json> {
  const { body } = await api.call('POST', '/v1/privacy/requests', key, { kind, subject, reason: 'asked' });
  await servePrivacyRequests(jobs);
  return (await api.call('GET', `/v1/privacy/requests/${body.id}`, key)).body;
}

test('access and erasure reach the bodies of documents and what they gave; the certificate names them', async () => {
  const tenant = await makeTenant(db);
  const { ingest, tenant_admin, read } = tenant.keys;
  const several = await send(ingest, 'text/csv', ROWS, { mapping });
  const alone = await send(
    ingest,
    'application/x-ndjson',
    `${JSON.stringify({ id: '9', type: 'a.b.v1', time: at(4), subject: 'ana' })}\n`,
  );
  const other = await send(ingest, 'application/pdf', 'A letter to ana.');
  const innocent = await send(ingest, 'application/pdf', 'A letter to anabel.');
  expect(several.rows).toBe(3);

  const access = await request(tenant_admin, 'access', 'ana');
  expect(access.status).toBe('completed');
  const file = access.bundle.files.find(({ name }: Json) => name === 'vault.json');
  const bundle = await api.call('GET', file.url, tenant_admin);
  const records = JSON.parse(bundle.text).map(({ import_id, record }: Json) => [import_id, record]);
  expect(records).toHaveLength(4);
  expect(records).toContainEqual([several.id, `1,${ROWS.split('\n')[1]?.slice(2)}\n`]);

  const erased = await request(tenant_admin, 'erasure', 'ana');
  expect(erased.status, JSON.stringify(erased)).toBe('completed');
  expect(await bodyOf(several.id)).toBe(`id,time,who,note\n3,${ROWS.split('\n3,')[1]}`);
  expect(await bodyOf(alone.id)).toBeNull();
  expect(await bodyOf(other.id)).toBeNull();
  expect(await bodyOf(innocent.id)).toBe('A letter to anabel.');
  const objects = readdirSync(join(folder, 'objects', 'imports', tenant.id));
  expect(objects).toHaveLength(2);
  const { certificate } = erased;
  expect(certificate.removed.vault).toBe(4);
  expect(certificate.documents.map(({ import_id, done }: Json) => [import_id, done])).toEqual([
    [several.id, 'rewritten'],
    [alone.id, 'destroyed'],
    [other.id, 'destroyed'],
  ]);
  const shown = (await api.call('GET', `/v1/imports/${several.id}`, ingest)).body;
  expect(shown.rewrites).toMatchObject([
    { reason: 'erasure', records: 2, sha256_before: several.sha256, sha256_after: shown.sha256 },
  ]);
  const events = (await api.call('GET', '/v1/events', read)).body.data.map(({ id }: Json) => id).sort();
  expect(events).toEqual(['2', '3']);
});

test('the removal of a tenant destroys its documents', async () => {
  const tenant = await makeTenant(db);
  await send(tenant.keys.ingest, 'text/csv', ROWS, { mapping });
  const operator = await makeOperatorKey(db);
  expect((await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator)).status).toBe(202);
  await offboardTenants(jobs);
  const left = (await db.owner.query('select from private.imports where tenant_id = $1', [tenant.id])).rows;
  expect(left).toEqual([]);
  expect(readdirSync(join(folder, 'objects', 'imports', tenant.id))).toEqual([]);
});

test('retention destroys bodies and keeps what is known of them; unknown bodies are removed', async () => {
  const tenant = await makeTenant(db);
  const kept = await send(tenant.keys.ingest, 'text/csv', ROWS, { mapping });
  const later = () => new Date(Date.now() + 800 * 86_400_000);
  await checkImports(deps);
  expect(await bodyOf(kept.id)).toBe(ROWS);
  await deps.objects.put(`imports/${tenant.id}/unknown`, fileURLToPath(import.meta.url));
  await checkImports({ ...deps, clock: later });
  expect(await bodyOf(kept.id)).toBeNull();
  expect(readdirSync(join(folder, 'objects', 'imports', tenant.id))).toEqual([]);
  const shown = (await api.call('GET', `/v1/imports/${kept.id}`, tenant.keys.ingest)).body;
  expect(shown).toMatchObject({ status: 'imported', rewrites: [{ reason: 'retention' }], rows: 3 });
  expect((await api.call('GET', `/v1/imports/${kept.id}/body`, tenant.keys.tenant_admin)).status).toBe(404);
});
