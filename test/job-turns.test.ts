import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { v4 as uuid } from 'uuid';
import { expect, test, vi } from 'vitest';
import { destroyCondemned } from '../jobs/archive/sweep.ts';
import { destroyExports } from '../jobs/exports/destroy.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { offboardTenants } from '../jobs/tenants/offboard.ts';
import type { ObjectStore } from '../lib/object-store.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });

/** Dependencies of the jobs, with a store that cannot delete names with one of these words and counts the attempts. */
function spoilt(...words: string[]) {
  const asked: string[] = [];
  const store: ObjectStore = {
    ...archive.store,
    async remove(name) {
      asked.push(name);
      if (words.some((word) => name.includes(word))) throw new Error('not removed');
      await archive.store.remove(name);
    },
  };
  const lines: Json[] = [];
  const keep = (line: object, message: string) => void lines.push({ ...line, message });
  const log = { info: keep, warn: keep, error: keep, debug: keep } as never;
  return { deps: { ...jobDeps(db, archive), log, objects: store, archive: { ...archive, store } }, asked, lines };
}

async function plantDoomed(tenant: TestTenant, count: number): Promise<string[]> {
  const path = join(archive.folder, 'planted');
  await writeFile(path, 'rows');
  const objects = Array.from({ length: count }, () => `exports/${tenant.id}/planted/${uuid()}`);
  for (const object of objects) await archive.store.put(object, path);
  await db.owner.query(
    `with job as (
       insert into private.export_jobs (id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter, settled_at, status)
       values (gen_random_uuid(), $1, gen_random_uuid(), 'events', 'csv', '{}', now() - interval '1 day', now(), '{}', now(), 'completed')
       returning id, tenant_id, window_from, window_to
     )
     insert into private.export_files (tenant_id, export_id, part, from_time, to_time, expected_rows, name, object, rows, stored_at)
     select j.tenant_id, j.id, f.part, j.window_from, j.window_to, 1, f.object, f.object, 1, now()
     from job j, unnest($2::text[]) with ordinality f (object, part)`,
    [tenant.id, objects],
  );
  return objects;
}
const cancelled = (tenant: TestTenant) =>
  db.owner.query("update private.export_jobs set status = 'cancelled', ended_at = now() where tenant_id = $1", [tenant.id]);

const ask = async (tenant: TestTenant, kind: string, subject: string): Promise<string> =>
  (await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject })).body.id;
const statusOf = async (tenant: TestTenant, id: string) =>
  (await api.call('GET', `/v1/privacy/requests/${id}`, tenant.keys.tenant_admin)).body.status;

test('a privacy request that fails does not block those of other tenants, and is retried with growing pauses', async () => {
  const [first, second] = [await makeTenant(db), await makeTenant(db)];
  await plantDoomed(first, 1);
  const stuck = await ask(first, 'erasure', 'ana');
  const others = [await ask(second, 'erasure', 'ana'), await ask(first, 'access', 'bo')];
  const { deps } = spoilt(first.id);
  await expect(servePrivacyRequests(deps)).rejects.toThrow('not removed');
  expect(await statusOf(first, stuck)).toBe('blocked');
  expect([await statusOf(second, others[0] as string), await statusOf(first, others[1] as string)]).toEqual([
    'completed',
    'completed',
  ]);
  const wait = async () =>
    (
      await db.owner.query(
        'select attempts, round(extract(epoch from retry_at - now()) / 60)::int as minutes from private.privacy_requests where id = $1',
        [stuck],
      )
    ).rows[0];
  expect(await wait()).toEqual({ attempts: 1, minutes: 1 });
  // Not before its retry is due.
  await servePrivacyRequests(deps);
  for (const expected of [2, 4, 8]) {
    await db.owner.query('update private.privacy_requests set retry_at = now() where id = $1', [stuck]);
    await expect(servePrivacyRequests(deps)).rejects.toThrow();
    expect((await wait()).minutes).toBe(expected);
  }
  await db.owner.query('update private.privacy_requests set retry_at = now() where id = $1', [stuck]);
  await servePrivacyRequests(spoilt().deps);
  expect(await statusOf(first, stuck)).toBe('completed');
}, 60_000);

test('tenants with privacy requests take turns', async () => {
  const [many, few] = [await makeTenant(db), await makeTenant(db)];
  for (const subject of ['a', 'b', 'c', 'd']) await ask(many, 'access', subject);
  for (const subject of ['a', 'b']) await ask(few, 'access', subject);
  const { deps, lines } = spoilt();
  await servePrivacyRequests(deps);
  const served = lines.filter(({ message }) => message === 'privacy request completed').map(({ tenant }) => tenant);
  expect(served).toEqual([many, few, many, few, many, many].map(({ id }) => id));
});

test('many files that cannot be deleted block no others and are not retried every minute', async () => {
  const [first, second] = [await makeTenant(db), await makeTenant(db)];
  // More than one run reads.
  const stuck = await plantDoomed(first, 501);
  const others = await plantDoomed(second, 2);
  await cancelled(first);
  await cancelled(second);
  const { deps, asked } = spoilt(first.id);
  const error = await destroyExports(deps).catch((thrown: AggregateError) => thrown);
  expect((error as AggregateError).errors).toHaveLength(501);
  expect([...asked].sort()).toEqual([...stuck, ...others].sort());
  // In turns.
  for (const other of others) expect(asked.slice(0, 4)).toContain(other);
  expect(await destroyExports(deps)).toBe(0);
  expect(asked).toHaveLength(503);
  await db.owner.query('update private.export_files set retry_at = now() where tenant_id = $1', [first.id]);
  expect(await destroyExports(spoilt().deps)).toBe(501);
});

test('archive files that cannot be deleted block no others', async () => {
  const [first, second] = [await makeTenant(db), await makeTenant(db)];
  await db.owner.query(
    `insert into private.archive_files (id, tenant_id, type, day, name, rows, bytes, sha256, digest, first_time, last_time,
       first_received_at, last_received_at, status)
     select gen_random_uuid(), t, 'a', '2026-01-01', t || '/' || n, 1, 1, '', '', now(), now(), now(), now(), 'condemned'
     from unnest($1::uuid[]) t, generate_series(1, 2) n`,
    [[first.id, second.id]],
  );
  const { deps, asked } = spoilt(first.id);
  await expect(destroyCondemned(deps)).rejects.toThrow('2 times');
  const left = await db.owner.query('select distinct tenant_id from private.archive_files');
  expect(left.rows).toEqual([{ tenant_id: first.id }]);
  await destroyCondemned(deps);
  expect(asked).toHaveLength(4);
  // The erasure of a person retries it at once.
  await expect(destroyCondemned(deps, first.id)).rejects.toThrow('not removed');
  expect(await destroyCondemned(spoilt().deps, first.id)).toBe(2);
});

test('a tenant that cannot be removed does not block the removal of others', async () => {
  const [first, second] = [await makeTenant(db), await makeTenant(db)];
  await plantDoomed(first, 1);
  const operator = await makeOperatorKey(db);
  for (const { id } of [first, second]) await api.call('DELETE', `/v1/tenants/${id}`, operator);
  const status = async ({ id }: TestTenant) => (await api.call('GET', `/v1/tenants/${id}/offboarding`, operator)).body.status;
  const { deps } = spoilt(first.id);
  const failures: unknown[] = [];
  await vi.waitFor(async () => {
    await offboardTenants(deps).catch((error: unknown) => failures.push(error));
    expect(await status(second)).toBe('completed');
  }, 50_000);
  expect(failures).toHaveLength(1);
  expect(await status(first)).not.toBe('completed');
  // Not before its retry is due.
  await offboardTenants(deps);
  await db.owner.query('update private.offboardings set retry_at = now() where tenant_id = $1', [first.id]);
  await offboardTenants(spoilt().deps);
  expect(await status(first)).toBe('completed');
}, 60_000);
