import { expect, test } from 'vitest';
import { bytesOf } from '../jobs/imports/body.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import type { Json } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const { api, deps, archive, run } = await useVault(db);
const jobs = { ...deps, engine: db.engine, archive };
const XML = { 'content-type': 'text/xml+markr' };

const scan = (student: string, obtained: number) =>
  `\n<mcq-test-result scanned-on="2017-12-04T12:12:10+11:00"><first-name>Name of ${student}</first-name><student-number>${student}</student-number>
  <test-id>1</test-id><answer question="0" marks-available="23" marks-awarded="23">D</answer><summary-marks available="100" obtained="${obtained}" /></mcq-test-result>`;
const sheets = (...scans: string[]) => `<mcq-test-results>${scans.join('')}\n</mcq-test-results>\n`;

async function bodyOf(id: string): Promise<string | null> {
  const { rows } = await db.owner.query('select * from private.imports where id = $1', [id]);
  if (rows[0].object === null) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of bytesOf(deps, rows[0])) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function ask(key: string, kind: string, subject: string): Promise<Json> {
  const { body } = await api.call('POST', '/v1/privacy/requests', key, { kind, subject, reason: 'asked' });
  await servePrivacyRequests(jobs);
  const done = (await api.call('GET', `/v1/privacy/requests/${body.id}`, key)).body;
  expect(done.status, JSON.stringify(done)).toBe('completed');
  return done;
}

test('access and erasure of a student reach rows, figures, differences and documents, also refused ones, and no other student', async () => {
  const tenant = await makeTenant(db);
  const { ingest, tenant_admin, read } = tenant.keys;
  const send = async (body: string) => (await api.call('POST', '/import', ingest, body, XML)).body;
  // 23 is a number of other students' answers too.
  const several = await send(sheets(scan('002299', 40), scan('23', 90), scan('2299', 60)));
  const alone = await send(sheets(scan('23', 95)));
  const refused = await send(sheets(scan('2299', 60), scan('23', 1_000)));
  const cut = await send(sheets(scan('2299', 60), scan('23', 90), '<mcq-test-result><student-number>23').slice(0, -21));
  const innocent = await send(sheets(scan('2299', 60)));
  expect([several, alone, refused, cut].map(({ status }) => status)).toEqual(['imported', 'imported', 422, 422]);
  const dry = await api.call('POST', `/v1/imports/${several.id}/reprocess`, tenant_admin, { policy: 'max-each.v1' });
  expect(dry.status, dry.text).toBe(202);
  await run();
  const waiting = (await api.call('POST', '/v1/imports', ingest, sheets(scan('23', 99), scan('7', 20)), XML)).body;

  const access = await ask(tenant_admin, 'access', '23');
  const file = async (name: string) => {
    const { url } = access.bundle.files.find((one: Json) => one.name === name);
    return JSON.parse((await api.call('GET', url, tenant_admin)).text);
  };
  expect(await file('test-results.json')).toMatchObject([
    {
      student_id: '23',
      test_id: '1',
      available_points: 100,
      obtained_points: 95,
      origins_import_vault: [several.id, alone.id],
    },
  ]);
  const records: Json[] = await file('vault.json');
  expect(records.map(({ import_id }) => import_id)).toEqual([several.id, alone.id, refused.id, cut.id, cut.id, waiting.id]);
  for (const { record } of records) expect(record).toMatch(/<student-number>23/);
  expect(JSON.stringify(records)).not.toMatch(/2299/);

  const { certificate } = await ask(tenant_admin, 'erasure', '23');
  expect(certificate.removed).toMatchObject({ vault: 6, 'test-results': 1 });
  expect(certificate.documents.map(({ import_id, done }: Json) => [import_id, done])).toEqual([
    [several.id, 'rewritten'],
    [alone.id, 'destroyed'],
    [refused.id, 'rewritten'],
    [cut.id, 'rewritten'],
    [waiting.id, 'rewritten'],
  ]);
  expect(await bodyOf(several.id)).toBe(sheets(scan('002299', 40), scan('2299', 60)));
  expect(await bodyOf(alone.id)).toBeNull();
  expect(await bodyOf(refused.id)).toBe(sheets(scan('2299', 60)));
  expect(await bodyOf(cut.id)).toBe(`<mcq-test-results>${scan('2299', 60)}<mcq-test-result>`);
  expect(await bodyOf(innocent.id)).toBe(sheets(scan('2299', 60)));
  await run();
  expect((await api.call('GET', '/results/1/aggregate', read)).body).toMatchObject({ count: 3, min: 20, max: 60, mean: 40 });
  for (const table of ['test_scans', 'student_test_results', 'replayed_scans'])
    expect((await db.owner.query(`select from private.${table} where student_id = '23'`)).rows, table).toEqual([]);
  expect((await db.owner.query("select from private.import_differences where row_key like '% / 23'")).rows).toEqual([]);

  // Reading everything again does not bring the student back.
  await api.call('POST', '/v1/imports/reprocess', tenant_admin, { filter: {}, dry_run: false });
  await run();
  expect((await api.call('GET', '/results/1/aggregate', read)).body).toMatchObject({ count: 3, mean: 40 });
});

test('a document that is rewritten while it is read loses no scan', async () => {
  const tenant = await makeTenant(db);
  const scans = Array.from({ length: 2_500 }, (_, n) => scan(`s${n}`, n % 100));
  const add = (first: number, rows: number[]) =>
    db.jobs.query('select private.add_test_scans($1, $2, $3, $4, $5, $6, $7, $8, null)', [
      tenant.id,
      kept.id,
      first,
      rows.map((n) => `s${n}`),
      rows.map(() => '1'),
      rows.map(() => 100),
      rows.map((n) => n % 100),
      rows.map(() => null),
    ]);
  const kept = (await api.call('POST', '/v1/imports', tenant.keys.ingest, sheets(...scans), XML)).body;
  // A worker that was killed after the first thousand.
  await add(
    0,
    Array.from({ length: 1_000 }, (_, n) => n),
  );
  await ask(tenant.keys.tenant_admin, 'erasure', 's5');
  await run();
  const { rows } = await db.owner.query('select count(*)::integer as n from private.test_scans where import_id = $1', [
    kept.id,
  ]);
  expect((await api.call('GET', '/results/1/aggregate', tenant.keys.read)).body.count).toBe(2_499);
  expect(rows[0].n).toBe(2_499);
});

test('an export has the columns of the view, of one test or all', async () => {
  const tenant = await makeTenant(db);
  const sent = await api.call('POST', '/import', tenant.keys.ingest, sheets(scan('002299', 40), scan('=1+1', 7)), XML);
  const window = new URLSearchParams({
    from: new Date(Date.now() - 3_600_000).toISOString(),
    to: new Date(Date.now() + 3_600_000).toISOString(),
    dataset: 'test_results',
    test_id: '1',
  });
  const get = (more = '') => api.call('GET', `/v1/exports/stream?${window}${more}`, tenant.keys.export);
  const csv = await get();
  expect(csv.status, csv.text).toBe(200);
  const [head, first, second] = csv.text.split('\r\n');
  expect(head).toBe('student_id,test_id,available_points,obtained_points,origins_import_vault,date_of_test,updated_on');
  expect(first).toMatch(new RegExp(`^"002299","1",100,40,"\\[""${sent.body.id}""\\]",2017-12-04T01:12:10Z,20`));
  expect(second).toMatch(/^"'=1\+1"/);
  const lines = (await get('&format=ndjson')).text.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).student_id)).toEqual(['002299', '=1+1']);
  window.set('test_id', '2');
  expect((await get()).text.trim()).toBe(head);
});
