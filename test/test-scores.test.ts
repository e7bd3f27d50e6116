import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTenant, need, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const vault = await useVault(db);
const { api } = vault;
const XML = { 'content-type': 'text/xml+markr' };
const SAMPLE = { mean: 50.8, stddev: 9.92, min: 30, max: 75, p25: 45, p50: 50, p75: 55, count: 81 };

type Mark = { student?: string; test?: string; available?: number | string; obtained?: number | string; more?: string };
const scan = ({ student = '002299', test = '1', available = 20, obtained = 13, more = '' }: Mark = {}) =>
  `<mcq-test-result scanned-on="2017-12-04T12:12:10+11:00"><first-name>Maria</first-name><last-name>Silva</last-name>
   <student-number>${student}</student-number><test-id>${test}</test-id>${more}
   <summary-marks available="${available}" obtained="${obtained}" /></mcq-test-result>`;
const sheets = (...scans: string[]) =>
  `<?xml version="1.0" encoding="UTF-8" ?>\n<mcq-test-results>${scans.join('\n')}</mcq-test-results>`;
const send = (key: string, body: string | Uint8Array, headers: Record<string, string> = XML) =>
  api.call('POST', '/import', key, body, headers);
const figures = async (key: string, id: string) => (await api.call('GET', `/results/${id}/aggregate`, key)).body;
const rounded = (of: Record<string, number>) =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, Math.round(value * 100) / 100]));

const sample = need('markr-sample');

test.skipIf(!sample)(
  'the real document gives its figures: sent once, twice, shuffled, or split into 100 documents',
  async () => {
    const document = readFileSync(sample as string, 'utf8');
    const scans = document.match(/<mcq-test-result .*?<\/mcq-test-result>/gs) as string[];
    const shuffled = scans
      .map((one, n) => [(n * 37) % 101, one] as const)
      .sort(([a], [b]) => a - b)
      .map(([, one]) => one);
    const [once, split] = [await makeTenant(db), await makeTenant(db)];
    const first = await send(once.keys.ingest, document);
    expect(first).toMatchObject({ status: 202, body: { status: 'imported', bytes: 170820, rows: 81 } });
    expect(first.body.findings.map(({ code }: { code: string }) => code)).toEqual(Array(19).fill('two-names'));
    expect(rounded(await figures(once.keys.read, '9863'))).toEqual(SAMPLE);
    expect((await send(once.keys.ingest, document)).body).toMatchObject({ rows: 0 });
    await send(once.keys.ingest, sheets(...shuffled));
    expect(rounded(await figures(once.keys.read, '9863'))).toEqual(SAMPLE);
    for (let at = 0; at < 100; at += 10)
      await Promise.all(shuffled.slice(at, at + 10).map((one) => send(split.keys.ingest, sheets(one))));
    expect(rounded(await figures(split.keys.read, '9863'))).toEqual(SAMPLE);
    const { rows } = await db.owner.query(
      `select tenant_id, min(student_id) as first, max(cardinality(origins_import_vault)) as origins from private.student_test_results
     where tenant_id = any ($1) group by 1`,
      [[once.id, split.id]],
    );
    expect(rows.map(({ first: least }) => least)).toEqual(['002299', '002299']);
    expect(rows.find(({ tenant_id }) => tenant_id === once.id).origins).toBe(3);
  },
);

test('a machine signs in by HTTP basic with the key as the user; other keys and tenants get nothing', async () => {
  const [tenant, rival] = [await makeTenant(db), await makeTenant(db)];
  const basic = (key: string) => ({ ...XML, authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });
  const sent = await fetch(`${api.url}/import`, { method: 'POST', body: sheets(scan()), headers: basic(tenant.keys.ingest) });
  expect(sent.status).toBe(202);
  const read = (key: string) => fetch(`${api.url}/results/1/aggregate`, { headers: basic(key) });
  expect(await (await read(tenant.keys.read)).json()).toMatchObject({ mean: 65, stddev: 0, count: 1 });
  expect((await read(rival.keys.read)).status).toBe(404);
  expect((await read(tenant.keys.ingest)).status).toBe(403);
  expect((await read('mir_read_none')).status).toBe(401);
  expect((await send(tenant.keys.read, sheets(scan()))).status).toBe(403);
  expect((await api.call('GET', '/results', tenant.keys.read)).body.data).toEqual([
    { test_id: '1', policy: 'lexicographic.v1', mean: 65, stddev: 0, min: 65, max: 65, p25: 65, p50: 65, p75: 65, count: 1 },
  ]);
});

test('a document that lacks an essential changes nothing, says where, and stays in the vault', async () => {
  const tenant = await makeTenant(db);
  const two = (more: Mark) => sheets(scan({ student: '1' }), scan(more));
  const doctype = (subset: string, reference: string) =>
    `<!DOCTYPE mcq-test-results [${subset}]>\n${sheets(scan({ student: `&${reference};` }))
      .split('\n')
      .slice(1)
      .join('\n')}`;
  const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  const bad: [string, string | Buffer][] = [
    ['not-well-formed', sheets(scan()).slice(0, -30)],
    ['not-well-formed', ''],
    ['not-well-formed', Buffer.from('PK\u0003\u0004')],
    ['invalid-encoding', Buffer.from(two({ student: 'é' }), 'latin1')],
    ['doctype-refused', doctype(`<!ENTITY l0 "lol">${laughs}`, 'l9')],
    ['doctype-refused', doctype('<!ENTITY file SYSTEM "file:///etc/passwd">', 'file')],
    ['doctype-refused', doctype(`<!ENTITY % far SYSTEM "${api.url}/"> %far;`, 'far')],
    ['too-deep', two({ more: '<a>'.repeat(100) })],
    ['too-many-attributes', two({ more: `<a ${Array.from({ length: 1_000 }, (_, n) => `a${n}=""`).join(' ')}/>` })],
    ['missing-essential', two({ student: ' ' })],
    ['missing-essential', two({ test: '' })],
    ['invalid-marks', two({ obtained: 'many' })],
    ['invalid-marks', two({ obtained: -1 })],
    ['invalid-marks', two({ available: 20, obtained: 21 })],
    ['other-document', '<feed/>'],
  ];
  for (const [code, body] of bad) {
    const { status, body: told } = await send(tenant.keys.ingest, body);
    expect(told).toMatchObject({ code: 'document-rejected', status: 422, errors: [{ code }] });
    expect([status, told.errors[0].pointer]).toEqual([422, expect.stringMatching(/^\/line\/\d+$/)]);
    expect((await api.call('GET', `/v1/imports/${told.id}`, tenant.keys.ingest)).body).toMatchObject({
      status: 'rejected',
      importer: 'markr',
      rows: 0,
      findings: [{ code: told.errors[0].code, pointer: told.errors[0].pointer }],
    });
    const kept = await fetch(`${api.url}/v1/imports/${told.id}/body`, {
      headers: { authorization: `Bearer ${tenant.keys.tenant_admin}` },
    });
    expect(Buffer.from(await kept.arrayBuffer()).equals(Buffer.from(body as string))).toBe(true);
  }
  expect((await api.call('GET', '/results', tenant.keys.read)).body.data).toEqual([]);
  // Nothing is left for the importers to do.
  expect(await vault.run()).toBe(0);
  for (const type of ['text/xml', 'application/json', 'application/xml', ''])
    expect((await send(tenant.keys.ingest, sheets(scan()), { 'content-type': type })).status, type).toBe(415);
});

test('of a document whose sender breaks off nothing is kept', async () => {
  const tenant = await makeTenant(db);
  const { hostname, port } = new URL(api.url);
  await new Promise<void>((done) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST /import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenant.keys.ingest}\r\nContent-Type: text/xml+markr\r\nContent-Length: 500000\r\n\r\n`,
      );
      socket.write(sheets(scan()), () => socket.destroy());
    });
    socket.once('close', () => done());
  });
  await expect.poll(() => readdirSync(join(vault.folder, 'scratch'))).toEqual([]);
  expect((await api.call('GET', '/v1/imports', tenant.keys.ingest)).body.data).toEqual([]);
});

test('byte order marks, CDATA, namespaces and strangers are read, and a clock of the year 1 leaves the date open', async () => {
  const tenant = await makeTenant(db);
  const odd = sheets(
    scan({ student: '<![CDATA[002]]>299<!-- no -->' }),
    scan({ student: '2' }).replace('2017-12-04T12', '0001-01-01T00'),
    '<essay-test-result><student-number>3</student-number></essay-test-result>',
  );
  const { status, body } = await send(tenant.keys.ingest, `\ufeff${odd}`);
  expect([status, body.rows, body.findings.map(({ code }: { code: string }) => code)]).toEqual([
    202,
    2,
    ['implausible-scan-time', 'other-kind'],
  ]);
  const { rows } = await db.owner.query(
    'select student_id, date_of_test from private.student_test_results where tenant_id = $1 order by 1',
    [tenant.id],
  );
  expect(rows).toEqual([
    { student_id: '002299', date_of_test: new Date('2017-12-04T01:12:10Z') },
    { student_id: '2', date_of_test: null },
  ]);
});

test('a large document, and one whose request was killed, are read by the importers', async () => {
  const tenant = await makeTenant(db);
  const many = sheets(
    ...Array.from({ length: 6_000 }, (_, n) => scan({ student: String(n), test: 'large', obtained: n % 21 })),
  );
  const { status, body } = await send(tenant.keys.ingest, many);
  expect([status, body.status]).toEqual([202, 'stored']);
  expect((await api.call('GET', '/results/large/aggregate', tenant.keys.read)).status).toBe(404);
  expect(await vault.run()).toBe(1);
  expect((await api.call('GET', `/v1/imports/${body.id}`, tenant.keys.ingest)).body).toMatchObject({
    status: 'imported',
    rows: 6000,
    importer: 'markr',
    policy: 'lexicographic.v1',
  });
  expect(await figures(tenant.keys.read, 'large')).toMatchObject({ count: 6000, max: 100 });
  const killed = await send(tenant.keys.ingest, sheets(scan({ test: 'killed' })));
  await db.owner.query('delete from private.test_scans where import_id = $1', [killed.body.id]);
  await db.owner.query("delete from private.student_test_results where test_id = 'killed'");
  await db.owner.query(
    "update private.imports set status = 'stored', claim = gen_random_uuid(), claimed_until = now() + interval '1 minute', due_at = '-infinity', is_checked = false, done_rows = 0 where id = $1",
    [killed.body.id],
  );
  expect(await vault.run()).toBe(0);
  await db.owner.query("update private.imports set claimed_until = '-infinity' where id = $1", [killed.body.id]);
  expect(await vault.run()).toBe(1);
  expect(await figures(tenant.keys.read, 'killed')).toMatchObject({ count: 1 });
});

test('a document that is kept is never refused: while its tests are locked it is left to the importers', async () => {
  const tenant = await makeTenant(db);
  await send(tenant.keys.ingest, sheets(scan()));
  const client = await db.owner.connect();
  await client.query('begin');
  await client.query('select private.hold_tests($1, $2, null)', [tenant.id, ['1']]);
  const { status, body } = await send(tenant.keys.ingest, sheets(scan({ obtained: 20 })));
  await client.query('rollback');
  client.release();
  expect([status, body.status]).toEqual([202, 'stored']);
  await db.owner.query("update private.imports set claimed_until = '-infinity' where id = $1", [body.id]);
  await vault.run();
  expect(await figures(tenant.keys.read, '1')).toMatchObject({ count: 1, max: 100 });
});

test('reading again by another policy shows the difference first, and undoing it takes it back', async () => {
  const tenant = await makeTenant(db);
  const { ingest, tenant_admin } = tenant.keys;
  // The greatest pair is 20 of 25; each for itself they are 25 and 22.
  const { body } = await send(
    ingest,
    sheets(scan({ available: 25, obtained: 20 }), scan({ available: 24, obtained: 22 }), scan({ student: '2' })),
  );
  const read = async () =>
    (
      await db.owner.query(
        'select student_id, available_points, obtained_points from private.student_test_results where tenant_id = $1 order by 1',
        [tenant.id],
      )
    ).rows;
  const before = await read();
  expect(before[0]).toMatchObject({ student_id: '002299', available_points: 25, obtained_points: 20 });
  const reprocess = async (path: string, asked: object) => {
    const made = await api.call('POST', path, tenant_admin, asked);
    expect(made.status, made.text).toBe(202);
    await vault.run();
    return (await api.call('GET', made.headers.get('location') as string, tenant_admin)).body;
  };
  const path = `/v1/imports/${body.id}/reprocess`;
  expect(await reprocess(path, {})).toMatchObject({ status: 'completed', rows: 3, added: 0, changed: 0, removed: 0 });
  const dry = await reprocess(path, { policy: 'max-each.v1' });
  expect(dry).toMatchObject({ status: 'completed', dry_run: true, changed: 1 });
  expect((await api.call('GET', `/v1/imports/reprocess/${dry.id}/differences`, tenant_admin)).body.data).toMatchObject([
    {
      kind: 'changed',
      import_id: body.id,
      key: '1 / 002299',
      before: { obtained_points: 20 },
      after: { available_points: 25, obtained_points: 22 },
    },
  ]);
  expect(await read()).toEqual(before);
  const applied = await reprocess(path, { policy: 'max-each.v1', dry_run: false });
  expect((await read())[0]).toMatchObject({ available_points: 25, obtained_points: 22 });
  // The test keeps the policy: for later documents, and when a document is read again without one.
  const later = await send(ingest, sheets(scan({ available: 23, obtained: 23 })));
  await reprocess(`/v1/imports/${later.body.id}/reprocess`, { dry_run: false });
  expect((await read())[0]).toMatchObject({ available_points: 25, obtained_points: 23 });
  await reprocess('/v1/imports/reprocess', { undo: applied.id, dry_run: false });
  expect(await read()).toEqual(before);
});

test('scans of one student that arrive at once, one a document, end with the best', async () => {
  const tenant = await makeTenant(db);
  const marks = Array.from({ length: 24 }, (_, n) => [20 + (n % 3), (n * 7) % 20] as const);
  const sent = await Promise.all(
    marks.map(async ([available, obtained], n) => {
      const sheet = sheets(scan({ available, obtained }));
      // A busy platform asks to send again.
      for (;;) {
        const answer = await (n % 2
          ? send(tenant.keys.ingest, sheet)
          : api.call('POST', '/v1/imports', tenant.keys.ingest, sheet, XML));
        if (answer.status !== 429 && answer.status !== 503) return answer;
      }
    }),
  );
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 202));
  // One whose request could not read it is the importers' after a minute.
  await db.owner.query("update private.imports set claimed_until = '-infinity' where tenant_id = $1 and due_at is not null", [
    tenant.id,
  ]);
  await Promise.all([vault.run(), vault.run()]);
  const [, best] = marks.filter(([available]) => available === 22).toSorted(([, a], [, b]) => b - a)[0] as [number, number];
  const { rows } = await db.owner.query('select * from private.student_test_results where tenant_id = $1', [tenant.id]);
  expect(rows).toMatchObject([{ available_points: 22, obtained_points: best }]);
  expect(rows[0].origins_import_vault).toEqual(sent.map(({ body }) => body.id).sort());
});
