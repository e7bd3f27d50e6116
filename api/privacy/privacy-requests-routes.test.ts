import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { claimPrivacyRequest } from '../../sql/privacy/claims.ts';
import { PLACES, WITHOUT_PEOPLE } from '../../sql/privacy/places.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { jobDeps, useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const VALIDATION = 'br.validahub.validation.completed.v1';
const HOUR = 3600_000;
const ANA = 'ana@example.com';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db);
const rival = await makeTenant(db);

beforeAll(async () => {
  await fill(rival);
});

const jobs = () => jobDeps(db, archive);
const ask = (tenant: TestTenant, body: object) => api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, body);
const look = async (tenant: TestTenant, path: string): Promise<Json> =>
  (await api.call('GET', path, tenant.keys.tenant_admin)).body;

/** Three events of Ana and two of Bo in an hour of yesterday, and one refused event of each. */
async function fill(tenant: TestTenant): Promise<Date> {
  const hour = Math.floor((Date.now() - 20 * HOUR) / HOUR) * HOUR;
  const event = (id: string, subject: string, minute: number) => ({
    type: VALIDATION,
    source: 'shop',
    id,
    subject,
    time: new Date(hour + minute * 60_000).toISOString(),
    data: {
      marketplace: 'magalu',
      rows: 10,
      errors: 1,
      outcome: 'success',
      duration_ms: 20,
      rules: { gtin: 2 },
      big: 12345678901234567890n,
    },
  });
  const events = [event('a1', ANA, 1), event('a2', ANA, 2), event('a3', ANA, 3), event('b1', 'bo', 4), event('b2', 'bo', 5)];
  const text = JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, text)).body).toMatchObject({ accepted: 5 });
  for (const subject of [ANA, 'bo']) {
    const refused = { type: 'x', time: 'never', subject, data: {} };
    expect((await api.call('POST', '/v1/events', tenant.keys.ingest, refused)).body).toMatchObject({ quarantined: 1 });
  }
  await refreshRollups(jobs());
  return new Date(hour);
}

// Uses its own API, because another one may have cached the answer for some seconds.
async function counts(tenant: TestTenant, hour: Date): Promise<Record<string, number>> {
  const api = await useApi(db);
  const window = `interval=total&from=${hour.toISOString()}&to=${new Date(hour.getTime() + HOUR).toISOString()}`;
  const read = async (name: string) =>
    (await api.call('GET', `/v1/metrics/${name}?${window}`, tenant.keys.read)).body.data.reduce(
      (sum: number, row: Json) => sum + row.value,
      0,
    );
  return {
    events: await read('events.count'),
    validations: await read('validations.count'),
    rules: await read('validations.by_rule'),
  };
}

test('access: a copy as JSON and CSV, with digests, due within fifteen days', async () => {
  const tenant = await makeTenant(db);
  await fill(tenant);
  const asked = await ask(tenant, { kind: 'access', subject: ANA, reason: 'letter of 3 May' });
  expect(asked.status).toBe(202);
  expect(asked.headers.get('location')).toBe(`/v1/privacy/requests/${asked.body.id}`);
  expect(new Date(asked.body.due_at).getTime() - new Date(asked.body.created_at).getTime()).toBe(15 * 24 * HOUR);
  expect(asked.text).not.toContain(ANA);
  await servePrivacyRequests(jobs());
  const done = await look(tenant, `/v1/privacy/requests/${asked.body.id}`);
  expect(done).toMatchObject({ status: 'completed', progress: 100, reason: 'letter of 3 May' });
  expect(done.bundle.files.map(({ name, rows }: Json) => `${name} ${rows}`)).toEqual([
    'events.json 3',
    'events.csv 3',
    'quarantine.json 1',
    'quarantine.csv 1',
    'test-results.json 0',
    'test-results.csv 0',
    'receipts.json 0',
    'receipts.csv 0',
    'bundles.json 1',
    'bundles.csv 1',
    'imports.json 0',
    'imports.csv 0',
    'exports.json 0',
    'exports.csv 0',
    'journeys.json 0',
    'journeys.csv 0',
    'feedback.json 0',
    'feedback.csv 0',
    'texts.json 0',
    'texts.csv 0',
    'roll-ups.json 0',
    'roll-ups.csv 0',
    'archive.json 0',
    'archive.csv 0',
    'vault.json 0',
    'vault.csv 0',
  ]);
  for (const { url, bytes, sha256 } of done.bundle.files) {
    const { text, status } = await api.call('GET', url, tenant.keys.tenant_admin);
    expect(status).toBe(200);
    expect(Buffer.byteLength(text)).toBe(bytes);
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
    expect((await api.call('GET', url, rival.keys.tenant_admin)).status).toBe(404);
  }
  const events = await look(tenant, done.bundle.files[0].url);
  expect(events.map(({ id, subject }: Json) => [id, subject])).toEqual(['a1', 'a2', 'a3'].map((id) => [id, done.subject]));
  const csv = (await api.call('GET', done.bundle.files[1].url, tenant.keys.tenant_admin)).text;
  expect(csv.split('\r\n')[0]).toBe('"time","type","source","id","subject","data","attributes"');
  const left = await db.owner.query('select person from private.privacy_requests where id = $1', [asked.body.id]);
  expect(left.rows).toEqual([{ person: null }]);
});

test('erasure: removes rows, refused items, bundles and roll-ups of one person in one tenant, and issues a certificate', async () => {
  const tenant = await makeTenant(db);
  const hour = await fill(tenant);
  const rivals = await counts(rival, hour);
  expect(await counts(tenant, hour)).toEqual({ events: 5, validations: 5, rules: 10 });
  const access = await ask(tenant, { kind: 'access', subject: ANA });
  await servePrivacyRequests(jobs());
  const asked = await ask(tenant, { kind: 'erasure', subject: ANA });
  await servePrivacyRequests(jobs());
  const done = await look(tenant, `/v1/privacy/requests/${asked.body.id}`);
  expect(done).toMatchObject({
    status: 'completed',
    certificate: {
      kind: 'erasure',
      subject: done.subject,
      removed: { events: 3, quarantine: 1, receipts: 0, bundles: 26, exports: 0, texts: 0, 'roll-ups': 0, archive: 0 },
      hours_recomputed: 1,
    },
  });
  expect(await counts(tenant, hour)).toEqual({ events: 2, validations: 2, rules: 4 });
  expect(await counts(rival, hour)).toEqual(rivals);
  const { rows } = await db.owner.query(
    `select (select count(*) from private.events where tenant_id = $1)::int as events,
         (select count(*) from private.rule_hits where tenant_id = $1)::int as hits,
         (select sum(events) from private.events_daily where tenant_id = $1)::int as daily,
         (select string_agg(convert_from(raw, 'UTF8'), '') from private.quarantine where tenant_id = $1) as raw`,
    [tenant.id],
  );
  expect(rows[0]).toMatchObject({ events: 2, hits: 2, daily: 2 });
  expect(rows[0].raw).toContain('"bo"');
  expect(rows[0].raw).not.toContain(ANA);
  const bundle = await look(tenant, `/v1/privacy/requests/${access.body.id}`);
  expect((await api.call('GET', bundle.bundle.files[0].url, tenant.keys.tenant_admin)).status).toBe(404);
  const dirty = await db.owner.query('select from private.dirty_hours where hour = $1', [hour]);
  expect(dirty.rowCount).toBe(0);
});

test('erasure finds the person in fields marked personal and in types with plain subjects', async () => {
  const tenant = await makeTenant(db);
  const type = async (name: string, body: object) => {
    const whole = { schema: {}, mode: 'observe', ...body };
    expect((await api.call('PUT', `/v1/event-types/${name}`, tenant.keys.tenant_admin, whole)).body).toMatchObject(body);
  };
  await type('test.marked.v1', { personal_fields: ['/buyers/*/email'] });
  await type('test.plain.v1', { subject: 'plain' });
  const time = new Date().toISOString();
  const sent = await api.call('POST', '/v1/events', tenant.keys.ingest, [
    { type: 'test.marked.v1', id: '1', time, subject: 'order-7', data: { buyers: [{ email: 'x@y.z' }, { email: ANA }] } },
    { type: 'test.marked.v1', id: '2', time, subject: 'order-8', data: { buyers: [{ email: 'x@y.z' }] } },
    { type: 'test.plain.v1', id: '3', time, subject: ANA, data: {} },
  ]);
  expect(sent.body).toMatchObject({ accepted: 3 });
  const asked = await ask(tenant, { kind: 'erasure', subject: ANA });
  await servePrivacyRequests(jobs());
  expect((await look(tenant, `/v1/privacy/requests/${asked.body.id}`)).certificate.removed.events).toBe(2);
  const left = await api.call('GET', '/v1/events', tenant.keys.read);
  expect(left.body.data.map(({ id }: Json) => id)).toEqual(['2']);
});

test('another job takes over an erasure whose server died, and the certificate counts the work of both', async () => {
  const tenant = await makeTenant(db);
  await fill(tenant);
  const asked = await ask(tenant, { kind: 'erasure', subject: ANA });
  const claimed = await claimPrivacyRequest(db.jobs);
  expect(claimed?.id).toBe(asked.body.id);
  await db.owner.query(
    `with gone as (delete from private.quarantine where tenant_id = $1 and position('ana@' in convert_from(raw, 'UTF8')) > 0)
     update private.privacy_requests set claimed_until = now(),
         outcome = '{"places": {"quarantine": {"removed": 1, "changed": 0}}, "hours": 0}' where tenant_id = $1`,
    [tenant.id],
  );
  // A request whose server gave up is not retried at once.
  await servePrivacyRequests(jobs());
  expect((await look(tenant, `/v1/privacy/requests/${asked.body.id}`)).status).toBe('queued');
  await db.owner.query('update private.privacy_requests set retry_at = now() where tenant_id = $1', [tenant.id]);
  await servePrivacyRequests(jobs());
  const { certificate } = await look(tenant, `/v1/privacy/requests/${asked.body.id}`);
  expect(certificate.removed).toEqual({
    events: 3,
    quarantine: 1,
    receipts: 0,
    bundles: 0,
    exports: 0,
    archive: 0,
    journeys: 0,
    feedback: 0,
    imports: 0,
    'test-results': 0,
    vault: 0,
    texts: 0,
    'roll-ups': 0,
  });
});

test('withdrawal of consent applies from the next event, until consent is given again', async () => {
  const tenant = await makeTenant(db);
  const send = async (id: string) => {
    const event = { type: 'test.consent.v1', id, time: new Date().toISOString(), subject: ANA, data: {} };
    return (await api.call('POST', '/v1/events', tenant.keys.ingest, event, { prefer: 'return=representation' })).body.items[0];
  };
  expect((await send('1')).code).toBeUndefined();
  const withdrawn = await ask(tenant, { kind: 'withdrawal', subject: ANA });
  expect(withdrawn).toMatchObject({ status: 202, body: { status: 'completed', progress: 100 } });
  expect((await send('2')).code).toBe('consent-withdrawn');
  await ask(tenant, { kind: 'restoration', subject: ANA });
  expect((await send('3')).code).toBeUndefined();
  const found = await api.call('GET', `/v1/events?subject=${encodeURIComponent(ANA)}`, tenant.keys.read);
  expect(found.body.data.map(({ id }: Json) => id).sort()).toEqual(['1', '3']);
});

test('requests are listed newest first, and only to their tenant', async () => {
  const tenant = await makeTenant(db);
  const ids = [];
  for (const kind of ['access', 'erasure', 'withdrawal']) ids.unshift((await ask(tenant, { kind, subject: 'q' })).body.id);
  const first = await look(tenant, '/v1/privacy/requests?limit=2');
  const rest = await look(tenant, `/v1/privacy/requests?limit=2&cursor=${first.next_cursor}`);
  expect([...first.data, ...rest.data].map(({ id }: Json) => id)).toEqual(ids);
  expect((await look(rival, '/v1/privacy/requests')).data).toEqual([]);
  expect((await api.call('GET', `/v1/privacy/requests/${ids[0]}`, rival.keys.tenant_admin)).status).toBe(404);
  expect((await api.call('GET', '/v1/privacy/requests', tenant.keys.read)).status).toBe(403);
  expect((await ask(tenant, { kind: 'access', subject: '' })).status).toBe(400);
});

test('only the request itself names the person, and only until it is completed', async () => {
  const tenant = await makeTenant(db);
  const named = async () => {
    const { rows } = await db.owner.query<{ name: string; column: string }>(
      `select c.relname as name, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
       where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and a.attnum > 0 and not a.attisdropped and a.atttypid in ('text'::regtype, 'jsonb'::regtype, 'json'::regtype)`,
    );
    const found = [];
    for (const { name, column } of rows) {
      const where = `select from private.${name} where position('zoe@example' in ${column}::text) > 0`;
      if ((await db.owner.query(where)).rowCount) found.push(`${name}.${column}`);
    }
    return found;
  };
  const body = { kind: 'erasure', subject: 'zoe@example.com', reason: 'by letter' };
  await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, body, { 'idempotency-key': 'zoe' });
  expect(await named()).toEqual(['privacy_requests.person']);
  await servePrivacyRequests(jobs());
  expect(await named()).toEqual([]);
});

test('open requests and the time left are in the metrics', async () => {
  const read = async () => (await fetch(`${api.metricsUrl}/metrics`)).text();
  const tenant = await makeTenant(db);
  await servePrivacyRequests(jobs());
  await ask(tenant, { kind: 'access', subject: 'counted' });
  const text = await read();
  expect(Number(/^mirante_privacy_requests_open (.+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
  expect(/^mirante_privacy_request_seconds_left (\d+)/m.exec(text)).not.toBeNull();
});

test('every table is searched for people, or is known to contain none', async () => {
  const { rows } = await db.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition`,
  );
  const known = [...PLACES.flatMap(({ tables }) => tables), ...Object.keys(WITHOUT_PEOPLE)];
  const isKnown = (name: string) =>
    known.some(
      (one) =>
        one === name ||
        (one.endsWith('*') && /^(hourly|daily)(_rows)?$/.test(name.slice(one.length - 1)) && name.startsWith(one.slice(0, -1))),
    );
  expect(rows.map(({ name }) => name).filter((name) => !isKnown(name))).toEqual([]);
  const exact = known.filter((name) => !name.endsWith('*'));
  expect(exact.filter((name) => !rows.some((row) => row.name === name))).toEqual([]);
});
