import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Busy } from '../../lib/busy.ts';
import { withArchiveTurn } from '../../sql/archive/files.ts';
import { withTenant } from '../../sql/database/db.ts';
import { claimExport, keepExport } from '../../sql/exports/claims.ts';
import { cancelOrDeleteExport } from '../../sql/exports/jobs.ts';
import { createPrivacyRequest } from '../../sql/privacy/privacy-requests.ts';
import { offboardTenant } from '../../sql/tenants/offboarding.ts';
import { DAY, idsFrom, plantEvents, useExports } from '../../test/support/exports.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { servePrivacyRequests } from '../privacy/serve-requests.ts';
import { offboardTenants } from '../tenants/offboard.ts';
import { checkExportFiles } from './destroy.ts';
import { createExportRunner } from './run.ts';

const db = await useDatabase();
const exports = await useExports(db, undefined, { rows: 200 });

const end = (tenant: { id: string }, id: string) =>
  withTenant(db.api, tenant.id, (client) => cancelOrDeleteExport(client, id), 'login');

test('tenants take turns, part by part, and no part is leased twice', async () => {
  const [first, second] = [await makeTenant(db), await makeTenant(db)];
  for (const tenant of [first, second]) await plantEvents(db, tenant, 900);
  for (let i = 0; i < 3; i++) await exports.ask(first);
  const one = await exports.ask(second);
  const turns: string[] = [];
  for (let i = 0; i < 4; i++) {
    const claimed = await claimExport(db.jobs, exports.deps.clock());
    if (claimed) turns.push(claimed.tenant_id);
  }
  expect(turns).toEqual([first.id, second.id, first.id, first.id]);
  expect(await claimExport(db.jobs, exports.deps.clock())).toBeUndefined();
  // As if all four workers had died.
  exports.skip(61_000);
  await exports.run();
  expect((await exports.idsIn(second, one.id)).sort()).toEqual(idsFrom(900));
});

test('several workers at once write each file once', async () => {
  const tenants = await Promise.all([1, 2, 3].map(() => makeTenant(db)));
  const asked = await Promise.all(
    tenants.map(async (tenant) => {
      await plantEvents(db, tenant, 1_000);
      return { tenant, id: (await exports.ask(tenant, { format: 'ndjson' })).id };
    }),
  );
  await Promise.all([1, 2, 3].map(() => createExportRunner(exports.deps, async () => undefined)()));
  await exports.run();
  for (const { tenant, id } of asked) expect((await exports.idsIn(tenant, id)).sort()).toEqual(idsFrom(1_000));
  expect(await exports.unaccounted()).toEqual([]);
});

test('an export cancelled while a file is written ends within moments and leaves nothing', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 1_000);
  const { id } = await exports.ask(tenant);
  let isPutting: () => void = () => undefined;
  const putting = new Promise<void>((done) => {
    isPutting = done;
  });
  let go: () => void = () => undefined;
  const held = new Promise<void>((done) => {
    go = done;
  });
  const put = vi.spyOn(exports.deps.objects, 'put').mockImplementationOnce(async (name, path) => {
    isPutting();
    await held;
    put.mockRestore();
    await exports.objects.put(name, path);
  });
  const running = exports.run();
  await putting;
  expect(await end(tenant, id)).toBe('cancelled');
  go();
  await running;
  expect(await exports.find(tenant, id)).toMatchObject({ status: 'cancelled', manifest: { types: expect.anything() } });
  expect([await exports.files(tenant, id), await exports.unaccounted()]).toEqual([[], []]);
  expect(await readdir(join(exports.folder, 'scratch/exports'))).toEqual([]);
});

test('only the holder of a lease can renew it', async () => {
  const tenant = await makeTenant(db);
  await exports.ask(tenant);
  const claimed = await claimExport(db.jobs, exports.deps.clock());
  if (!claimed) throw new Error('nothing was claimed');
  expect(await keepExport(db.jobs, claimed, 5, exports.deps.clock())).toBe(true);
  expect(await keepExport(db.jobs, { ...claimed, claim: claimed.id }, 5, exports.deps.clock())).toBe(false);
  await end(tenant, claimed.id);
  expect(await keepExport(db.jobs, claimed, 5, exports.deps.clock())).toBe(false);
});

test('files are destroyed when they expire, and the manifest stays', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 300);
  const { id } = await exports.ask(tenant);
  await exports.run();
  exports.skip(7 * DAY + 1000);
  await exports.run();
  exports.skip(-7 * DAY - 1000);
  expect(await exports.find(tenant, id)).toMatchObject({ status: 'expired', manifest: { rows: 300 } });
  expect((await exports.files(tenant, id)).map(({ object }) => object)).toEqual([null, null]);
  expect(await exports.unaccounted()).toEqual([]);
});

test('a file that belongs to no export is removed after a day, and a missing file is logged', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 100);
  const { id } = await exports.ask(tenant);
  await exports.run();
  const stray = join(exports.folder, 'stray');
  await writeFile(stray, 'x');
  await exports.objects.put(`exports/${tenant.id}/stray`, stray);
  await mkdir(join(exports.folder, 'scratch/exports/dead'), { recursive: true });
  expect(await checkExportFiles(exports.deps)).toEqual({ orphans: 0, missing: [] });
  const tomorrow = { ...exports.deps, clock: () => new Date(Date.now() + 25 * 3_600_000) };
  expect(await checkExportFiles(tomorrow)).toEqual({ orphans: 1, missing: [] });
  expect([await exports.unaccounted(), await readdir(join(exports.folder, 'scratch/exports'))]).toEqual([[], []]);
  const [file] = await exports.files(tenant, id);
  await exports.objects.remove(file?.object ?? '');
  expect(await checkExportFiles(exports.deps)).toEqual({ orphans: 0, missing: [file?.object] });
  await end(tenant, id);
  await exports.run();
});

test('the erasure of a person destroys every export that may contain the person, and the certificate lists them', async () => {
  const [tenant, other] = [await makeTenant(db), await makeTenant(db)];
  await plantEvents(db, tenant, 500);
  await plantEvents(db, other, 10);
  const complete = await exports.ask(tenant);
  const figures = await exports.ask(tenant, { dataset: 'metrics' });
  const foreign = await exports.ask(other);
  await exports.run();
  const halfway = await exports.ask(tenant);
  await db.owner.query("update private.export_jobs set status = 'running', settled_at = now() where id = $1", [halfway.id]);
  const waiting = await exports.ask(tenant);
  const request = await withTenant(
    db.api,
    tenant.id,
    (client) =>
      createPrivacyRequest(client, tenant.id, { kind: 'erasure', person: 'ana', personHash: 'psn_ana', reason: null }),
    'login',
  );
  await servePrivacyRequests({ ...exports.deps, engine: db.engine });
  expect(await exports.find(tenant, complete.id)).toMatchObject({ status: 'deleted', error: 'person-erased' });
  expect(await exports.find(tenant, halfway.id)).toMatchObject({ status: 'failed', error: 'person-erased' });
  expect(await exports.find(tenant, waiting.id)).toMatchObject({ status: 'queued' });
  expect(await exports.find(tenant, figures.id)).toMatchObject({ status: 'completed' });
  expect(await exports.find(other, foreign.id)).toMatchObject({ status: 'completed' });
  const { rows } = await db.owner.query('select outcome from private.privacy_requests where id = $1', [request.id]);
  expect(rows[0].outcome).toMatchObject({ exports_destroyed: [complete.id, halfway.id], removed: { exports: 2 } });
  expect((await exports.files(tenant, complete.id)).map(({ object }) => object)).toEqual([null, null, null]);
  await exports.run();
  const next = await exports.ask(tenant, { since: await exports.find(tenant, complete.id) });
  await exports.run();
  expect((await exports.find(tenant, next.id)).manifest).toMatchObject({
    rows: 0,
    erasures: [{ request_id: request.id, subject: 'psn_ana' }],
  });
});

test('an export made while the archive is rewritten is destroyed with the person too', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 10);
  const ask = { kind: 'erasure', person: 'eva', personHash: 'psn_eva', reason: null } as const;
  const request = await withTenant(db.api, tenant.id, (client) => createPrivacyRequest(client, tenant.id, ask), 'login');
  const outcome = async () =>
    (await db.owner.query('select outcome from private.privacy_requests where id = $1', [request.id])).rows[0]?.outcome;
  const id = await withArchiveTurn(db.owner, async () => {
    await expect(servePrivacyRequests({ ...exports.deps, engine: db.engine })).rejects.toThrow(Busy);
    const put = await db.owner.query('select attempts, retry_at > now() as later from private.privacy_requests where id = $1', [
      request.id,
    ]);
    expect(put.rows).toEqual([{ attempts: 0, later: true }]);
    expect(await outcome()).toMatchObject({ places: { exports: { removed: 0 } } });
    const between = await exports.ask(tenant);
    await exports.run();
    expect(await exports.find(tenant, between.id)).toMatchObject({ status: 'completed' });
    return between.id;
  });
  await db.owner.query('update private.privacy_requests set retry_at = null');
  await servePrivacyRequests({ ...exports.deps, engine: db.engine });
  expect(await exports.find(tenant, id)).toMatchObject({ status: 'deleted', error: 'person-erased' });
  expect(await outcome()).toMatchObject({ exports_destroyed: [id], removed: { exports: 1 } });
});

test('a certificate waits for a file that is still being written', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 10);
  const { id } = await exports.ask(tenant);
  await exports.run();
  await db.owner.query(
    `update private.export_jobs set status = 'running', claim = gen_random_uuid(), claimed_until = $2 where id = $1`,
    [id, new Date(exports.deps.clock().getTime() + 60_000)],
  );
  await db.owner.query('update private.export_files set stored_at = null where export_id = $1', [id]);
  const ask = { kind: 'erasure', person: 'bo', personHash: 'psn_bo', reason: null } as const;
  const request = await withTenant(db.api, tenant.id, (client) => createPrivacyRequest(client, tenant.id, ask), 'login');
  const status = async () =>
    (await db.owner.query('select status from private.privacy_requests where id = $1', [request.id])).rows[0]?.status;
  await expect(servePrivacyRequests({ ...exports.deps, engine: db.engine })).rejects.toThrow(/still being written/);
  expect(await status()).toBe('queued');
  exports.skip(61_000);
  await db.owner.query('update private.privacy_requests set retry_at = null');
  await servePrivacyRequests({ ...exports.deps, engine: db.engine });
  expect([await status(), await exports.unaccounted()]).toEqual(['completed', []]);
});

test('removing a tenant removes all its exports', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 300);
  await exports.ask(tenant);
  await exports.run();
  await exports.ask(tenant);
  const names = async () => {
    const found: string[] = [];
    for await (const { name } of exports.objects.list(`exports/${tenant.id}/`)) found.push(name);
    return found;
  };
  expect((await names()).length).toBe(2);
  await withTenant(db.api, tenant.id, (client) => offboardTenant(client, tenant.id), 'login');
  await expect
    .poll(async () => {
      await offboardTenants({ ...exports.deps, engine: db.engine });
      return (await db.owner.query('select certificate from private.offboardings where tenant_id = $1', [tenant.id])).rows[0]
        .certificate;
    })
    .toMatchObject({ removed: { 'files of exports': 2, export_jobs: 2, export_files: 2 } });
  expect(await names()).toEqual([]);
});
