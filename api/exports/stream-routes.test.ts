import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { v4 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { storeEvents } from '../../sql/events/events.ts';
import { csvHeader } from '../../sql/exports/rows.ts';
import { useApi } from '../../test/support/api.ts';
import { jobDeps, useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { nastyEvents } from '../../test/support/nasty-events.ts';
import { openRaw } from '../../test/support/raw-http.ts';

const PATH = '/v1/exports/stream';
/** More rows than all buffers between PostgreSQL and a client can hold. */
const LARGE = 60_000;
const from = new Date(Date.now() - 86_400_000).toISOString();
const to = new Date(Date.now() + 86_400_000).toISOString();

const db = await useDatabase();
const api = await useApi(db, { EXPORT_CONNECTIONS: '2' });
const [tenant, other, large] = [await makeTenant(db), await makeTenant(db), await makeTenant(db)];
await storeEvents(db.api, nastyEvents(tenant.keyIds.ingest, 100, 1));
await storeEvents(db.api, nastyEvents(other.keyIds.ingest, 30, 2));
await db.owner.query(
  `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, data)
   select $1, now() - n * interval '1 ms', gen_random_uuid(), now(), 'large.v1', 'test', 1000, jsonb_build_object('filling', repeat('x', 1000))
   from generate_series(1, $2::integer) n`,
  [large.id, LARGE],
);

const address = (query: Record<string, string> = {}) =>
  `${PATH}?${new URLSearchParams({ dataset: 'events', from, to, ...query })}`;
const get = (query: Record<string, string> = {}, headers: Record<string, string> = {}, key = tenant.keys.export) =>
  api.call('GET', address(query), key, undefined, headers);

type Whole = { head: IncomingMessage; body: Buffer; trailers: NodeJS.Dict<string>; complete: boolean };

// As node's client sees it: with trailers, and whether the answer is complete.
function open(key: string, query: Record<string, string> = {}, headers: Record<string, string> = {}, method = 'GET') {
  const asked = request(api.url + address(query), {
    method,
    agent: false,
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
  const head = new Promise<IncomingMessage>((done, fail) => asked.once('response', done).once('error', fail));
  asked.end();
  return { asked, head };
}

async function whole(
  key: string,
  query?: Record<string, string>,
  headers?: Record<string, string>,
  method?: string,
): Promise<Whole> {
  const head = await open(key, query, headers, method).head;
  const chunks: Buffer[] = [];
  head.on('data', (chunk) => chunks.push(chunk));
  await new Promise<void>((done) => head.once('close', done));
  return { head, body: Buffer.concat(chunks), trailers: head.trailers, complete: head.complete };
}

// Each row begins with an id. No line inside a text does.
const UUID_AT_START = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=,)/gm;
const idsOf = async (tenantId: string) =>
  new Set(
    (await db.owner.query<{ id: string }>('select id from private.events where tenant_id = $1', [tenantId])).rows.map(
      ({ id }) => id,
    ),
  );

const digestOf = (body: Buffer) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
const running = async () =>
  (
    await db.api.query<{ pid: number; state: string }>(
      "select pid, state from pg_stat_activity where application_name = 'mirante exports' and datname = current_database() and state <> 'idle'",
    )
  ).rows;

describe('a whole answer', () => {
  test('has a header line, every row, a file name, and trailers that prove it complete', async () => {
    const { head, body, trailers, complete } = await whole(tenant.keys.export);
    expect([head.statusCode, complete]).toEqual([200, true]);
    expect(head.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(head.headers['content-disposition']).toMatch(/^attachment; filename="events_[\dT-]+Z?.*\.csv"$/);
    expect(head.headers.trailer).toBe('Content-Digest, Repr-Digest, Mirante-Rows');
    expect(body.toString().startsWith(csvHeader('events', ','))).toBe(true);
    expect(trailers).toEqual({ 'content-digest': digestOf(body), 'repr-digest': digestOf(body), 'mirante-rows': '100' });
  });

  test('has the same content when compressed, and its digest covers the bytes that were sent', async () => {
    const plain = await whole(tenant.keys.export, { format: 'ndjson' });
    const zipped = await whole(tenant.keys.export, { format: 'ndjson' }, { 'accept-encoding': 'gzip' });
    expect(zipped.head.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(zipped.body)).toEqual(plain.body);
    expect(zipped.trailers['repr-digest']).toBe(digestOf(zipped.body));
    expect(zipped.trailers['mirante-rows']).toBe('100');
    const lines = plain.body.toString().split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line).specversion)).toEqual(Array(100).fill('1.0'));
  });

  test('for Excel it begins with a byte order mark and uses semicolons; an empty window has only a header line', async () => {
    const { body } = await whole(tenant.keys.export, {
      bom: 'true',
      delimiter: ';',
      decimal: ',',
      to: from.replace(/^\d+/, '2001'),
      from: '2000-01-01T00:00:00Z',
    });
    expect(body.toString()).toBe(`\ufeff${csvHeader('events', ';')}`);
    const nothing = await whole(tenant.keys.export, {
      format: 'ndjson',
      to: '2001-01-01T00:00:00Z',
      from: '2000-01-01T00:00:00Z',
    });
    expect([nothing.body.length, nothing.trailers['mirante-rows'], nothing.trailers['content-digest']]).toEqual([
      0,
      '0',
      digestOf(Buffer.alloc(0)),
    ]);
  });

  test('rows exported as NDJSON and sent again are all duplicates, if nothing is concealed', async () => {
    const sound = Array.from({ length: 20 }, (_, n) => ({
      id: n % 2 ? v4() : `n-${n}`,
      type: 'again.v1',
      source: 's"\n',
      time: new Date(Date.now() - n).toISOString(),
      trace: 'é',
      data: { n, big: 1.5 },
    }));
    expect((await api.call('POST', '/v1/events', other.keys.ingest, sound)).body.accepted).toBe(20);
    const { body } = await whole(other.keys.export, { format: 'ndjson', type: 'again.v1' });
    const again = await api.call('POST', '/v1/events', other.keys.ingest, body, { 'content-type': 'application/x-ndjson' });
    expect(again.body).toMatchObject({ received: 20, duplicates: 20 });
  });

  test('HEAD has the same headers, no trailers and no body', async () => {
    const { head, body } = await whole(tenant.keys.export, {}, {}, 'HEAD');
    expect([head.statusCode, body.length, head.headers.trailer]).toEqual([200, 0, undefined]);
    expect(head.headers['content-disposition']).toMatch(/\.csv"$/);
    expect(head.headers.etag).toMatch(/^W\//);
  });

  test('its Link header points to metadata of the columns', async () => {
    const { headers } = await get({ delimiter: ';', decimal: ',' });
    const path = /^<([^>]+)>; rel="describedby"/.exec(headers.get('link') ?? '')?.[1] as string;
    const found = await api.call('GET', path, tenant.keys.export);
    expect(found.headers.get('content-type')).toBe('application/csvm+json; charset=utf-8');
    expect(found.body.dialect).toMatchObject({ delimiter: ';', header: true });
    const names = found.body.tableSchema.columns.map(({ name }: { name: string }) => name);
    expect(`${names.join(';')}\r\n`).toBe(csvHeader('events', ';'));
    expect(found.body.tableSchema.columns).toContainEqual(
      expect.objectContaining({
        name: 'duration_ms',
        datatype: { base: 'double', format: { decimalChar: ',' } },
        'schema:unitText': 'ms',
      }),
    );
  });
});

describe('permissions and parameters', () => {
  test('each tenant gets only its own rows, in every format and dataset', async () => {
    for (const who of [tenant, other]) {
      const { body } = await whole(who.keys.export, { format: 'csv' });
      expect(new Set(body.toString().match(UUID_AT_START))).toEqual(await idsOf(who.id));
      const figures = await whole(who.keys.export, { dataset: 'metrics', metric: 'events.count', format: 'ndjson' });
      expect(figures.body.toString()).not.toContain('large.v1');
    }
  });

  test('a key of another scope, a disabled feature, HTTP/1.0 and invalid parameters are refused', async () => {
    for (const key of [tenant.keys.read, tenant.keys.ingest, tenant.keys.tenant_admin])
      expect((await get({}, {}, key)).body.code).toBe('wrong-scope');
    const off = await makeTenant(db, { features: { exports: false } });
    expect((await get({}, {}, off.keys.export)).body.code).toBe('feature-disabled');
    const bad: [Record<string, string>, string][] = [
      [{ dataset: 'tenants' }, '/dataset'],
      [{ from: 'yesterday' }, '/from'],
      [{ from: to, to: from }, '/from'],
      [{ from: '0001-01-01T00:00:00Z' }, '/from'],
      [{ format: 'parquet' }, '/format'],
      [{ format: 'ndjson', bom: 'true' }, '/bom'],
      [{ delimiter: '|' }, '/delimiter'],
      [{ decimal: ',' }, '/decimal'],
      [{ metric: 'events.count' }, '/metric'],
      [{ dataset: 'metrics', metric: 'nothing' }, '/metric'],
      [{ dataset: 'metrics', interval: 'week' }, '/interval'],
      [{ dataset: 'metrics', subject: 'x' }, '/subject'],
      [{ tenant_id: other.id }, ''],
    ];
    for (const [query, pointer] of bad) {
      const { status, body, headers } = await get(query);
      expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'invalid-request', pointer]);
      expect([headers.get('trailer'), headers.get('etag')]).toEqual([null, null]);
    }
    const { socket, answer } = openRaw(api.url);
    socket.write(`GET ${address()} HTTP/1.0\r\nAuthorization: Bearer ${tenant.keys.export}\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 426 [\s\S]*"code":"old-http"/);
    expect((await get()).status).toBe(200);
  });

  test('a subject is found by its plain value where it was stored as a pseudonym', async () => {
    const type = 'person.seen.v1';
    const schema = { schema: { type: 'object' }, mode: 'observe', subject: 'pseudonymised' };
    await api.call('PUT', `/v1/event-types/${type}`, other.keys.tenant_admin, schema);
    await api.call('POST', '/v1/events', other.keys.ingest, [
      { id: v4(), type, source: 's', time: new Date().toISOString(), subject: 'ana@example.org' },
    ]);
    const { body, trailers } = await whole(other.keys.export, { format: 'ndjson', subject: 'ana@example.org' });
    expect(trailers['mirante-rows']).toBe('1');
    expect(body.toString()).not.toContain('ana@');
  });
});

describe('an answer that breaks off', () => {
  test('when the client disconnects, the statement is cancelled at once and the connection serves the next request', async () => {
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      const { asked, head } = open(large.keys.export, {}, headers as Record<string, string>);
      const answer = await head;
      answer.on('error', () => undefined);
      await new Promise((done) => answer.once('data', done));
      expect(await running()).toHaveLength(1);
      answer.pause();
      asked.destroy();
      await expect.poll(running, { timeout: 20_000 }).toEqual([]);
      const next = await whole(tenant.keys.export);
      expect([next.complete, next.trailers['mirante-rows']]).toEqual([true, '100']);
    }
    const { rows } = await db.api.query(
      "select from pg_stat_activity where application_name = 'mirante exports' and datname = current_database()",
    );
    expect(rows.length).toBeLessThanOrEqual(2);
  });

  test('when PostgreSQL closes the connection midway, no client takes the rows received for all rows', async () => {
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      const { head } = open(large.keys.export, { format: 'ndjson' }, headers as Record<string, string>);
      const answer = await head;
      const failed = new Promise<Error>((done) => answer.once('error', done));
      await new Promise((done) => answer.once('data', done));
      answer.pause();
      const pid = (await running())[0]?.pid;
      await db.api.query('select pg_terminate_backend($1)', [pid]);
      answer.resume();
      expect(((await failed) as NodeJS.ErrnoException).code).toBe('ECONNRESET');
      expect([answer.complete, answer.trailers]).toEqual([false, {}]);
      await expect.poll(running).toEqual([]);
    }
    expect((await whole(large.keys.export)).trailers['mirante-rows']).toBe(String(LARGE));
  });

  test('when an erasure begins, because the rows were read before it', async () => {
    const { head } = open(large.keys.export, { format: 'ndjson' });
    const answer = await head;
    const failed = new Promise<Error>((done) => answer.once('error', done));
    await new Promise((done) => answer.once('data', done));
    answer.pause();
    const asked = await api.call('POST', '/v1/privacy/requests', large.keys.tenant_admin, { kind: 'erasure', subject: 'ana' });
    await db.owner.query('update private.privacy_requests set cut_off = now() where id = $1', [asked.body.id]);
    await expect.poll(running, { timeout: 20_000 }).toEqual([]);
    answer.resume();
    expect(((await failed) as NodeJS.ErrnoException).code).toBe('ECONNRESET');
    expect([answer.complete, answer.trailers]).toEqual([false, {}]);
  });

  test('a tenant gets its share of the connections, and all tenants together no more than exist', async () => {
    const first = open(large.keys.export);
    const second = open(large.keys.export);
    const answers = [await first.head, await second.head];
    for (const answer of answers) answer.on('error', () => undefined);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 429]);
    const busy = await makeTenant(db);
    await db.owner.query(
      "update private.events set tenant_id = $1 where tenant_id = $2 and time < (select max(time) - interval '30 s' from private.events where tenant_id = $2)",
      [busy.id, large.id],
    );
    const third = open(busy.keys.export);
    const waiting = await third.head;
    waiting.on('error', () => undefined);
    expect(waiting.statusCode).toBe(200);
    const refused = await get();
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 'unavailable', '10']);
    for (const { asked } of [first, second, third]) asked.destroy();
    await expect.poll(async () => (await get()).status, { timeout: 20_000 }).toBe(200);
  });
});

describe('an answer that has not changed', () => {
  const tagOf = async (query: Record<string, string> = {}) => (await get(query)).headers.get('etag') as string;
  const again = async (tag: string, query: Record<string, string> = {}) =>
    (await whole(tenant.keys.export, query, { 'if-none-match': tag })).head.statusCode;
  const event = (more: object = {}) => ({ id: v4(), type: 'tag.v1', source: 's', time: new Date().toISOString(), ...more });
  const send = async (more: object = {}) =>
    expect((await api.call('POST', '/v1/events', tenant.keys.ingest, event(more))).body.accepted).toBe(1);

  test('is 304 until an event arrives in its window, also a late one', async () => {
    const tag = await tagOf();
    expect(await again(tag)).toBe(304);
    expect(await again(`"other", ${tag}`)).toBe(304);
    expect(await again(tag, { format: 'ndjson' })).toBe(200);
    expect(await again(tag, { guard: 'false' })).toBe(200);
    await send();
    expect(await again(tag)).toBe(200);
    const past = {
      from: new Date(Date.now() - 20 * 86_400_000).toISOString(),
      to: new Date(Date.now() - 19 * 86_400_000).toISOString(),
    };
    const old = await tagOf(past);
    await send();
    expect(await again(old, past)).toBe(304);
    await send({ time: new Date(Date.now() - 19.5 * 86_400_000).toISOString() });
    expect(await again(old, past)).toBe(200);
  });

  test('changes with an erasure, even if the number of events stays the same, and has no tag while the erasure runs', async () => {
    await send({ subject: 'bia' });
    const tag = await tagOf();
    const asked = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind: 'erasure', subject: 'bia' });
    expect(asked.status).toBe(202);
    expect(await tagOf()).toBeNull();
    const archive = await useArchive();
    await servePrivacyRequests(jobDeps(db, archive));
    await send();
    expect(await again(tag)).toBe(200);
    expect(await tagOf()).not.toBe(tag);
  });

  test('has no tag if rows may leave the window through retention', async () => {
    const short = await makeTenant(db, { raw_retention_days: 10 });
    const query = { from: new Date(Date.now() - 30 * 86_400_000).toISOString() };
    expect((await get(query, {}, short.keys.export)).headers.get('etag')).toBeNull();
    expect((await get({}, {}, short.keys.export)).headers.get('etag')).not.toBeNull();
    expect((await get(query)).headers.get('etag')).not.toBeNull();
  });
});
