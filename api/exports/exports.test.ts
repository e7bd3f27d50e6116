import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { withTenant } from '../../sql/database/db.ts';
import { updateTenant } from '../../sql/tenants/tenants.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { DAY, idsFrom, plantEvents, useExports } from '../../test/support/exports.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';
import { asThePathSays, useReceiver } from '../../test/support/receiver.ts';

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder, ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
const receiver = await useReceiver(asThePathSays);
const tenant = await makeTenant(db);
const other = await makeTenant(db);
await plantEvents(db, tenant, 1_500);

const window = () => ({ from: new Date(Date.now() - 30 * DAY).toISOString(), to: new Date(Date.now() + DAY).toISOString() });
const ask = (body: object, key = tenant.keys.export, headers = {}) =>
  api.call('POST', '/v1/exports', key, { dataset: 'events', format: 'csv', ...window(), ...body }, headers);
const show = (id: string, key = tenant.keys.export) => api.call('GET', `/v1/exports/${id}`, key);

async function complete(
  body: object = {},
): Promise<{ id: string; files: { name: string; url: string; sha256: string; bytes: number }[] }> {
  const { body: asked } = await ask(body);
  await exports.run();
  const { body: shown } = await show(asked.id);
  expect(shown.status).toBe('completed');
  return { id: asked.id, files: shown.manifest.files };
}

test('an export is requested, written, listed, and shown with its manifest', async () => {
  const { status, body, headers } = await ask({ format: 'ndjson' });
  expect([status, body.status, headers.get('location')]).toEqual([202, 'queued', `/v1/exports/${body.id}`]);
  await exports.run();
  const shown = (await show(body.id)).body;
  expect(shown).toMatchObject({
    status: 'completed',
    progress: 100,
    manifest: { export_id: body.id, rows: 1_500, last_export: null },
  });
  expect(Date.parse(shown.manifest.settled_at)).toBeLessThanOrEqual(Date.now());
  expect(shown.manifest.files.length).toBe(2);
  const list = (await api.call('GET', '/v1/exports?limit=1', tenant.keys.export)).body;
  expect([list.data[0].id, list.data[0].manifest, typeof list.next_cursor]).toEqual([body.id, undefined, 'string']);
  expect((await show(body.id, other.keys.export)).status).toBe(404);
  expect((await api.call('GET', '/v1/exports', other.keys.export)).body.data).toEqual([]);
  expect((await show(body.id, tenant.keys.read)).body.code).toBe('wrong-scope');
});

test('repeated requests with one Idempotency-Key create one export', async () => {
  const body = { dataset: 'events', format: 'csv', ...window() };
  const once = () => api.call('POST', '/v1/exports', tenant.keys.export, body, { 'idempotency-key': 'one' });
  const [first, again] = [await once(), await once()];
  expect([first.status, again.status, again.body]).toEqual([202, 202, first.body]);
  await exports.run();
});

test('a file is read in full and in part, with a key and by its signed address', async () => {
  const { id, files } = await complete();
  const [file] = files as [(typeof files)[number]];
  const url = `${api.url}/v1/exports/${id}/files/${encodeURIComponent(file.name)}`;
  const key = { authorization: `Bearer ${tenant.keys.export}` };
  const whole = await fetch(url, { headers: key });
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect([whole.status, whole.headers.get('content-length'), whole.headers.get('etag')]).toEqual([
    200,
    String(file.bytes),
    `"${file.sha256}"`,
  ]);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
  expect(whole.headers.get('repr-digest')).toBe(`sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`);
  expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="${file.name}"`);
  const read = async (headers: Record<string, string>, method = 'GET', address = file.url) => {
    const answer = await fetch(address, { method, headers });
    return { status: answer.status, range: answer.headers.get('content-range'), body: Buffer.from(await answer.arrayBuffer()) };
  };
  expect((await read({})).body.equals(bytes)).toBe(true);
  const part = await read({ range: 'bytes=10-19' });
  expect([part.status, part.range, part.body.equals(bytes.subarray(10, 20))]).toEqual([206, `bytes 10-19/${file.bytes}`, true]);
  const tail = await read({ range: 'bytes=-5', 'if-range': `"${file.sha256}"` });
  expect([tail.status, tail.body.equals(bytes.subarray(-5))]).toEqual([206, true]);
  expect((await read({ range: 'bytes=-5', 'if-range': '"other"' })).body.length).toBe(file.bytes);
  expect((await read({ range: 'bytes=0-1,3-4' })).status).toBe(200);
  expect(await read({ range: `bytes=${file.bytes}-` })).toMatchObject({ status: 416, range: `bytes */${file.bytes}` });
  expect((await read({ 'if-none-match': `"${file.sha256}"` })).status).toBe(304);
  const head = await fetch(file.url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(file.bytes), '']);
});

const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer };

test.skipIf(!zstdDecompressSync)('a file compressed with zstd has the same content as an uncompressed one', async () => {
  const bytesOf = async (body: object) => {
    const [file] = (await complete({ ...body, ...bounds })).files;
    return Buffer.from(await (await fetch(file?.url as string)).arrayBuffer());
  };
  const bounds = window();
  const [plain, packed] = [await bytesOf({}), await bytesOf({ compression: 'zstd' })];
  expect(packed.length).toBeLessThan(plain.length);
  expect(zstdDecompressSync?.(packed).equals(plain)).toBe(true);
});

test('a window with microseconds selects the same events in lists, metrics and exports', async () => {
  const who = await makeTenant(db);
  const day = new Date(Date.now() - DAY).toISOString().slice(0, 10);
  const at = (micros: string) => `${day}T09:00:00.${micros}Z`;
  const events = ['000600', '000800', '001100'].map((micros, n) => ({
    type: 't.micro',
    id: `m${n + 1}`,
    source: '/s',
    time: at(micros),
  }));
  expect((await api.call('POST', '/v1/events', who.keys.ingest, events)).body.accepted).toBe(3);
  const wide = { from: `${day}T00:00:00Z`, to: `${day}T23:00:00Z` };
  for (const [window, ids] of [
    [{ ...wide, from: at('000700') }, ['m2', 'm3']],
    [{ ...wide, to: at('000700') }, ['m1']],
    [{ from: at('000500'), to: at('000700') }, ['m1']],
    [{ from: at('000800'), to: at('001100') }, ['m2']],
  ] as const) {
    const query = new URLSearchParams(window);
    const listed = await api.call('GET', `/v1/events?${query}`, who.keys.read);
    expect(listed.body.data.map(({ id }: Json) => id).sort()).toEqual(ids);
    const streamed = await api.call('GET', `/v1/exports/stream?dataset=events&format=ndjson&${query}`, who.keys.export);
    expect(
      streamed.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(ids);
    const counted = await api.call('GET', `/v1/metrics/events.count?interval=total&${query}`, who.keys.read);
    expect([counted.body.data[0].value, counted.body.from]).toEqual([ids.length, window.from.replace(/:00Z$/, ':00.000Z')]);
    const asked = await ask({ ...window, format: 'ndjson' }, who.keys.export);
    await exports.run();
    const { body } = await show(asked.body.id, who.keys.export);
    expect([Date.parse(body.from), body.manifest.from]).toEqual([Date.parse(window.from), body.from]);
    const file = await fetch(body.manifest.files[0].url);
    expect(
      (await file.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual(ids);
  }
});

test('a file with a slash in its name is read by that name, encoded or not', async () => {
  const { id, files } = await complete({ format: 'parquet' });
  const [file] = files as [(typeof files)[number]];
  expect(file.name).toContain('/');
  for (const name of [file.name, encodeURIComponent(file.name)]) {
    const answer = await fetch(`${api.url}/v1/exports/${id}/files/${name}`, {
      headers: { authorization: `Bearer ${tenant.keys.export}` },
    });
    expect([
      answer.status,
      Buffer.from(await answer.arrayBuffer())
        .subarray(0, 4)
        .toString(),
    ]).toEqual([200, 'PAR1']);
  }
  expect((await api.call('GET', `/v1/exports/${id}/files/day=2026-01-01/../x`, tenant.keys.export)).status).toBe(404);
});

test('a signed address opens only its own file, and expires with the file, its key and the feature', async () => {
  const { id, files } = await complete();
  const [first, second] = files as [(typeof files)[number], (typeof files)[number]];
  const token = new URL(first.url).searchParams.get('token') ?? '';
  const open = async (address: string) => (await fetch(address)).status;
  const at = (name: string, one = token) => `${api.url}/v1/exports/${id}/files/${name}?token=${one}`;
  expect(await open(at(second.name))).toBe(401);
  const foreign = (await complete()).id;
  expect(await open(`${api.url}/v1/exports/${foreign}/files/${first.name}?token=${token}`)).toBe(401);
  for (const forged of ['', 'x', token.slice(0, -1), `${token}A`, token.replace(/\.[^.]+$/, '.'), token.toUpperCase()])
    expect(await open(at(first.name, forged)), forged).toBe(401);
  const viewer = await api.call('POST', '/v1/dashboards/validations-overview/embeds', tenant.keys.embed, { params: {} });
  expect(await open(at(first.name, new URL(viewer.body.viewer_url).searchParams.get('token') ?? ''))).toBe(401);
  expect((await api.call('GET', `/v1/exports/${id}/files/${first.name}`, other.keys.export)).status).toBe(404);
  expect((await api.call('GET', `/v1/exports/${id}/files/${first.name}`)).status).toBe(401);
  const feature = (exports: boolean) =>
    withTenant(db.api, tenant.id, (client) => updateTenant(client, tenant.id, { features: { exports } }), 'login');
  await feature(false);
  expect(await open(first.url)).toBe(403);
  await feature(true);
  expect(await open(first.url)).toBe(200);
  const gone = await api.call('DELETE', `/v1/exports/${id}`, tenant.keys.export);
  expect([gone.status, gone.body.status]).toEqual([200, 'deleted']);
  expect(await open(first.url)).toBe(404);
  await exports.run();
  expect(await exports.unaccounted()).toEqual([]);
  expect((await exports.files(tenant, id)).map(({ object }) => object)).toEqual(files.map(() => null));
  const shown = (await show(id)).body;
  const { url: _, ...rest } = first;
  expect(shown.manifest.files[0]).toEqual(rest);
});

test('a signed address expires with the key that created it', async () => {
  const made = await api.call('POST', `/v1/tenants/${tenant.id}/keys`, await makeOperatorKey(db), {
    name: 'x',
    scopes: ['export'],
  });
  const { id } = await complete();
  const { url } = (await show(id, made.body.key)).body.manifest.files[0];
  expect((await fetch(url)).status).toBe(200);
  await api.call('DELETE', `/v1/tenants/${tenant.id}/keys/${made.body.id}`, await makeOperatorKey(db));
  expect((await fetch(url)).status).toBe(401);
});

test('creation, download and deletion are in the audit log; a download in parts is there once', async () => {
  const { id, files } = await complete();
  const url = files[0]?.url ?? '';
  for (const range of ['bytes=0-9', 'bytes=5-19', 'bytes=-3']) await fetch(url, { headers: { range } });
  await fetch(url, { method: 'HEAD' });
  await api.call('DELETE', `/v1/exports/${id}`, tenant.keys.export);
  const { body } = await api.call('GET', '/v1/audit-log?limit=1000', tenant.keys.tenant_admin);
  const acts = body.data.filter(({ target }: { target: string }) => target === id);
  expect(acts.map(({ action }: { action: string }) => action).sort()).toEqual([
    'export.changed',
    'export.created',
    'export.downloaded',
  ]);
  expect(acts.every(({ actor }: { actor: { key_id: string } }) => actor.key_id === tenant.keyIds.export)).toBe(true);
  await expect
    .poll(
      async () =>
        (
          await db.owner.query("select uses from private.feature_uses where tenant_id = $1 and feature = 'exports'", [
            tenant.id,
          ])
        ).rows[0]?.uses,
    )
    .toBeGreaterThan(5);
});

test('a signed webhook reports success and failure, and its secret is shown once', async () => {
  const notify_url = `${receiver.url}/204`;
  const first = await ask({ notify_url });
  expect(first.body.webhook_secret).toMatch(/^whsec_/);
  const second = await ask({ notify_url });
  expect(second.body.webhook_secret).toBeUndefined();
  expect(second.body.notification).toMatchObject({ endpoint_id: first.body.notification.endpoint_id, status: null });
  await exports.run();
  const told = receiver.received.map(({ headers, body }) => {
    new Webhook(first.body.webhook_secret).verify(body, headers as Record<string, string>);
    return JSON.parse(body);
  });
  expect(told.map(({ type, data }) => [type, data.export.id, data.export.rows]).sort()).toEqual(
    [first, second].map(({ body }) => ['export.completed', body.id, 1_500]).sort(),
  );
  expect((await show(first.body.id)).body.notification).toMatchObject({ status: 'delivered', attempts: 1, response_code: 204 });
  const third = await ask({ notify_url });
  await db.owner.query('update private.export_jobs set attempts = 99 where id = $1', [third.body.id]);
  await exports.run();
  expect((await show(third.body.id)).body).toMatchObject({
    status: 'failed',
    error: 'interrupted',
    notification: { status: 'delivered' },
  });
});

test('invalid requests are refused with an explanation', async () => {
  const refused = async (body: object) => {
    const answer = await ask(body);
    return [
      answer.status,
      ...(answer.body.errors ?? [answer.body]).map(
        ({ pointer, code }: { pointer?: string; code: string }) => `${pointer ?? ''} ${code}`,
      ),
    ];
  };
  const { to } = window();
  expect(await refused({ from: to, to })).toEqual([400, '/from empty-window']);
  expect(await refused({ from: '1990-01-01T00:00:00Z' })).toEqual([400, '/from out-of-range']);
  expect(await refused({ from: '0000-01-01T00:00:00+23:00', to: '0000-01-02T00:00:00Z' })).toEqual([
    400,
    '/from out-of-range',
    '/to out-of-range',
  ]);
  expect(await refused({ format: 'parquet', compression: 'gzip', bom: true })).toEqual([
    400,
    '/bom not-of-format',
    '/compression not-of-format',
  ]);
  expect(await refused({ decimal: ',' })).toEqual([400, '/decimal not-of-format']);
  expect(await refused({ filter: { subject: 'x', color: 'y' } })).toEqual([
    400,
    '/filter/subject unknown-dimension',
    '/filter/color unknown-dimension',
  ]);
  expect(await refused({ dataset: 'metrics', filter: { interval: 'week', metric: 'x' } })).toEqual([
    400,
    '/filter/interval unknown-interval',
    '/filter/metric unknown-metric',
  ]);
  expect(await refused({ since: '01900000-0000-7000-8000-000000000000' })).toEqual([400, '/since unknown-export']);
  expect(await refused({ notify_url: 'ftp://x/' })).toEqual([400, '/notify_url custom']);
  expect(await refused({ dataset: undefined, to: undefined })).toEqual([400, '/dataset invalid-type', '/to invalid-type']);
  expect(await refused({ format: 'xlsx' })).toEqual([400, '/format invalid-value']);
});

test('an export continues another one that is complete and has the same options', async () => {
  const { id } = await complete({ filter: { type: ['test.1.v1', 'test.2.v1'] } });
  const go = (body: object) => api.call('POST', '/v1/exports', tenant.keys.export, { format: 'csv', since: id, ...body });
  const faults = (body: { errors?: { pointer: string; code: string }[] }) =>
    body.errors?.map(({ pointer, code }) => `${pointer} ${code}`);
  expect(faults((await go({ ...window(), filter: { type: 'test.1.v1' } })).body)).toEqual([
    '/from differs-from-since',
    '/filter differs-from-since',
  ]);
  expect(faults((await go({ to: new Date().toISOString() })).body)).toEqual(['/to differs-from-since']);
  expect(faults((await go({ dataset: 'metrics', filter: {} })).body)).toEqual(['/since not-incremental']);
  await plantEvents(db, tenant, 6, 'late', 20);
  const next = await go({});
  expect(next.status).toBe(202);
  expect((await api.call('POST', '/v1/exports', tenant.keys.export, { format: 'csv', since: next.body.id })).body.code).toBe(
    'export-not-completed',
  );
  await exports.run();
  expect((await exports.idsIn(tenant, next.body.id)).sort()).toEqual(idsFrom(6, 'late').filter((_, i) => (i + 1) % 3 !== 0));
  expect((await show(next.body.id)).body.manifest).toMatchObject({
    since: { id },
    last_export: { id },
    restatements: { count: 0 },
    erasures: [],
  });
});

test('a tenant has a limited number of running exports, and a cancelled export is not written', async () => {
  const lone = await makeTenant(db);
  const asked = [];
  for (let i = 0; i < 6; i++) asked.push(await ask({}, lone.keys.export));
  expect(asked.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202, 409]);
  expect(asked[5]?.body.code).toBe('export-limit');
  const gone = await api.call('DELETE', `/v1/exports/${asked[0]?.body.id}`, lone.keys.export);
  expect(gone.body.status).toBe('cancelled');
  expect((await api.call('DELETE', `/v1/exports/${asked[0]?.body.id}`, tenant.keys.export)).status).toBe(404);
  expect((await ask({}, lone.keys.export)).status).toBe(202);
  await exports.run();
  expect((await show(asked[0]?.body.id, lone.keys.export)).body.status).toBe('cancelled');
});
