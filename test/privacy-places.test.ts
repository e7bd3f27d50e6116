import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { TEXT_COLUMNS } from '../sql/privacy/columns.ts';
import { PLACES } from '../sql/privacy/places.ts';
import { KEPT_TEXTS, TEXTS } from '../sql/privacy/text-place.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps } from './support/archive-home.ts';
import { fillDays, RETENTION } from './support/archived-events.ts';
import { useExports } from './support/exports.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder });
const jobs = () => jobDeps(db, exports.deps.archive);

test('every text column says what it is: adding one is a decision about people', async () => {
  const { rows } = await db.owner.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attname) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and a.atttypid = any ('{text,text[],json,jsonb,bytea,inet}'::regtype[])
     group by 1`,
  );
  const found = Object.fromEntries(rows.map(({ name, columns }) => [name, columns]));
  const known = Object.fromEntries(
    Object.entries(TEXT_COLUMNS).map(([table, { searched = '', kept = '', coded = '' }]) => [
      table,
      `${searched} ${kept} ${coded}`.split(' ').filter(Boolean).sort(),
    ]),
  );
  // On TimescaleDB the roll-ups are its own tables.
  const isRollup = (name: string) => /_(hourly|daily)_rows$/.test(name);
  for (const name of Object.keys(known)) if (isRollup(name) && !found[name]) delete known[name];
  expect(found).toEqual(known);
  const tables = PLACES.flatMap((place) => place.tables);
  const isReached = (name: string) =>
    tables.some((one) => one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1))));
  const searched = Object.entries(TEXT_COLUMNS).filter((entry) => entry[1].searched);
  expect(searched.map(([table]) => table).filter((table) => !isReached(table))).toEqual([]);
  for (const [table, columns] of Object.entries({ ...TEXTS, ...mapped(KEPT_TEXTS) }))
    expect(known[table], table).toEqual(expect.arrayContaining(columns));
});

const mapped = (kept: typeof KEPT_TEXTS) =>
  Object.fromEntries(Object.entries(kept).map(([table, { columns }]) => [table, columns]));

/** Particular, but of no form that is refused; its spellings in URLs, Base64 and UTF-16 differ. */
const WHO = 'cliente/7712-0042ç';
const at = (days = 0) => new Date(Date.now() - days * 86_400_000).toISOString();

/** Every request that differs from an example of the API in one free text, which names the person. */
function* everyText(document: Json): Generator<{ method: string; path: string; scopes: string[]; body: Json }> {
  for (const [path, methods] of Object.entries<Json>(document.paths))
    for (const [method, { requestBody, 'x-scopes': scopes = [] }] of Object.entries<Json>(methods)) {
      const content = requestBody?.content?.['application/json'];
      const example = content?.example ?? Object.values<Json>(content?.examples ?? {})[0]?.value;
      if (example === undefined) continue;
      for (const body of withText(example)) yield { method: method.toUpperCase(), path, scopes, body };
    }
}

function* withText(value: Json): Generator<Json> {
  if (typeof value === 'string') yield `${WHO}`;
  else if (Array.isArray(value))
    for (const [n, one] of value.entries()) for (const other of withText(one)) yield value.with(n, other);
  else if (typeof value === 'object' && value !== null)
    for (const [name, one] of Object.entries(value)) for (const other of withText(one)) yield { ...value, [name]: other };
}

async function plant(tenant: TestTenant): Promise<number> {
  const document = (await api.call('GET', '/openapi.json')).body;
  const keys: Record<string, string> = { ...tenant.keys, 'tenant-admin': tenant.keys.tenant_admin };
  let planted = 0;
  for (const { method, path, scopes, body } of everyText(document)) {
    const key = scopes.map((scope) => keys[scope]).find(Boolean);
    if (!key || path.startsWith('/v1/privacy/') || method === 'DELETE') continue;
    const url = path.replace('{id}', tenant.id).replace('{slug}', 'validations-overview').replace('{type}', 'planted.v1');
    if ((await api.call(method, url, key, body)).status < 300) planted++;
  }
  return planted;
}

async function live(tenant: TestTenant): Promise<void> {
  const { ingest, tenant_admin } = tenant.keys;
  const type = { schema: {}, mode: 'observe', personal_fields: ['/who', '/items/*/who'] };
  await api.call('PUT', '/v1/event-types/known.v1', tenant_admin, type);
  await api.call('PUT', '/v1/event-types/plain.v1', tenant_admin, {
    schema: { maximum: 1 },
    mode: 'quarantine',
    subject: 'plain',
  });
  const event = (id: string, more: object) => ({ id, type: 'known.v1', time: at(), subject: 'bo', data: { n: 1 }, ...more });
  const validation = { type: 'br.validahub.validation.completed.v1' };
  const sent = [
    event('subject', { subject: WHO }),
    event('field', { data: { items: [{ who: WHO }] } }),
    event(`id of ${WHO}`, {}),
    event('source', { source: `/users/${encodeURIComponent('x')}/${WHO}` }),
    event('attribute', { owner: WHO }),
    event('dimension', { ...validation, data: { marketplace: `seller ${WHO}`, outcome: 'success' } }),
    event('rule', { ...validation, data: { rules: { [`by ${WHO}`]: 2 }, marketplace: 'x' } }),
    event('undeclared', { data: { note: `from ${WHO}` } }),
    event('nobody', {}),
  ];
  const key = { 'idempotency-key': `of ${WHO}`.replaceAll('ç', 'c') };
  expect((await api.call('POST', '/v1/events', ingest, sent, key)).body).toMatchObject({ accepted: sent.length });
  await api.call('POST', '/v1/events', ingest, [
    event('a', { type: 'plain.v1', subject: WHO, data: 'x' }),
    event('b', { time: WHO }),
  ]);
  await api.call('POST', '/v1/events', ingest, `{"subject": "${WHO}", `);
  await api.call('POST', '/v1/events', ingest, `subject=${encodeURIComponent(WHO)}`);
  await fillDays(db, tenant.id, { from: 45, to: 44, count: 2 });
  await db.owner.query("update private.events set subject = $2 where tenant_id = $1 and type = 'a.plain.v1'", [tenant.id, WHO]);
  await refreshRollups(jobs());
  await runRetention({ ...jobs(), config: RETENTION });
  const window = { from: at(1), to: at(-1) };
  for (const filter of [{ source: WHO }, {}])
    expect(
      (await api.call('POST', '/v1/exports', tenant.keys.export, { dataset: 'events', format: 'csv', ...window, filter }))
        .status,
    ).toBe(202);
  await exports.run();
}

const spellings = (name: string) => [
  name,
  name.toUpperCase(),
  JSON.stringify(name).replaceAll('ç', '\\u00e7').slice(1, -1),
  encodeURIComponent(name),
  Buffer.from(name).toString('base64'),
  Buffer.from(name).toString('hex'),
  Buffer.from(name, 'utf16le').toString('hex'),
];

/** Tables of the schema private, and files, with one of these texts; of one tenant where the table tells. */
async function holding(texts: string[], tenant: TestTenant): Promise<string[]> {
  const { rows } = await db.owner.query<{ name: string; tenant: boolean }>(
    `select c.relname as name, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as tenant
     from pg_class c where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition order by 1`,
  );
  const found: string[] = [];
  for (const { name, tenant: isOwn } of rows) {
    const where = isOwn ? `t.tenant_id = '${tenant.id}' and` : '';
    const held = await db.owner.query(
      `select from private.${name} t where ${where} exists (select from unnest($1::text[]) x where position(x in to_jsonb(t)::text) > 0) limit 1`,
      [texts],
    );
    if (held.rowCount) found.push(name);
  }
  for (const entry of readdirSync(exports.folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    // The ledger is of all tenants, other files are in a folder of their tenant.
    if (!entry.isFile() || !(path.includes(tenant.id) || path.includes('erasure-ledger'))) continue;
    const bytes = readFileSync(path);
    if (texts.some((text) => bytes.includes(text)))
      found.push(
        path
          .slice(exports.folder.length + 1)
          .split('/')
          .slice(0, 2)
          .join('/'),
      );
  }
  return [...new Set(found)];
}

async function served(tenant: TestTenant, kind: string): Promise<Json> {
  const asked = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject: WHO });
  await servePrivacyRequests(jobs());
  return (await api.call('GET', `/v1/privacy/requests/${asked.body.id}`, tenant.keys.tenant_admin)).body;
}

const rowsOf = async (tenant: TestTenant) =>
  (
    await db.owner.query<{ row: string }>(
      `select e::text as row from private.events e where tenant_id = $1
       union all select (to_jsonb(q) - 'received_at')::text from private.quarantine q where tenant_id = $1 order by 1`,
      [tenant.id],
    )
  ).rows.map(({ row }) => row);

test('a person in every text that is accepted: after an erasure only what the certificate names is left, and nobody else is touched', async () => {
  const [tenant, other] = [await makeTenant(db), await makeTenant(db)];
  for (const one of [tenant, other]) await live(one);
  expect(await plant(tenant)).toBeGreaterThan(20);
  const untouched = await rowsOf(other);
  expect((await holding(spellings(WHO), tenant)).length).toBeGreaterThan(10);

  const access = await served(tenant, 'access');
  const rows = Object.fromEntries(access.bundle.files.map(({ name, rows: n }: Json) => [name.replace('.json', ''), n]));
  expect(rows).toMatchObject({ archive: 4 });
  expect([rows.events >= 7, rows.quarantine >= 2]).toEqual([true, true]);
  for (const { url } of access.bundle.files)
    expect((await api.call('GET', url, tenant.keys.tenant_admin)).text).not.toContain('"nobody"');

  const { certificate, subject } = await served(tenant, 'erasure');
  const places: Json[] = certificate.places;
  const named = places.filter(({ kept, in_review }) => kept.length > 0 || in_review > 0).map(({ place }) => place);
  expect(named.sort()).toEqual(['events', 'quarantine', 'texts']);
  expect(places.find(({ place }) => place === 'events').kept).toEqual([
    { records: 1, why: expect.stringContaining('known.v1') },
  ]);
  expect(certificate.in_review).toBeGreaterThanOrEqual(2);
  const plain = async () => (await holding(spellings(WHO), tenant)).filter((name) => !(name in KEPT_TEXTS));
  expect(await plain()).toEqual(['events', 'quarantine']);
  // The pseudonym is where a text named the person, and in what proves that the requests were served.
  const pseudonym = await holding([subject], tenant);
  const allowed = [
    'privacy_requests',
    'privacy_reviews',
    'erasure_ledger',
    'export_jobs',
    'audit_log',
    'objects/erasure-ledger',
    ...Object.keys(TEXTS),
  ];
  expect(pseudonym.filter((name) => !allowed.includes(name))).toEqual([]);

  for (const { id } of (await api.call('GET', '/v1/privacy/review', tenant.keys.tenant_admin)).body.data)
    expect((await api.call('POST', `/v1/privacy/review/${id}`, tenant.keys.tenant_admin, { decision: 'destroy' })).status).toBe(
      200,
    );
  expect(await plain()).toEqual(['events']);
  const left = (await api.call('GET', '/v1/events', tenant.keys.read)).body.data.map(({ id }: Json) => id);
  expect(left).toEqual(expect.arrayContaining(['nobody', 'undeclared']));
  expect(await rowsOf(other)).toEqual(untouched);
}, 120_000);
