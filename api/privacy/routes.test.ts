import { v4 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { withTenant } from '../../sql/database/db.ts';
import { pseudonymKey, withdrawnSubjects, withdrawSubject } from '../../sql/privacy/privacy.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const who = await makeTenant(db);

const RECORD = { purpose: 'p', legal_basis: 'contract', data_categories: ['contact'], storage_country: 'BR' };
const PSEUDONYM = expect.stringMatching(/^psn_[\w-]{24}$/);

const put = (type: string, body: object, by = who) =>
  api.call('PUT', `/v1/event-types/${type}`, by.keys.tenant_admin, { schema: {}, mode: 'reject', ...body });
const event = (members: object) => ({ id: v4(), time: new Date().toISOString(), type: 'free.v1', ...members });
const send = (body: unknown, by = who) =>
  api.call('POST', '/v1/events', by.keys.ingest, body, { prefer: 'return=representation' });
const list = async (query: string, by = who): Promise<Json[]> =>
  (await api.call('GET', `/v1/events?${query}`, by.keys.read)).body.data;
const destroy = (by: TestTenant) => api.call('DELETE', '/v1/privacy/pseudonym-key', by.keys.tenant_admin);

// Returns everything that is stored of a tenant's events, as the owner of the tables sees it.
const stored = async (by: TestTenant): Promise<string> =>
  (
    await db.owner.query<{ text: string }>('select json_agg(e)::text as text from private.events e where tenant_id = $1', [
      by.id,
    ])
  ).rows[0]?.text ?? '';

describe('an event type', () => {
  test('states its personal fields, how its subject is stored, and why it may be processed', async () => {
    const body = { personal_fields: ['/email', '/c/*/e~1f'], subject: 'plain', processing: { ...RECORD, retention_days: 30 } };
    expect(await put('said.v1', body)).toMatchObject({ status: 201, body: { version: 1, ...body } });
    expect(await put('said.v1', body)).toMatchObject({ status: 200, body: { version: 1 } });
    expect((await put('said.v1', { ...body, personal_fields: ['/email'] })).body.version).toBe(2);
    const plain = { personal_fields: [], subject: 'pseudonymised', processing: null };
    expect((await put('said.v1', {})).body).toMatchObject({ version: 3, ...plain });
    const got = await api.call('GET', '/v1/event-types/said.v1', who.keys.tenant_admin);
    expect(got.body).toMatchObject({ version: 3, ...plain });
  });

  test.each([
    ['a pointer that is none', { personal_fields: ['email'] }, '/personal_fields/0'],
    ['the whole of data', { personal_fields: [''] }, '/personal_fields/0'],
    ['what metrics are made of', { personal_fields: ['/a', '/duration_ms'] }, '/personal_fields/1'],
    ['too many pointers', { personal_fields: Array(51).fill('/a') }, '/personal_fields'],
    ['another way to store a subject', { subject: 'hashed' }, '/subject'],
    ['another legal basis', { processing: { ...RECORD, legal_basis: 'profit' } }, '/processing/legal_basis'],
    ['no category', { processing: { ...RECORD, data_categories: [] } }, '/processing/data_categories'],
    ['a country that is none', { processing: { ...RECORD, storage_country: 'Brazil' } }, '/processing/storage_country'],
    ['what is no part of a record', { processing: { ...RECORD, x: 1 } }, '/processing'],
  ])('%s is refused', async (_, body, pointer) => {
    expect(await put('bad.v1', body)).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });
});

describe('on ingestion', () => {
  test('subject and personal fields are stored as pseudonyms, the rest as sent', async () => {
    const by = await makeTenant(db);
    const schema = { properties: { email: { pattern: '@' }, c: { items: { required: ['email'] } } } };
    await put('mail.v1', { schema, personal_fields: ['/email', '/c/*/email', '/n'] }, by);
    await put('plain.v1', { subject: 'plain' }, by);
    const text = `[{"id":"m","time":"${new Date().toISOString()}","type":"mail.v1","subject":"ana@a.br","data":
      {"email":"ana@a.br","n":{"b":1,"a":2},"total":12345678901234567890.10,"c":[{"email":"x@a.br"},{"email":null}]}},
      ${JSON.stringify([event({ subject: 'ana@a.br' }), event({ type: 'plain.v1', subject: 'ana@a.br' })]).slice(1, -1)}]`;
    expect((await send(text, by)).body.accepted).toBe(3);
    expect(await stored(by)).not.toMatch(/x@a/);
    const found = await list('subject=ana@a.br', by);
    expect(found.map(({ type }) => type).sort()).toEqual(['free.v1', 'mail.v1', 'plain.v1']);
    const mail = found.find(({ type }) => type === 'mail.v1');
    expect(mail.subject).toEqual(PSEUDONYM);
    expect(mail.data).toMatchObject({ email: mail.subject, n: PSEUDONYM, c: [{ email: PSEUDONYM }, { email: null }] });
    expect((await api.call('GET', '/v1/events?type=mail.v1', by.keys.read)).text).toContain('12345678901234567890.10');
    expect(found.find(({ type }) => type === 'plain.v1').subject).toBe('ana@a.br');
    expect(await list(`subject=${mail.subject}`, by)).toHaveLength(2);
    expect(await list(`subject=${mail.subject}`)).toEqual([]);
  });

  test('the schema checks the plain value, and a replay from quarantine conceals it too', async () => {
    const by = await makeTenant(db);
    const schema = (pattern: string) => ({ schema: { properties: { email: { pattern } } }, personal_fields: ['/email'] });
    await put('q.v1', { ...schema('^x'), mode: 'quarantine' }, by);
    expect((await send(event({ type: 'q.v1', subject: 's', data: { email: 'a@b' } }), by)).body.quarantined).toBe(1);
    await put('q.v1', { ...schema('^a@b$'), mode: 'quarantine' }, by);
    expect((await api.call('POST', '/v1/quarantine/replay', by.keys.tenant_admin, {})).body.accepted).toBe(1);
    expect(await list('type=q.v1', by)).toMatchObject([{ subject: PSEUDONYM, data: { email: PSEUDONYM } }]);
    expect(await stored(by)).not.toMatch(/a@b/);
  });

  test('a repeated event is a duplicate; another subject is a conflict', async () => {
    await put('again.v1', { personal_fields: ['/e'] });
    const first = event({ type: 'again.v1', subject: 'a', data: { e: 'x', n: 1 } });
    expect((await send([first, first])).body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await send(first)).body.duplicates).toBe(1);
    expect((await send({ ...first, subject: 'b' })).body.conflicts).toBe(1);
    expect((await send({ ...first, data: { e: 'y', n: 1 } })).body.conflicts).toBe(1);
  });

  test('a pseudonym that is sent as a value is hashed again', async () => {
    const [first] = (await send([event({ subject: 'twice' })])).body.items;
    const [{ subject }] = (await list('subject=twice')) as [Json];
    await send(event({ subject }));
    const all = await list(`subject=${subject}`);
    expect(all).toHaveLength(2);
    expect(all.find(({ id }) => id !== first.id).subject).not.toBe(subject);
  });

  test('an event with too many personal values goes to quarantine', async () => {
    await put('many.v1', { personal_fields: ['/c/*'] });
    const of = (length: number) => event({ type: 'many.v1', data: { c: Array(length).fill(1) } });
    const { items } = (await send([of(1_000), of(1_001)])).body;
    expect(items.map(({ status, code }: Json) => [status, code])).toEqual([
      ['accepted', undefined],
      ['quarantined', 'too-many-personal-values'],
    ]);
  });
});

describe('the key', () => {
  test('is unique per tenant, also if several requests create it at once', async () => {
    const [by, other] = [await makeTenant(db), await makeTenant(db)];
    const ask = (tenant: TestTenant) => withTenant(db.api, tenant.id, pseudonymKey, 'login');
    const keys = await Promise.all(Array.from({ length: 8 }, () => ask(by)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(keys[0]).toHaveLength(32);
    expect((await ask(other)).equals(keys[0] as Buffer)).toBe(false);
  });

  test('can be read only through its door function', async () => {
    await send(event({ subject: 'a' }));
    expect((await db.owner.query('select from private.pseudonym_keys where tenant_id = $1', [who.id])).rowCount).toBe(1);
    for (const read of ['select * from private.pseudonym_keys', 'set role mirante_views']) {
      await expect(withTenant(db.api, who.id, (client) => client.query(read))).rejects.toThrow(/permission denied/);
    }
    const views = await db.owner.query(
      "select has_table_privilege('mirante_views', 'private.pseudonym_keys', 'select') as may",
    );
    expect(views.rows).toEqual([{ may: false }]);
  });

  test('is destroyed permanently, and a new one is created', async () => {
    const by = await makeTenant(db);
    expect((await destroy(by)).status).toBe(404);
    const first = event({ subject: 'a' });
    await send(first, by);
    const [{ subject }] = (await list('subject=a', by)) as [Json];
    await withTenant(db.api, by.id, (client) => withdrawSubject(client, { lasting: subject, pseudonym: subject }), 'login');
    const answer = await destroy(by);
    expect(answer).toMatchObject({ status: 200, body: { withdrawals_deleted: 1 } });
    expect(Object.keys(answer.body)).toEqual(['key_created_at', 'withdrawals_deleted']);
    expect(await list('subject=a', by)).toEqual([]);
    await send(event({ subject: 'a' }), by);
    const [{ subject: fresh }] = (await list('subject=a', by)) as [Json];
    expect(fresh).toEqual(PSEUDONYM);
    expect(fresh).not.toBe(subject);
    expect((await send(first, by)).body.conflicts).toBe(1);
    expect((await api.call('DELETE', '/v1/privacy/pseudonym-key', by.keys.read)).status).toBe(403);
  });
});

describe('a subject who has withdrawn consent', () => {
  const withdraw = async (by: TestTenant, pseudonym: string) => {
    const first = await withTenant(
      db.api,
      by.id,
      (client) => withdrawSubject(client, { lasting: pseudonym, pseudonym }),
      'login',
    );
    // Simulates another process: this one learns of the withdrawal within seconds, or at once when a type changes.
    await put('changed.v1', { description: v4() }, by);
    return first;
  };
  const pseudonymOf = async (by: TestTenant, subject: string): Promise<string> => {
    await send(event({ subject }), by);
    return ((await list(`subject=${subject}`, by)) as [Json])[0].subject;
  };

  test('is not stored if the legal basis of the type is consent or unknown', async () => {
    const by = await makeTenant(db);
    const fields = { personal_fields: ['/email'] };
    await put('consent.v1', { ...fields, processing: { ...RECORD, legal_basis: 'consent' } }, by);
    await put('contract.v1', { ...fields, processing: RECORD }, by);
    await put('none.v1', { ...fields, subject: 'plain' }, by);
    expect(await withdraw(by, await pseudonymOf(by, 'ana'))).toBe(true);
    const data = { email: 'ana@a.br', n: 1 };
    const of = (type: string, subject = 'ana') => event({ type, subject, data });
    const sent = [of('consent.v1'), of('none.v1'), of('free.v1'), of('contract.v1'), of('consent.v1', 'bia')];
    const { accepted, items } = (await send(sent, by)).body;
    expect(accepted).toBe(5);
    const code = 'consent-withdrawn';
    expect(items.map((item: Json) => item.code)).toEqual([code, code, code, undefined, undefined]);
    const all = await list('limit=10', by);
    const found = sent.map(({ id }) => all.find((row) => row.id === id));
    expect(found.map(({ subject }) => subject)).toEqual([undefined, undefined, undefined, PSEUDONYM, PSEUDONYM]);
    const emails = found.map(({ data: { email } }) => email);
    expect(emails).toEqual([null, null, 'ana@a.br', PSEUDONYM, PSEUDONYM]);
  });

  test('is recognised when an event from before the withdrawal is sent again', async () => {
    const by = await makeTenant(db);
    await put('q.v1', { schema: { required: ['a'] }, mode: 'quarantine' }, by);
    const before = event({ subject: 'ana', data: { a: 1 } });
    const refused = event({ type: 'q.v1', subject: 'ana', data: {} });
    await send([before, refused], by);
    await withdraw(by, await pseudonymOf(by, 'ana'));
    expect((await send(before, by)).body).toMatchObject({ duplicates: 1, conflicts: 0 });
    expect((await send({ ...before, data: { a: 2 } }, by)).body.conflicts).toBe(1);
    const fresh = event({ subject: 'ana' });
    expect((await send([fresh, fresh], by)).body).toMatchObject({ accepted: 1, duplicates: 1 });
    const dryRun = await api.call('POST', '/v1/quarantine/replay', by.keys.tenant_admin, { dry_run: true });
    expect(dryRun.body.items.map(({ status }: Json) => status).sort()).toEqual(['conflict', 'quarantined']);
  });

  test('is recorded once, for one tenant, and another tenant cannot be named', async () => {
    const [by, other] = [await makeTenant(db), await makeTenant(db)];
    const pseudonym = await pseudonymOf(by, 'ana');
    expect([await withdraw(by, pseudonym), await withdraw(by, pseudonym)]).toEqual([true, false]);
    expect([...(await withTenant(db.api, by.id, withdrawnSubjects))]).toEqual([pseudonym]);
    expect((await withTenant(db.api, other.id, withdrawnSubjects)).size).toBe(0);
    const forged = withTenant(
      db.api,
      other.id,
      (client) => client.query('insert into app.withdrawn_subjects (tenant_id, subject_hash) values ($1, $2)', [by.id, 'x']),
      'login',
    );
    await expect(forged).rejects.toThrow(/row-level security/);
  });
});

test('records of processing, as pages of JSON and as one CSV', async () => {
  const by = await makeTenant(db);
  const full = { ...RECORD, data_subjects: ['buyers', 'sellers'], retention_days: 90, recipients: ['=1+1'] };
  await put('a.v1', { processing: RECORD }, by);
  await put('a.v1', { processing: full, personal_fields: ['/e', '/f'] }, by);
  await put('b.v1', {}, by);
  const get = (query = '', accept = 'application/json') =>
    api.call('GET', `/v1/privacy/records${query}`, by.keys.tenant_admin, undefined, { accept });
  const { body } = await get('?limit=1');
  expect(body.data).toMatchObject([
    { type: 'a.v1', version: 2, record: 'given', processing: full, personal_fields: ['/e', '/f'] },
  ]);
  expect((await get(`?cursor=${body.next_cursor}`)).body).toMatchObject({
    data: [{ type: 'b.v1', record: 'missing', processing: null }],
    next_cursor: null,
  });
  const csv = await get('?limit=1', 'text/csv');
  expect(csv.headers.get('content-type')).toMatch(/^text\/csv/);
  expect(csv.text.split('\r\n')).toEqual([
    '"type","version","record","purpose","legal_basis","data_categories","data_subjects","retention_days","storage_country","recipients","subject","personal_fields"',
    '"a.v1",2,"given","p","contract","contact","buyers; sellers",90,"BR","\'=1+1","pseudonymised","/e; /f"',
    '"b.v1",1,"missing",,,,,,,,"pseudonymised",""',
    '',
  ]);
  expect((await api.call('GET', '/v1/privacy/records', by.keys.read)).status).toBe(403);
});
