import { gzipSync } from 'node:zlib';
import { v4, v7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { type Answer, type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);

const now = () => new Date().toISOString();
const WHOLE = { prefer: 'return=representation' };
const send = (body: unknown, headers: Record<string, string> = {}, who = tenant) =>
  api.call('POST', '/v1/events', who.keys.ingest, body, headers);
const event = (more: object = {}) => ({ id: v4(), type: 'test.sent.v1', source: 'test', time: now(), data: { n: 1 }, ...more });

function counts({ body }: Answer) {
  const { received, accepted, duplicates, conflicts, quarantined, rejected } = body;
  expect(accepted + duplicates + conflicts + quarantined + rejected).toBe(received);
  return { accepted, duplicates, conflicts, quarantined, rejected };
}

const none = { accepted: 0, duplicates: 0, conflicts: 0, quarantined: 0, rejected: 0 };

describe('filters', () => {
  test('filter[type] is the same as type, which is deprecated; both at once are refused', async () => {
    const type = `t.filtered.${v4()}`;
    await send([event({ type }), event()]);
    const list = (query: string) => api.call('GET', `/v1/events?${query}`, tenant.keys.read);
    const asked = await list(`filter[type]=${type}`);
    expect([asked.body.data.length, asked.headers.get('deprecation')]).toEqual([1, null]);
    const old = await list(`type=${type}`);
    expect([old.body.data, old.headers.get('deprecation')]).toEqual([asked.body.data, expect.stringMatching(/^@\d+$/)]);
    expect((await list(`type=${type}&filter[type]=${type}`)).body.errors[0]).toMatchObject({ pointer: '/filter[type]' });
    expect((await list('filter[color]=x')).status).toBe(400);
    const csv = await api.call(
      'GET',
      `/v1/exports/stream?dataset=events&from=2026-01-01T00:00:00Z&filter[type]=${type}`,
      tenant.keys.export,
    );
    expect([csv.status, csv.text.split('\r\n').length]).toEqual([200, 3]);
    for (const call of ['quarantine?filter[code]=x', 'audit-log?filter[action]=x'])
      expect((await api.call('GET', `/v1/${call}`, tenant.keys.tenant_admin)).body.data).toEqual([]);
  });
});

describe('bodies', () => {
  test('one event, an array, both CloudEvents types and NDJSON are accepted, plain and gzipped', async () => {
    const two = [event(), event()];
    const forms: [string, string, number][] = [
      ['application/json', JSON.stringify(event()), 1],
      ['application/json; charset=utf-8', JSON.stringify(two), 2],
      ['application/cloudevents+json', JSON.stringify(event({ specversion: '1.0' })), 1],
      ['application/cloudevents-batch+json', JSON.stringify([event(), event(), event()]), 3],
      ['application/x-ndjson', `${JSON.stringify(event())}\n\n${JSON.stringify(event())}\r\n`, 2],
    ];
    for (const [type, text, count] of forms) {
      const plain = await send(text, { 'content-type': type });
      expect([plain.status, counts(plain)]).toEqual([202, { ...none, accepted: count }]);
      const zipped = await send(gzipSync(text), { 'content-type': type, 'content-encoding': 'gzip' });
      expect([zipped.status, counts(zipped)]).toEqual([202, { ...none, duplicates: count }]);
    }
  });

  test('a body that cannot be parsed is refused with the place of the fault', async () => {
    const place = async (text: string, type = 'application/json') => {
      const { status, body } = await send(text, { 'content-type': type });
      return [status, body.errors[0].pointer, body.detail];
    };
    expect(await place('[{"type":"t"},\n {"type":"t","data":{"x":NaN}},{"type":"t"}]')).toEqual([
      400,
      '/1',
      'The item with index 1 is not JSON: unexpected "NaN" at line 2, column 26 (position 40). No event of this request was stored.',
    ]);
    expect(await place('[{"type":"t"},{"type":"t"}')).toMatchObject([400, '/1', expect.stringContaining('it ends at line 1')]);
    expect(await place('[{"type":"t"}] x')).toMatchObject([400, '/0', expect.stringContaining('unexpected "x"')]);
    const lines = '{"type":"t","id":"1"}\n{"type":"t","id":"2"}\n';
    expect(await place(lines)).toMatchObject([400, '/1', expect.stringMatching(/Line 2 .*application\/x-ndjson/)]);
  });

  test('a body with a wrong type or encoding is refused with the list of supported ones', async () => {
    const encoding = await send('{}', { 'content-encoding': 'br' });
    expect([encoding.status, encoding.headers.get('accept-encoding')]).toEqual([415, 'gzip, identity']);
    const type = await send('{}', { 'content-type': 'text/plain' });
    expect([type.status, type.headers.get('accept')]).toEqual([415, expect.stringContaining('application/x-ndjson')]);
    const other = await api.call('POST', '/v1/tenants', tenant.keys.ingest, '{}', { 'content-encoding': 'x' });
    expect([other.status, other.headers.get('accept-encoding')]).toEqual([415, expect.stringContaining('gzip')]);
  });

  test('other types, charsets and encodings are 415', async () => {
    const odd: Record<string, string>[] = [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-encoding': 'br' },
    ];
    for (const headers of odd) {
      expect((await send(JSON.stringify(event()), headers)).body.code).toBe('unsupported-media-type');
    }
  });

  test('a body that cannot be parsed is 400 and quarantined unchanged', async () => {
    const who = await makeTenant(db);
    const bodies = ['nonsense', '{"type":"a"', '[{"type":"a"},]', '[1,2', '{"type":"a"} x', '', '[{"type":"a"}', '{"a":NaN}'];
    for (const body of bodies) {
      const answer = await send(body, {}, who);
      expect([body, answer.status, answer.body.code]).toEqual([body, 400, 'invalid-json']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
    expect((await send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}, who)).body.code).toBe('invalid-encoding');
    expect((await send('not json', { 'content-type': 'application/x-ndjson' }, who)).status).toBe(400);
    const kept = await api.call('GET', '/v1/quarantine?limit=100', who.keys.tenant_admin);
    const raws = kept.body.data.map((row: Json) => row.raw);
    expect(new Set(raws)).toEqual(new Set([...bodies, 'not json', null]));
    expect(kept.body.data.find((row: Json) => row.raw === null).raw_base64).toBe(
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]).toString('base64'),
    );
  });

  test('an empty array is 400; too many items, too many bytes or a gzip bomb are 413; none of them is kept', async () => {
    const who = await makeTenant(db);
    expect((await send([], {}, who)).body.code).toBe('empty-batch');
    expect((await send('', { 'content-type': 'application/x-ndjson' }, who)).body.code).toBe('empty-batch');
    expect(
      (
        await send(
          Array.from({ length: 1001 }, () => event()),
          {},
          who,
        )
      ).status,
    ).toBe(413);
    expect((await send(`[${'1,'.repeat(99_999)}1]`, {}, who)).status).toBe(413);
    expect((await send(`"${'x'.repeat(6_000_000)}"`, {}, who)).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(60_000_000, 32));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await send(bomb, { 'content-encoding': 'gzip' }, who)).status).toBe(413);
    expect((await send(gzipSync('[]').subarray(0, 8), { 'content-encoding': 'gzip' }, who)).body.code).toBe('invalid-encoding');
    expect((await api.call('GET', '/v1/quarantine', who.keys.tenant_admin)).body.data).toEqual([]);
  });
});

describe('receipts', () => {
  test('a repetition is a duplicate; the same id with other content is a conflict and is quarantined', async () => {
    const first = event({ data: { a: 1, b: [1.0, 2] } });
    expect(counts(await send(first))).toEqual({ ...none, accepted: 1 });
    const same = `{"data":{"b":[1,2.0],"a":1.00},"time":"${first.time}","source":"test","id":"${first.id}","type":"test.sent.v1"}`;
    const again = await send(same);
    expect([again.status, counts(again), again.body.items[0].status]).toEqual([202, { ...none, duplicates: 1 }, 'duplicate']);
    const other = await send({ ...first, data: { a: 2 } });
    expect([other.status, counts(other)]).toEqual([422, { ...none, conflicts: 1 }]);
    const kept = await api.call('GET', '/v1/quarantine?code=conflict', tenant.keys.tenant_admin);
    expect(JSON.parse(kept.body.data[0].raw)).toMatchObject({ id: first.id, data: { a: 2 } });
  });

  test('the same event twice in one request, with equal and with different content', async () => {
    const one = event();
    const answer = await send([one, one, { ...one, data: { n: 2 } }, event()]);
    expect(counts(answer)).toEqual({ ...none, accepted: 2, duplicates: 1, conflicts: 1 });
    expect(answer.body.items.map((item: Json) => [item.index, item.status])).toEqual([
      [1, 'duplicate'],
      [2, 'conflict'],
    ]);
  });

  test('ids that are not UUIDs are unique per source and are returned as sent', async () => {
    const who = await makeTenant(db);
    const base = event({ id: 'order-1' });
    expect(counts(await send([base, { ...base, source: 'other' }], {}, who))).toEqual({ ...none, accepted: 2 });
    expect(counts(await send(base, {}, who))).toEqual({ ...none, duplicates: 1 });
    const list = await api.call('GET', '/v1/events', who.keys.read);
    expect(list.body.data.map((row: Json) => row.id)).toEqual(['order-1', 'order-1']);
  });

  test('an event without a time and without an id that contains one is marked', async () => {
    const answer = await send([{ type: 'a' }, { type: 'a', id: v4() }, { type: 'a', id: v7() }, event()], WHOLE);
    expect(answer.body.items.map((item: Json) => item.code)).toEqual(['no-dedup-key', 'no-dedup-key', undefined, undefined]);
    expect(answer.body.items.every((item: Json) => item.status === 'accepted' && typeof item.id === 'string')).toBe(true);
  });

  test('warns of values that no metric counts, and stores the event', async () => {
    const answer = await send([
      event({ data: { duration_ms: '259', outcome: 'Failure' } }),
      event({ data: { duration_ms: -5, outcome: 'success' } }),
      event({ data: { duration_ms: 5, outcome: null } }),
      event({ data: ['duration_ms'] }),
    ]);
    expect([answer.status, counts(answer)]).toEqual([202, { ...none, accepted: 4 }]);
    expect(answer.body.warnings.map(({ detail: _, ...warning }: Json) => warning)).toEqual([
      { index: 0, code: 'duration-not-a-number', pointer: '/data/duration_ms' },
      { index: 0, code: 'unknown-outcome', pointer: '/data/outcome' },
      { index: 1, code: 'duration-negative', pointer: '/data/duration_ms' },
    ]);
    expect((await send(event())).body.warnings).toEqual([]);
  });

  test('attributes keep their digits, so that different digits make a different event', async () => {
    const text = (id: string, number: string) =>
      `{"type":"t.digits","id":"${id}","source":"/s","time":"${now().slice(0, 14)}00:00Z","snow":${number},"list":[1.10],"name":"x"}`;
    expect(counts(await send(text('a', '9007199254740993')))).toEqual({ ...none, accepted: 1 });
    expect(counts(await send(text('a', '9007199254740992')))).toEqual({ ...none, conflicts: 1 });
    expect(counts(await send(text('b', '0.10000000000000000555')))).toEqual({ ...none, accepted: 1 });
    const listed = (await api.call('GET', '/v1/events?type=t.digits', tenant.keys.read)).text;
    for (const digits of ['9007199254740993', '0.10000000000000000555', '[1.10]']) expect(listed).toContain(digits);
  });

  test('each kind of bad event has its code, is quarantined, and does not affect the good ones', async () => {
    const who = await makeTenant(db);
    const bad: [string, string, string][] = [
      ['rejected', 'not-an-object', '5'],
      ['rejected', 'not-an-object', '[[]]'],
      ['rejected', 'type-missing', '{"id":"x"}'],
      ['rejected', 'event-too-large', `{"type":"a","data":{"x":"${'x'.repeat(1_000_000)}"}}`],
      ['quarantined', 'too-deep', `{"type":"a","data":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
      ['quarantined', 'unstorable-text', '{"type":"a","data":{"x":"a\\u0000b"}}'],
      ['quarantined', 'unstorable-text', '{"type":"a","data":{"x":"\\ud800"}}'],
      ['quarantined', 'unstorable-text', '{"type":"a","data":{"\\udc00":1}}'],
      ['quarantined', 'number-out-of-range', '{"type":"a","data":{"x":1e200000}}'],
      ['quarantined', 'number-out-of-range', '{"type":"a","data":{"x":1e-200000}}'],
      ['quarantined', 'duplicate-key', '{"type":"a","data":{"x":1,"x":1}}'],
      ['quarantined', 'duplicate-key', '{"type":"a","type":"a"}'],
      ['quarantined', 'invalid-time', '{"type":"a","time":"2026-11-20T10:00:00"}'],
      ['quarantined', 'invalid-time', '{"type":"a","time":"2026-02-30T10:00:00Z"}'],
      ['quarantined', 'in-future', '{"type":"a","time":"9999-12-31T23:59:59Z"}'],
      ['quarantined', 'too-old', '{"type":"a","time":"2001-01-01T00:00:00Z"}'],
      ['quarantined', 'invalid-id', '{"type":"a","id":7}'],
      ['quarantined', 'invalid-data', '{"type":"a","data":1,"data_base64":"AAAA"}'],
      ['quarantined', 'invalid-data', '{"type":"a","data_base64":"%"}'],
      ['quarantined', 'invalid-time', '{"type":"a","time":"2026-11-20T10:00:60Z"}'],
      ['quarantined', 'unsupported-specversion', '{"type":"a","specversion":"0.3"}'],
    ];
    for (const [status, code, text] of bad) {
      const good = event();
      const answer = await send(`[${JSON.stringify(good)}, ${text === '[[]]' ? '[]' : text}]`, {}, who);
      expect([code, answer.status, answer.body.accepted, answer.body.items]).toMatchObject([
        code,
        202,
        1,
        [{ index: 1, status, code }],
      ]);
    }
    const kept = await api.call('GET', '/v1/quarantine?limit=1000', who.keys.tenant_admin);
    expect(kept.body.data.map((row: Json) => row.code).sort()).toEqual(bad.map(([, code]) => code).sort());
    expect(kept.body.data.find((row: Json) => row.code === 'event-too-large').raw).toHaveLength(65_536);
  });

  test('a validation has a maximum of rules, and each tenant its own raw retention', async () => {
    const who = await makeTenant(db, { raw_retention_days: 10 });
    const rules = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`rule-${n}`, 1]));
    const validation = (count: number) =>
      event({ type: 'br.validahub.validation.completed.v1', data: { rules: rules(count) } });
    const old = event({ time: new Date(Date.now() - 11 * 24 * 3600_000).toISOString() });
    const answer = await send([validation(200), validation(201), old], {}, who);
    expect(answer.body.items.map((item: Json) => item.code)).toEqual(['too-many-rules', 'too-old']);
    const { rows } = await db.owner.query('select count(*) as hits from private.rule_hits where tenant_id = $1', [who.id]);
    expect(rows[0].hits).toBe(200);
  });

  test('__proto__, odd keys and extensions are stored as they are', async () => {
    const who = await makeTenant(db);
    const text = `{"type":"a","id":"p","time":"${now()}","traceparent":"00-x","__proto__":{"x":1},"data":{"__proto__":{"y":2},"big":12345678901234567890.10,"constructor":1}}`;
    expect(counts(await send(text, {}, who))).toEqual({ ...none, accepted: 1 });
    const list = await api.call('GET', '/v1/events', who.keys.read);
    expect(list.text).toContain('"big": 12345678901234567890.10');
    expect(list.text).toContain('"__proto__": {"y": 2}');
    expect(list.body.data[0].traceparent).toBe('00-x');
  });

  test('in NDJSON only the line that is not JSON is rejected', async () => {
    const answer = await send(`${JSON.stringify(event())}\n{"half":\n${JSON.stringify(event())}`, {
      'content-type': 'application/x-ndjson',
    });
    expect([answer.status, counts(answer)]).toEqual([202, { ...none, accepted: 2, rejected: 1 }]);
    expect(answer.body.items).toMatchObject([{ index: 1, code: 'invalid-json' }]);
  });

  test('422 if and only if no event was accepted, duplicate or quarantined', async () => {
    expect((await send([1, 2])).status).toBe(422);
    expect((await send({ type: 'a', data: 7 })).status).toBe(202);
  });
});

describe('keys', () => {
  test('an absent, unknown, expired or revoked key is 401, a wrong scope 403', async () => {
    const who = await makeTenant(db);
    expect((await api.call('POST', '/v1/events', undefined, event())).status).toBe(401);
    expect((await api.call('POST', '/v1/events', 'mir_ingest_unknown', event())).status).toBe(401);
    expect((await api.call('POST', '/v1/events', who.keys.read, event())).body.code).toBe('wrong-scope');
    expect((await send(event(), {}, who)).status).toBe(202);
    await db.owner.query('update private.api_keys set expires_at = now() where id = $1', [who.keyIds.ingest]);
    const late = await send(event(), {}, who);
    expect([late.status, late.body.code]).toEqual([401, 'unauthenticated']);
    const path = `/v1/tenants/${who.id}/keys/${who.keyIds.read}`;
    expect((await api.call('GET', '/v1/events', who.keys.read)).status).toBe(200);
    expect((await api.call('DELETE', path, who.keys.tenant_admin)).status).toBe(204);
    expect((await api.call('GET', '/v1/events', who.keys.read)).status).toBe(401);
  });

  test('a tenantid in the event changes nothing', async () => {
    const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];
    expect(counts(await send(event({ tenantid: theirs.id }), {}, mine))).toEqual({ ...none, accepted: 1 });
    expect((await api.call('GET', '/v1/events', theirs.keys.read)).body.data).toEqual([]);
    expect((await api.call('GET', '/v1/events', mine.keys.read)).body.data[0].tenantid).toBeUndefined();
  });
});

describe('Idempotency-Key', () => {
  test('replays the first receipt, refuses another body, and makes events without ids recognisable', async () => {
    const who = await makeTenant(db);
    const body = [{ type: 'a' }, { type: 'a' }];
    const key = { 'idempotency-key': v4(), ...WHOLE };
    const first = await send(body, key, who);
    expect(counts(first)).toEqual({ ...none, accepted: 2 });
    expect((await send(body, key, who)).text).toBe(first.text);
    expect((await send([{ type: 'b' }], key, who)).body.code).toBe('idempotency-mismatch');
    // As after a crash between the commit and storing the answer.
    await db.owner.query(
      "update private.idempotency_keys set answer = null, claimed_at = now() - interval '2 minutes' where tenant_id = $1",
      [who.id],
    );
    expect(counts(await send(body, key, who))).toEqual({ ...none, duplicates: 2 });
    expect((await api.call('GET', '/v1/events', who.keys.read)).body.data).toHaveLength(2);
  });

  test('409 while the first is still running', async () => {
    const key = { 'idempotency-key': v4() };
    await send(event(), key);
    await db.owner.query('update private.idempotency_keys set answer = null where key = $1', [key['idempotency-key']]);
    expect((await send(event(), key)).status).toBe(422);
    const row = event();
    const fresh = { 'idempotency-key': v4() };
    await send(row, fresh);
    await db.owner.query('update private.idempotency_keys set answer = null, claimed_at = now() where key = $1', [
      fresh['idempotency-key'],
    ]);
    expect((await send(row, fresh)).body.code).toBe('idempotency-running');
  });
});

test('raw events are listed newest first, page by page, filtered', async () => {
  const who = await makeTenant(db);
  const at = (n: number) => new Date(Date.now() - n * 60_000).toISOString();
  await send(
    Array.from({ length: 7 }, (_, n) => event({ id: `e${n}`, time: at(n), type: n % 2 ? 'odd' : 'even', subject: `s${n}` })),
    {},
    who,
  );
  const ids: string[] = [];
  let path = '/v1/events?limit=3';
  for (;;) {
    const answer = await api.call('GET', path, who.keys.read);
    ids.push(...answer.body.data.map((row: Json) => row.id));
    if (!answer.body.next_cursor) break;
    expect(answer.headers.get('link')).toMatch(/rel="next"/);
    path = /<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1] ?? '';
  }
  expect(ids).toEqual(['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
  const odd = await api.call('GET', `/v1/events?type=odd&from=${at(4)}&to=${at(0)}`, who.keys.read);
  expect(odd.body.data.map((row: Json) => row.id)).toEqual(['e1', 'e3']);
  expect((await api.call('GET', '/v1/events?subject=s5', who.keys.read)).body.data).toHaveLength(1);
  expect((await api.call('GET', '/v1/events?cursor=rubbish', who.keys.read)).body.errors[0].code).toBe('invalid-cursor');
  expect((await api.call('GET', '/v1/events?from=yesterday', who.keys.read)).status).toBe(400);
});
