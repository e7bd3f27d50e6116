import { expect, test } from 'vitest';
import type { Json } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';
import { useVault } from './support/imports.ts';

const db = await useDatabase();
const vault = await useVault(db, { RAW_RETENTION_DAYS: '36500' });
const { api, send } = vault;
const ORDERS = { type: { value: 'com.example.order.v1' }, id: 'order', time: 'at', subject: 'buyer', numbers: ['amount'] };
const mapping = JSON.stringify(ORDERS);
const HEAD = 'order,at,buyer,amount,note';
const at = (minute: number) => new Date(Date.now() - minute * 60_000).toISOString();

async function tenantWithEvents() {
  const tenant = await makeTenant(db);
  const events = async (query = ''): Promise<Json[]> =>
    (await api.call('GET', `/v1/events${query}`, tenant.keys.read)).body.data;
  const csv = (body: string | Uint8Array, type = 'text/csv') => send(tenant.keys.ingest, type, body, { mapping });
  return { tenant, events, csv };
}

test('rows of a CSV file become events, with pseudonyms, and the same file again changes nothing', async () => {
  const { tenant, events, csv } = await tenantWithEvents();
  const body = `\ufeff${HEAD}\r\n1,${at(1)},ana,19.90,"a ""b"",\r\nc"\n2,${at(2)},bob,x,\r3,,,,\r\n\r\n4,yesterday,eve,1,\r\nshort,row\r\n`;
  const first = await csv(body);
  expect(first).toMatchObject({
    status: 'imported',
    importer: 'csv-events',
    rows: 3,
    counts: { read: 4, accepted: 3, quarantined: 1 },
    progress: 100,
  });
  expect(first.findings.map(({ code, pointer }: Json) => [code, pointer])).toEqual([
    ['column-count', expect.stringMatching(/^\/line\/\d+$/)],
    ['invalid-time', '/rows/3'],
  ]);
  const stored = await events();
  expect(stored).toHaveLength(3);
  expect(stored.find(({ id }) => id === '1').data).toEqual({ amount: 19.9, note: 'a "b",\r\nc' });
  expect(stored.find(({ id }) => id === '2').data).toEqual({ amount: 'x', note: '' });
  expect(stored.find(({ id }) => id === '1').subject).toMatch(/^sub_|^[\w-]{20,}$/);
  const second = await csv(body);
  expect(second).toMatchObject({ status: 'imported', rows: 0, counts: { duplicates: 3, quarantined: 1 } });
  expect(await events()).toEqual(stored);
  const quarantined = await api.call('GET', '/v1/quarantine', tenant.keys.tenant_admin);
  expect(quarantined.body.data.map(({ code }: Json) => code)).toEqual(['invalid-time', 'invalid-time']);

  // Lineage both ways.
  for (const { id } of [first, second]) expect(await events(`?import=${id}`)).toHaveLength(3);
  const { body: of } = await api.call('GET', '/v1/imports?event=1', tenant.keys.ingest);
  expect(of.data.map(({ id }: Json) => id)).toEqual([second.id, first.id]);
  expect((await api.call('GET', '/v1/imports?event=1&event_source=x', tenant.keys.ingest)).body.data).toEqual([]);
});

test('a document with a fault is refused whole: nothing is written, and its body stays', async () => {
  const { tenant, events, csv } = await tenantWithEvents();
  const row = `1,${at(1)},ana,1,`;
  const wide = Array.from({ length: 1_001 }, (_, n) => `c${n}`).join(',');
  const cases: [string, string | Uint8Array, string?][] = [
    ['truncated', `${HEAD}\n${row}x\n2,${at(1)},bob,1,"cut of`],
    ['stray-quote', `${HEAD}\n${row}x\n2,${at(1)},bob,1,"a"b\n`],
    ['stray-quote', `${HEAD}\n${row}x\n2,${at(1)},bob,1,a"b"\n`],
    ['invalid-encoding', Buffer.concat([Buffer.from(`${HEAD}\n${row}x\n`), Buffer.from([0x31, 0xe9, 0x2c])])],
    ['unknown-charset', `${HEAD}\n${row}x\n`, 'text/csv; charset=klingon'],
    ['not-text', Buffer.from('504b030414000000', 'hex')],
    ['not-text', `${HEAD}\n1\u0000,,,,\n`],
    ['too-many-columns', `${wide}\n`],
    ['duplicate-column', 'order,at,buyer,amount,order\n'],
    ['column-missing', 'order,at\n1,2\n'],
    ['line-too-long', `${HEAD}\n1,${at(1)},ana,1,"${'x'.repeat(1_100_000)}\n`],
    ['empty', ''],
  ];
  for (const [code, body, type] of cases) {
    const refused = await csv(body, type);
    expect([code, refused.status, refused.findings.map((finding: Json) => finding.code), refused.rows]).toEqual([
      code,
      'rejected',
      [code],
      0,
    ]);
    const kept = await fetch(`${api.url}/v1/imports/${refused.id}/body`, {
      headers: { authorization: `Bearer ${tenant.keys.tenant_admin}` },
    });
    expect(Buffer.from(await kept.arrayBuffer()).equals(Buffer.from(body))).toBe(true);
  }
  expect(await events()).toEqual([]);
});

test('a thousand columns, another charset and a delimiter are read', async () => {
  const { tenant, events } = await tenantWithEvents();
  const columns = Array.from({ length: 999 }, (_, n) => `c${n}`);
  const wide = await send(
    tenant.keys.ingest,
    'text/csv',
    `type,${columns.join(',')}\na.b.v1,${columns.map(() => 'é').join(',')}\n`,
  );
  expect(wide).toMatchObject({ status: 'imported', rows: 1, findings: [] });
  const latin = Buffer.from(`type;word\na.b.v1;não\n`, 'latin1');
  const german = { mapping: JSON.stringify({ delimiter: ';' }) };
  expect(await send(tenant.keys.ingest, 'text/csv; charset=iso-8859-1', latin, german)).toMatchObject({ rows: 1 });
  expect((await events()).map(({ data }) => data.word ?? data.c0).sort()).toEqual(['não', 'é']);
});

test('NDJSON is read as it is, or by a mapping', async () => {
  const { tenant, events } = await tenantWithEvents();
  const line = (id: string, more = {}) => JSON.stringify({ type: 'a.b.v1', id, time: at(3), ...more });
  const plain = await send(tenant.keys.ingest, 'application/x-ndjson', `${line('1')}\n\n{"oops\r\n${line('2')}\n[1]`);
  expect(plain).toMatchObject({ rows: 2, counts: { read: 4, accepted: 2, rejected: 2 } });
  expect(plain.findings.map(({ code, pointer }: Json) => [code, pointer])).toEqual([
    ['invalid-json', '/rows/1'],
    ['not-an-object', '/rows/3'],
  ]);
  const mapped = await send(
    tenant.keys.ingest,
    'application/x-ndjson',
    '{"order":"7","amount":"3","buyer":"ana"}\n{"order":"8"}\nno\n',
    { mapping },
  );
  expect(mapped).toMatchObject({ rows: 2, findings: [{ code: 'not-an-object', pointer: '/line/3' }] });
  expect((await events()).map(({ id }) => id).sort()).toEqual(['1', '2', '7', '8']);
});

test('access logs become requests, also those of nova', async () => {
  const { tenant, events } = await tenantWithEvents();
  const day = new Date(Date.now() - 3_600_000).toUTCString().split(' ');
  const stamp = `${day[1]}/${day[2]}/${day[3]}:${day[4]} +0000`;
  const log = `203.0.113.7 - ana [${stamp}] "GET /shops/42?x=1 HTTP/1.1" 502 17 "-" "curl \\"8\\""\nnoise\n203.0.113.7 - - [${stamp}] "POST /login HTTP/2.0" 204 -\n`;
  const combined = await send(tenant.keys.ingest, 'text/x-access-log', log);
  expect(combined).toMatchObject({ rows: 2, findings: [{ code: 'not-a-request', pointer: '/line/2' }] });
  const [one, two] = (await events()).sort((a, b) => (a.data.route < b.data.route ? -1 : 1));
  expect(one.data).toEqual({ route: '/login', method: 'POST', status: 204, outcome: 'success' });
  expect(two.data).toEqual({ route: '/shops/:id', method: 'GET', status: 502, bytes: 17, outcome: 'failure' });
  expect(JSON.stringify([one, two])).not.toContain('203.0.113');
  // A platform that keeps raw events for ten years has the partitions.
  await db.owner.query("update storage.hypertables set retained_from = '-infinity'");
  await db.owner.query("select storage.make_partitions('events', '2017-05-15', '2017-05-17')");
  const nova = `nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [req-1 113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - -] 10.11.10.1 "GET /v2/54fadb412c4e40cdbaed9335e4c35a9e/servers/detail HTTP/1.1" status: 200 len: 1893 time: 0.2477829\n`;
  expect(await send(tenant.keys.ingest, 'text/x-nova-log', nova)).toMatchObject({ status: 'imported', rows: 1 });
  const [old] = await events('?to=2018-01-01T00:00:00Z');
  expect(old).toMatchObject({
    time: '2017-05-16T00:00:00.008Z',
    data: { route: '/v2/:id/servers/detail', duration_ms: 247.7829 },
  });
});

test('a document of a revoked key is refused with its body safe', async () => {
  const { tenant, events } = await tenantWithEvents();
  const sent = await api.call('POST', '/v1/imports', tenant.keys.ingest, 'type\na.b.v1\n', { 'content-type': 'text/csv' });
  await db.owner.query('update private.api_keys set revoked_at = now() where id = $1', [tenant.keyIds.ingest]);
  await vault.run();
  const { body } = await api.call('GET', `/v1/imports/${sent.body.id}`, tenant.keys.tenant_admin);
  expect(body).toMatchObject({ status: 'rejected', findings: [{ code: 'key-revoked' }] });
  expect(await events()).toEqual([]);
});
