import { beforeAll, expect, test } from 'vitest';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { makeReports } from '../../jobs/reports/make.ts';
import { type Answer, type Json, useApi } from '../support/api.ts';
import { jobDeps } from '../support/archive-home.ts';
import { fillDays, RETENTION } from '../support/archived-events.ts';
import { useExports } from '../support/exports.ts';
import { type KeyName, makeOperatorKey, makeTenant, type TestTenant, tally, useDatabase } from '../support/harness.ts';
import { MARKR } from '../support/imports.ts';
import { type AlertSide, settleAlerts } from './alerts.ts';
import { BODIES, incidentOf, SNAPSHOT, WINDOWS } from './bodies.ts';
import { type DocumentSide, settleDocuments } from './documents.ts';
import { SERVICE, type ServiceSide, settleService } from './service.ts';

type Side = TestTenant &
  ServiceSide &
  AlertSide &
  DocumentSide & {
    type: string;
    mark: string;
    loginId: string;
    archiveRuleId: string;
    linkId: string;
    requestId: string;
    reviewId: string;
    buildId: string;
    file: string;
    noteId: string;
    incidentId: string;
    memberId: string;
    visitId: string;
    exportId: string;
    exportFile: string;
    quarantineIds: string[];
    cursors: Record<string, string>;
  };

let operator: string;
let attacker: Side;
let victim: Side;
let document: Json;

const LINKS = '/v1/dashboards/{slug}/links';
const KEY_OF: Record<string, KeyName> = { '/v1/events': 'read', '/v1/exports': 'export', [LINKS]: 'embed' };

// Tokens of embeds are in embed-tokens.test.ts, visits of operators in support.test.ts.
const LISTS = [
  '/v1/events',
  '/v1/event-types',
  '/v1/quarantine',
  '/v1/audit-log',
  '/v1/alerts',
  '/v1/alerts/rules',
  '/v1/alerts/endpoints',
  '/v1/alerts/deliveries',
  '/v1/privacy/records',
  '/v1/privacy/requests',
  '/v1/privacy/review',
  '/v1/archive/files',
  '/v1/exports',
  '/v1/tenants/{id}/keys',
  '/v1/tenants/{id}/sql-logins',
  LINKS,
  '/v1/annotations',
  '/v1/members',
  '/v1/services',
  '/v1/services/{slug}/comments',
  '/v1/imports',
  '/v1/imports/reprocess',
  '/v1/performance-reports',
  '/results',
];

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db, { METABASE_URL: 'http://metabase.invalid', MIRANTE_DATA_DIR: exports.folder });

beforeAll(async () => {
  await db.owner.query("insert into private.metabase_dashboards values ('validations-overview', 1)");
  operator = await makeOperatorKey(db);
  [attacker, victim] = [await settle(), await settle()];
  document = (await api.call('GET', '/openapi.json')).body;
});

const jobs = () => jobDeps(db, exports.deps.archive);

/** A tenant with two of everything, so that every list has a second page. */
async function settle(): Promise<Side> {
  const tenant = await makeTenant(db);
  // Letters alone, because a comment's long number is masked as somebody's.
  const mark = `mark${tenant.slug.slice(2).replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] as string)}`;
  const type = `secret.${mark}.v1`;
  const { ingest, tenant_admin } = tenant.keys;
  const event = (n: number) => ({
    type,
    source: mark,
    id: `${mark}-${n}`,
    subject: mark,
    data: { mark, outcome: 'success', duration_ms: n },
  });
  for (const n of [1, 2]) {
    expect((await api.call('POST', '/v1/events', ingest, event(n), { 'idempotency-key': `${mark}-${n}` })).status).toBe(202);
    await api.call('POST', '/v1/events', ingest, { ...event(n), time: '1999-01-01T00:00:00Z' });
    await api.call('PUT', `/v1/event-types/${type}${n > 1 ? '.next' : ''}`, tenant_admin, {
      schema: { title: mark },
      mode: 'observe',
      description: mark,
    });
    await api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, tenant_admin, { name: mark });
  }
  const alerts = await settleAlerts(api, db, tenant, { mark, type });
  for (const n of [1, 2]) {
    // No JSON, so that only people can judge it.
    expect((await api.call('POST', '/v1/events', tenant.keys.ingest, `${n} says ${mark}`)).status).toBe(400);
    const asked = { kind: 'access', subject: mark, reason: `${mark} ${n}` };
    expect((await api.call('POST', '/v1/privacy/requests', tenant_admin, asked)).status).toBe(202);
  }
  const archiveRule = await api.call('PUT', '/v1/archive/rules', operator, { tenant_id: tenant.id, type, keep_days: 900 });
  await fillDays(db, tenant.id, { from: 60, to: 58, count: 1, word: mark });
  await runRetention({ ...jobs(), config: RETENTION });
  await servePrivacyRequests(jobs());
  const requests = (await api.call('GET', '/v1/privacy/requests', tenant_admin)).body.data;
  const bundle = (await api.call('GET', `/v1/privacy/requests/${requests[0].id}`, tenant_admin)).body.bundle;
  const reviews = (await api.call('GET', '/v1/privacy/review', tenant_admin)).body.data;
  const incident = await api.call('POST', '/v1/incidents', operator, incidentOf(tenant));
  const window = { from: new Date(Date.now() - 86_400_000), to: new Date(Date.now() + 86_400_000) };
  for (const format of ['csv', 'ndjson']) {
    const asked = { dataset: 'events', format, ...window, filter: { type } };
    expect((await api.call('POST', '/v1/exports', tenant.keys.export, asked)).status).toBe(202);
  }
  await exports.run();
  const made = (await api.call('GET', '/v1/exports', tenant.keys.export)).body.data[0];
  const [exported] = (await api.call('GET', `/v1/exports/${made.id}`, tenant.keys.export)).body.manifest.files;
  const link = () => api.call('POST', '/v1/dashboards/validations-overview/links', tenant.keys.embed);
  const note = () => api.call('POST', '/v1/annotations', tenant_admin, { time: new Date().toISOString(), text: mark });
  const [noteId] = [(await note()).body.id, (await note()).body.id];
  const [linkId] = [(await link()).body.id, (await link()).body.id];
  const member = async (n: number) =>
    (await api.call('POST', '/v1/members', tenant_admin, { email: `${mark}-${n}@example.com`, name: mark, role: 'admin' })).body
      .id;
  const [memberId] = [await member(1), await member(2)];
  await api.call('PUT', '/v1/support-access', tenant_admin, { allowed_until: window.to });
  const visit = await api.call('POST', `/v1/tenants/${tenant.id}/support-visits`, operator, { reason: mark });
  const service = await settleService(api, tenant, mark, () => makeReports(jobs()));
  const documents = await settleDocuments(api, tenant, { mark, type });
  const cursors: Record<string, string> = {};
  for (const path of LISTS) {
    const list = await api.call(
      'GET',
      `${path.replace('{id}', tenant.id).replace('{slug}', 'validations-overview')}?limit=1`,
      tenant.keys[KEY_OF[path] ?? 'tenant_admin'],
    );
    cursors[path] = list.body.next_cursor;
  }
  const consent = { accepted: true, text_version: mark };
  expect((await api.call('PUT', '/v1/benchmarks/consent', tenant_admin, consent)).status).toBe(200);
  const build = await api.call('POST', '/v1/benchmarks/snapshots', operator, SNAPSHOT);
  const logins = await api.call('GET', `/v1/tenants/${tenant.id}/sql-logins`, tenant_admin);
  const quarantine = await api.call('GET', '/v1/quarantine', tenant_admin);
  const quarantineIds = quarantine.body.data.map(({ id }: Json) => id);
  return {
    ...tenant,
    type,
    mark,
    loginId: logins.body.data[0].id,
    ...alerts,
    archiveRuleId: archiveRule.body.id,
    linkId,
    noteId,
    incidentId: incident.body.id,
    memberId,
    visitId: visit.body.id,
    ...service,
    requestId: requests[0].id,
    reviewId: reviews[0].id,
    buildId: build.body.id,
    file: bundle.files[0].name,
    exportId: made.id,
    exportFile: exported.name,
    ...documents,
    quarantineIds,
    cursors,
  };
}

type Attempt = {
  method: string;
  path: string;
  template: string;
  body?: unknown;
  headers?: Record<string, string>;
  scopes: string[];
};

const ROWS = '/v1/exports/stream';

/** Calls that delete or withdraw come late, what ends visits after them, the removal of the tenant last, then its certificate. */
function lateness({ method, template }: Attempt): number {
  if (template.endsWith('/offboarding')) return 3;
  if (method === 'DELETE' && template === '/v1/support-access') return 1.5;
  if (template.endsWith('/withdraw')) return 1;
  if (method !== 'DELETE') return 0;
  return template === '/v1/tenants/{id}' ? 2 : 1;
}

/** Every call of the document, with the parameters of one tenant. */
function attemptsAt(side: Side): Attempt[] {
  return Object.entries<Json>(document.paths).flatMap(([template, methods]) =>
    Object.entries<Json>(methods).map(([method, { 'x-scopes': scopes = [] }]): Attempt => {
      const filled = template
        .replace('/archive/rules/{id}', `/archive/rules/${side.archiveRuleId}`)
        .replace('/rules/{id}', `/rules/${side.ruleId}`)
        .replace('/imports/reprocess/{id}', `/imports/reprocess/${side.runId}`)
        .replace('/imports/{id}', `/imports/${side.importId}`)
        .replace('/review/{id}', `/review/${side.reviewId}`)
        .replace('/exports/{id}', `/exports/${side.exportId}`)
        .replace('/files/{name}', `/files/${template.startsWith('/v1/exports') ? side.exportFile : side.file}`)
        .replace('/endpoints/{id}', `/endpoints/${side.endpointId}`)
        .replace('/annotations/{id}', `/annotations/${side.noteId}`)
        .replace('/members/{id}', `/members/${side.memberId}`)
        .replace('{visit}', side.visitId)
        .replace('/comments/{id}', `/comments/${side.commentId}`)
        .replace('/performance-reports/{id}', `/performance-reports/${side.reportId}`)
        .replace('{period}', '2026-01')
        .replace('{revision}', '1')
        .replace('{tenant}', side.slug)
        .replace('{service}', SERVICE)
        .replace('/incidents/{id}', `/incidents/${side.incidentId}`)
        .replace('/links/{id}', `/links/${side.linkId}`)
        // The part of a link that lists show; the whole id opens the page for everybody.
        .replace('/s/{id}', `/s/${side.linkId.slice(0, 8)}`)
        .replace('/snapshots/{id}', `/snapshots/${side.buildId}`)
        .replace('{metric}', 'events.count')
        .replace('{id}', template.startsWith('/v1/privacy') ? side.requestId : side.id)
        .replace('{keyId}', side.keyIds.read)
        .replace('{loginId}', side.loginId)
        .replace('{type}', side.type)
        .replace('{slug}', 'validations-overview')
        .replace('{card}', 'volume')
        .replace('{test}', side.mark)
        .replace('{name}', template.startsWith('/v1/metrics') ? 'events.count' : side.file);
      const query = side.cursors[template] && method === 'get' ? `?cursor=${side.cursors[template]}` : '';
      const window = WINDOWS[template] ?? '';
      const body = BODIES[`${method} ${template}`]?.(side);
      const csv: Record<string, string> = typeof body === 'string' ? { 'content-type': 'text/csv' } : {};
      const headers = template === '/import' ? MARKR : csv;
      return { method: method.toUpperCase(), template, path: filled + query + window, body, headers, scopes };
    }),
  );
}

const send = ({ method, path, body, headers }: Attempt, key: string) => api.call(method, path, key, body, headers);

/** Secrets of the victim in an answer, except those that the attacker sent. */
function signsIn(answer: Answer, said: string): string[] {
  const secrets = [
    victim.id,
    victim.slug,
    victim.mark,
    victim.loginId,
    victim.ruleId,
    victim.endpointId,
    victim.exportId,
    victim.importId,
    victim.runId,
    victim.linkId.slice(0, 8),
    victim.memberId,
    victim.visitId,
    victim.commentId,
    victim.reportId,
    String(victim.paper),
    ...Object.values(victim.keyIds),
    ...victim.quarantineIds,
  ];
  const heard = answer.text + JSON.stringify([...answer.headers]);
  return secrets.filter((secret) => !said.includes(secret) && heard.includes(secret));
}

const saidIn = ({ path, body, headers }: Attempt) => {
  const cursor = new URL(path, 'http://localhost').searchParams.get('cursor') ?? '';
  return path + Buffer.from(cursor, 'base64url') + JSON.stringify([body ?? '', headers ?? {}]);
};

async function attack(attempt: Attempt, key: string): Promise<Answer> {
  const answer = await send(attempt, key);
  const found = signsIn(answer, saidIn(attempt));
  tally(1, found.length);
  expect(found, `${attempt.method} ${attempt.path}: ${answer.status} ${answer.text.slice(0, 300)}`).toEqual([]);
  return answer;
}

test('no call returns data of another tenant, with any key of the attacker', async () => {
  // Reads come first: whatever the attacker creates later under the victim's names is its own.
  const attempts = attemptsAt(victim).toSorted((a, b) => Number(a.method !== 'GET') - Number(b.method !== 'GET'));
  expect(attempts.length).toBeGreaterThan(15);
  for (const attempt of attempts) {
    for (const key of Object.values(attacker.keys)) {
      const answer = await attack(attempt, key);
      if (attempt.template.includes('/tenants'))
        expect([403, 404], `${attempt.method} ${attempt.path}`).toContain(answer.status);
    }
  }
});

test('no call returns data of another tenant, with a session of the attacker', async () => {
  const link = await api.call('POST', `/v1/members/${attacker.memberId}/login-links`, attacker.keys.tenant_admin);
  const signedIn = await fetch(api.url + link.body.url, { redirect: 'manual' });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] as string;
  expect((await api.call('GET', '/v1/session', undefined, undefined, { cookie })).status).toBe(200);
  const attempts = attemptsAt(victim).filter(({ template }) => !/^\/(login|logout)/.test(template));
  for (const attempt of attempts) {
    const headers = { ...attempt.headers, cookie, 'sec-fetch-site': 'same-origin' };
    const answer = await api.call(attempt.method, attempt.path, undefined, attempt.body, headers);
    const found = signsIn(answer, saidIn(attempt));
    tally(1, found.length);
    expect(found, `${attempt.method} ${attempt.path}: ${answer.status} ${answer.text.slice(0, 300)}`).toEqual([]);
  }
});

test('ids, types and Idempotency-Keys of another tenant have no meaning in one’s own', async () => {
  const { ingest, tenant_admin, read } = attacker.keys;
  const replay = await api.call('POST', '/v1/quarantine/replay', tenant_admin, { filter: { ids: victim.quarantineIds } });
  expect(replay.body).toMatchObject({ received: 0, items: [] });
  for (const n of [1, 2]) {
    const event = { type: 'mine.v1', source: victim.mark, id: `${victim.mark}-${n}`, tenantid: victim.id };
    const answer = await api.call('POST', '/v1/events', ingest, event, { 'idempotency-key': `${victim.mark}-${n}` });
    expect(answer.body).toMatchObject({ accepted: 1, duplicates: 0, conflicts: 0 });
  }
  expect((await api.call('GET', `/v1/event-types/${victim.type}.next`, tenant_admin)).status).toBe(404);
  const events = await api.call('GET', `/v1/events?subject=${victim.mark}`, read);
  expect(events.body.data).toEqual([]);
  const metric = await api.call(
    'GET',
    `/v1/metrics/events.count?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&interval=total&filter[type]=${victim.type}`,
    read,
  );
  expect(metric.body.data.every(({ value }: Json) => value === 0)).toBe(true);
  tally(6, 0);
});

test('a truncated, extended or re-cased key of another tenant is refused', async () => {
  const key = victim.keys.read;
  const cases = [
    key.slice(0, -1),
    `${key}a`,
    key.toUpperCase(),
    key.replace('read', 'admin'),
    key.slice(0, 13),
    `${attacker.keys.read}, ${key.slice(0, 20)}`,
    'null',
    '',
  ];
  for (const wrong of cases) {
    const answer = await api.call('GET', '/v1/events', undefined, undefined, { authorization: `Bearer ${wrong}` });
    expect(answer.status).toBe(401);
    expect(signsIn(answer, wrong)).toEqual([]);
    tally(1, 0);
  }
});

test('nothing of the victim was changed, and each call works for the victim', async () => {
  const attempts = attemptsAt(victim).toSorted((a, b) => lateness(a) - lateness(b));
  // A page opens only with a token, or with the whole id of a short link; what is about a session needs one; feedback comes from
  // people without the operator's key, and a form that was filled in.
  const others =
    /^\/(dashboards\/\{slug\}|s\/\{id\}|v1\/sessions?(\/.*)?|login.*|logout|v1\/feedback|feedback\/\{tenant\}\/\{service\})$/;
  for (const attempt of attempts.filter(({ template }) => !others.test(template))) {
    const name = Object.keys(victim.keys).find((key) => attempt.scopes.includes(key.replace('_', '-'))) as KeyName | undefined;
    const answer = await send(attempt, name ? victim.keys[name] : operator);
    expect(answer.status, `${attempt.method} ${attempt.path}: ${answer.text.slice(0, 300)}`).toBeLessThan(400);
    if (attempt.method === 'GET' && (attempt.template in victim.cursors || attempt.template === ROWS)) {
      expect(signsIn(answer, ''), attempt.template).not.toEqual([]);
    }
  }
});
