import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { v4 as uuid } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import type { Pool } from '../sql/database/db.ts';
import { PLACES } from '../sql/privacy/places.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const ANA = 'ana@example.com';

let tenant: TestTenant;

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
beforeEach(async () => {
  tenant = await makeTenant(db);
  const event = (id: string, subject: string) => ({ type: 'a.v1', id, subject, time: new Date().toISOString(), data: { id } });
  const sent = await api.call('POST', '/v1/events', tenant.keys.ingest, [event('1', ANA), event('2', ANA), event('3', 'bo')]);
  expect(sent.body).toMatchObject({ accepted: 3 });
});

const jobs = (pool: Pool = db.jobs) => ({ ...jobDeps(db, archive), pool });
const ask = async (kind: string, subject = ANA, who = tenant): Promise<string> =>
  (await api.call('POST', '/v1/privacy/requests', who.keys.tenant_admin, { kind, subject })).body.id;
const look = async (id: string): Promise<Json> =>
  (await api.call('GET', `/v1/privacy/requests/${id}`, tenant.keys.tenant_admin)).body;

/** The last statement of an erasure before its certificate that is not in a transaction. */
const BEFORE_CERTIFICATE = /select outcome from private\.privacy_requests/;

type Paused = { pool: Pool; reached: Promise<void>; goOn: () => void };

/** The pool of the jobs. Its nth matching statement waits for a signal before it is sent to the database. */
function pausing(statement: RegExp, nth: number): Paused {
  const [reached, arrive] = gate();
  const [allowed, goOn] = gate();
  let seen = 0;
  const query = async (text: string, values: unknown[]) => {
    if (statement.test(text) && ++seen === nth) {
      arrive();
      await allowed;
    }
    return db.jobs.query(text, values);
  };
  return { pool: Object.create(db.jobs, { query: { value: query } }) as Pool, reached, goOn };
}

function gate(): [Promise<void>, () => void] {
  let open = () => {};
  const opened = new Promise<void>((done) => {
    open = done;
  });
  return [opened, open];
}

/** A completed export of this tenant, with a file in the store. */
async function plantExport(): Promise<void> {
  const path = join(archive.folder, 'planted');
  await writeFile(path, ANA);
  const object = `exports/${tenant.id}/planted/${uuid()}`;
  await archive.store.put(object, path);
  await db.owner.query(
    `with job as (
       insert into private.export_jobs (id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter, settled_at, status)
       values (gen_random_uuid(), $1, gen_random_uuid(), 'events', 'csv', '{}', now() - interval '1 day', now(), '{}', now(), 'completed')
       returning id, tenant_id, window_from, window_to
     )
     insert into private.export_files (tenant_id, export_id, part, from_time, to_time, expected_rows, name, object, rows, stored_at)
     select tenant_id, id, 1, window_from, window_to, 1, 'planted', $2, 1, now() from job`,
    [tenant.id, object],
  );
}

/** Rows and files of this tenant that name the person, in plain text or by pseudonym. */
async function left(hash: string): Promise<string[]> {
  const { rows } = await db.owner.query<{ name: string }>(
    `select 'events' as name from private.events where tenant_id = $1 and subject = $2
     union all
     select 'bundle ' || name from private.privacy_files
     where tenant_id = $1 and convert_from(content, 'UTF8') ~ ($2 || '|' || $3)
     union all
     select 'request' from private.privacy_requests where tenant_id = $1 and person is not null`,
    [tenant.id, hash, ANA],
  );
  const found = rows.map(({ name }) => name);
  for await (const { name } of archive.store.list(`exports/${tenant.id}/`)) found.push(name);
  return found;
}

describe('an access request and an erasure of the same person', () => {
  const points: [string, RegExp, number][] = [
    ['before it clears the files of an earlier attempt', /delete from private\.privacy_files\s+where request_id/, 1],
    ['before the first part', /insert into private\.privacy_files/, 1],
    ['between two parts', /insert into private\.privacy_files/, 2],
    ['before the last part', /insert into private\.privacy_files/, 16],
    ['before it is completed', /set status = 'completed'/, 1],
  ];

  test.each(points)(
    'the access request leaves nothing of the person after the certificate: %s',
    async (_point, statement, nth) => {
      const access = await ask('access');
      await plantExport();
      const slow = pausing(statement, nth);
      const serving = servePrivacyRequests(jobs(slow.pool));
      await slow.reached;
      const erasure = await ask('erasure');
      const files = (name: string) => api.call('GET', `/v1/privacy/requests/${access}/files/${name}`, tenant.keys.tenant_admin);
      expect((await files('events.json')).status).toBe(404);
      await servePrivacyRequests(jobs());
      const { certificate, subject } = await look(erasure);
      expect(certificate).toMatchObject({ removed: { events: 2, exports: 1 } });
      slow.goOn();
      await serving;
      expect(await left(subject)).toEqual([]);
      expect(await look(access)).toMatchObject({ status: 'superseded', superseded_by: erasure });
      expect((await files('events.json')).status).toBe(404);
      expect((await api.call('GET', '/v1/events', tenant.keys.read)).body.data.map(({ id }: Json) => id)).toEqual(['3']);
    },
  );

  test('an access request that arrives during the erasure waits, and then finds nothing', async () => {
    const erasure = await ask('erasure');
    const slow = pausing(BEFORE_CERTIFICATE, 1);
    const serving = servePrivacyRequests(jobs(slow.pool));
    await slow.reached;
    const access = await ask('access');
    await servePrivacyRequests(jobs());
    expect((await look(access)).status).toBe('queued');
    slow.goOn();
    await serving;
    expect((await look(erasure)).status).toBe('completed');
    await servePrivacyRequests(jobs());
    const { status, bundle } = await look(access);
    expect([status, bundle.files.find(({ name }: Json) => name === 'events.json').rows]).toEqual(['completed', 0]);
  });
});

const expire = () =>
  db.owner.query("update private.privacy_requests set claimed_until = now() where tenant_id = $1 and status = 'running'", [
    tenant.id,
  ]);
const retryNow = () => db.owner.query('update private.privacy_requests set retry_at = null where tenant_id = $1', [tenant.id]);

/** Serves an abandoned request: the first run releases it, the second leases it again. */
async function takeOver(): Promise<void> {
  await expire();
  await servePrivacyRequests(jobs());
  await retryNow();
  await servePrivacyRequests(jobs());
}

test('a worker that lost its lease writes nothing more, and the certificate of the new worker stays valid', async () => {
  const erasure = await ask('erasure');
  const slow = pausing(BEFORE_CERTIFICATE, 1);
  const serving = servePrivacyRequests(jobs(slow.pool));
  await slow.reached;
  await takeOver();
  const proof = await look(erasure);
  expect(proof).toMatchObject({ status: 'completed', certificate: { removed: { events: 2 } } });
  slow.goOn();
  await serving;
  expect(await look(erasure)).toEqual(proof);
});

test('a bundle has each of its parts once, from one worker', async () => {
  const access = await ask('access');
  const slow = pausing(/insert into private\.privacy_files/, 2);
  const serving = servePrivacyRequests(jobs(slow.pool));
  await slow.reached;
  await takeOver();
  const parts = () =>
    db.owner.query('select name, part, md5(content) from private.privacy_files where request_id = $1 order by 1, 2', [access]);
  const { rows } = await parts();
  // Each place, the archive and the vault, as JSON and as CSV.
  expect(rows).toHaveLength((PLACES.length + 2) * 2);
  slow.goOn();
  await serving;
  expect((await parts()).rows).toEqual(rows);
  expect((await look(access)).status).toBe('completed');
});

test('each person has at most one open request, whichever worker leases it', async () => {
  await Promise.all(['access', 'access', 'erasure', 'erasure'].map((kind) => ask(kind)));
  await ask('access', 'bo');
  const { rows } = await db.owner.query<{ id: string }>('select id from private.privacy_requests where tenant_id = $1', [
    tenant.id,
  ]);
  await expect(
    db.owner.query(
      `update private.privacy_requests set status = 'running', claim = gen_random_uuid(), claimed_until = now() where id = any ($1)`,
      [rows.map(({ id }) => id)],
    ),
  ).rejects.toThrow('privacy_requests_person');
  await Promise.all([1, 2, 3].map(() => servePrivacyRequests(jobs())));
  await servePrivacyRequests(jobs());
  const statuses = await db.owner.query(
    'select kind, status, count(*)::int as n from private.privacy_requests where tenant_id = $1 group by 1, 2 order by 1, 2',
    [tenant.id],
  );
  expect(statuses.rows.filter(({ status }) => status === 'queued' || status === 'running')).toEqual([]);
});
