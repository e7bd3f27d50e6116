import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { deliverAlerts } from '../../jobs/alerts/deliver.ts';
import { duePeriods, makeDueReports } from '../../jobs/reports/due.ts';
import { makeReports } from '../../jobs/reports/make.ts';
import { pullChannels } from '../../jobs/reports/pull.ts';
import { readConfig } from '../../lib/config.ts';
import { shiftMonth } from '../../lib/months.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { jobDeps } from '../../test/support/archive-home.ts';
import { cleanUp } from '../../test/support/clean-up.ts';
import { useExports } from '../../test/support/exports.ts';
import { makeTenant, type TestTenant, testSecret, useDatabase } from '../../test/support/harness.ts';
import { useReceiver } from '../../test/support/receiver.ts';

const db = await useDatabase();
const exports = await useExports(db);
const config = readConfig({ ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
const api = await useApi(db, {
  ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8',
  SMTP_URL: 'smtp://127.0.0.1:9',
  ALERTS_FROM: 'alerts@mirante.example',
});
const deps = () => ({ ...jobDeps(db, exports.deps.archive), secret: testSecret, config });

// A mail server, and what it got.
const mails: { to: string; text: string }[] = [];
const mailServer = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData: (stream, { envelope }, done) =>
    void text(stream).then((mail) => {
      mails.push({ to: envelope.rcptTo.map(({ address }) => address).join(), text: mail });
      done();
    }),
});
await new Promise<void>((done) => mailServer.listen(0, '127.0.0.1', done));
cleanUp(() => new Promise<void>((done) => mailServer.close(done)));
const mailing = {
  SMTP_URL: `smtp://127.0.0.1:${(mailServer.server.address() as AddressInfo).port}`,
  ALERTS_FROM: 'alerts@mirante.example',
};

const STARTED = 'org.example.started.v1';
const COMPLETED = 'org.example.created.v1';

const hooks = await useReceiver((response) => response.writeHead(204).end());

async function serve(more: object = {}): Promise<TestTenant> {
  const tenant = await makeTenant(db);
  const service = {
    name: 'Make an LPA',
    journey: { started: STARTED, completed: COMPLETED, id: '/data/journey' },
    timezone: 'UTC',
    draft_limit_days: 30,
    channels: ['online', 'paper'],
    locales: ['en', 'cy', 'pt-BR'],
    ...more,
  };
  expect((await api.call('PUT', '/v1/services/lpa', tenant.keys.tenant_admin, service)).status).toBe(201);
  return tenant;
}

const month = (tenant: TestTenant, period: string, body: object) =>
  api.call('PUT', `/v1/services/lpa/channels/${period}`, tenant.keys.tenant_admin, body);

async function report(tenant: TestTenant, body: object): Promise<Json> {
  const asked = await api.call('POST', '/v1/performance-reports', tenant.keys.tenant_admin, { service: 'lpa', ...body });
  expect([asked.status, asked.body.status, asked.headers.get('location')]).toEqual([
    202,
    'queued',
    `/v1/performance-reports/${asked.body.id}`,
  ]);
  await makeReports(deps());
  return (await api.call('GET', `/v1/performance-reports/${asked.body.id}`, tenant.keys.read)).body;
}

const send = (tenant: TestTenant, ...events: [string, string, string][]) =>
  api.call(
    'POST',
    '/v1/events',
    tenant.keys.ingest,
    events.map(([type, journey, time]) => ({ type, time, data: { journey } })),
  );

test('a report has every measure with its parts, is told by a signed webhook, and says what is missing', async () => {
  const tenant = await serve();
  const hook = await api.call('POST', '/v1/alerts/endpoints', tenant.keys.tenant_admin, {
    kind: 'webhook',
    url: `${hooks.url}/told`,
  });
  await send(
    tenant,
    [STARTED, 'a', '2026-09-28T10:00:00Z'],
    [COMPLETED, 'a', '2026-10-01T10:00:00Z'],
    [STARTED, 'b', '2026-10-05T10:00:00Z'],
    [COMPLETED, 'b', '2026-10-08T10:00:00Z'],
    [STARTED, 'c', '2026-10-06T10:00:00Z'],
  );
  await month(tenant, '2026-10', { paper: 6, assisted_digital: 1, costs: { currency: 'GBP', online: 10, paper: 30 } });
  const made = await report(tenant, { period: '2026-10' });
  expect(made).toMatchObject({
    status: 'completed',
    revision: null,
    measures: {
      user_satisfaction: { value: null, denominator: 0, flags: ['no-ratings'] },
      completion_rate_period: { value: 100, numerator: 2, denominator: 2 },
      completion_rate_cohort: { value: 50, numerator: 1, denominator: 2 },
      digital_take_up: { value: 25, numerator: 2, denominator: 8, parameters: { assisted_digital: 'included' } },
      cost_per_transaction: { value: null, flags: ['missing-months'] },
    },
  });
  expect(made.missing).toContainEqual({ input: 'channel_counts', period: '2026-09', reason: 'not-recorded' });
  // The service sent no event before September: nobody knows that nothing was completed online.
  expect(made.missing).toContainEqual({ input: 'channel_counts', period: '2026-08', reason: 'online-not-known' });
  expect(made.missing).not.toContainEqual({ input: 'channel_counts', period: '2026-09', reason: 'online-not-known' });
  expect(made.method.measures.digital_take_up).toContain('divided by');
  await deliverAlerts(deps());
  const [told] = hooks.received.filter(({ path }) => path === '/told');
  const body = JSON.parse(told?.body ?? '');
  expect(body).toMatchObject({
    type: 'performance_report.completed',
    data: { report: { id: made.id, service: 'lpa', period: '2026-10' } },
  });
  new Webhook(hook.body.secret).verify(told?.body ?? '', told?.headers as Record<string, string>);

  const excluded = await report(tenant, { period: '2026-10', assisted_digital: 'excluded', notify: [] });
  expect(excluded.measures.digital_take_up).toMatchObject({ value: 12.5, parameters: { assisted_digital: 'excluded' } });
  const future = await api.call('POST', '/v1/performance-reports', tenant.keys.tenant_admin, {
    service: 'lpa',
    period: '2099-Q1',
  });
  expect([future.status, future.body.errors[0].code]).toEqual([400, 'future-period']);
  const none = await api.call('POST', '/v1/performance-reports', tenant.keys.tenant_admin, {
    service: 'none',
    period: '2026-10',
  });
  expect(none.status).toBe(404);
});

test('what is published has an address for each revision, and nothing else is reachable', async () => {
  const tenant = await serve();
  const read = (path: string, headers = {}) => api.call('GET', path, undefined, undefined, headers);
  const base = `/public/performance/${tenant.slug}/lpa`;
  await send(tenant, [STARTED, 'a', '2026-10-01T10:00:00Z'], [COMPLETED, 'a', '2026-10-02T10:00:00Z']);
  await month(tenant, '2026-10', { paper: 3 });
  const first = await report(tenant, { period: '2026-10' });
  for (const suffix of ['', '.json', '.csv', '.csv-metadata.json', '/2026-10/1', '/2026-10/1.json'])
    expect([suffix, (await read(base + suffix)).status]).toEqual([suffix, 404]);
  const act = (id: string, what: string) => api.call('POST', `/v1/performance-reports/${id}/${what}`, tenant.keys.tenant_admin);
  expect((await act(first.id, 'withdraw')).body.code).toBe('report-not-published');
  expect((await act(first.id, 'publish')).body).toMatchObject({ revision: 1, changes: [] });
  expect((await act(first.id, 'publish')).body.revision).toBe(1);
  const json = await read(`${base}.json`);
  expect(json.body).toMatchObject({ period: '2026-10', revision: 1, measures: { digital_take_up: { value: 25 } } });
  expect(JSON.stringify(json.body)).not.toContain(tenant.id);
  const cached = await read(`${base}.json`, { 'if-none-match': json.headers.get('etag') as string });
  expect([cached.status, cached.headers.get('cache-control')]).toEqual([304, 'public, max-age=60']);

  await month(tenant, '2026-10', { paper: 1 });
  const second = await report(tenant, { period: '2026-10', publish: true });
  expect(second.revision).toBe(2);
  expect(second.changes).toContainEqual(
    expect.objectContaining({ measure: 'digital_take_up', before: 25, after: 50, denominator_before: 4, denominator_after: 2 }),
  );
  await act(second.id, 'publish');
  expect((await read(`${base}/2026-10/1.json`)).body.measures.digital_take_up.value).toBe(25);
  expect((await read(`${base}/2026-10/2.json`)).body.revisions.map(({ revision }: Json) => revision)).toEqual([2, 1]);
  // A month comes before the quarter and the year that it ends.
  const earlier: string[] = [];
  for (const period of ['2025', '2025-Q4', '2025-12']) earlier.push((await report(tenant, { period, publish: true })).id);
  expect((await read(`${base}.json`)).body.periods.map(({ period }: Json) => period)).toEqual([
    '2026-10',
    '2025-12',
    '2025-Q4',
    '2025',
  ]);
  for (const id of earlier) await act(id, 'withdraw');
  const csv = await read(`${base}.csv`);
  expect(csv.text.split('\r\n').find((line) => line.includes('digital_take_up'))).toContain(
    '"2026-10",2,"digital_take_up",50,"percent",1,2',
  );
  const csvw = JSON.parse((await read(`${base}.csv-metadata.json`)).text);
  expect(csvw.url).toBe(`${api.url}${base}.csv`);
  expect(csvw.tableSchema.columns.map(({ name }: Json) => name).join(',')).toBe(csv.text.split('\r\n')[0]?.replaceAll('"', ''));
  const page = await read(base, { 'accept-language': 'cy' });
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.text).toContain('<html lang="cy">');
  expect(page.text).not.toMatch(/<script/);
  expect((await read(`${base}/2026-10/1?lang=pt-BR`)).text).toContain('Há uma revisão mais nova');
  const catalogue = JSON.parse((await read('/public/catalogue.jsonld')).text);
  expect(catalogue['dcat:dataset'].map((one: Json) => one['dct:identifier'])).toContain(`${tenant.slug}/lpa`);

  await act(second.id, 'withdraw');
  expect((await read(`${base}/2026-10/2.json`)).status).toBe(404);
  expect((await read(`${base}.json`)).body.revision).toBe(1);
  await act(first.id, 'withdraw');
  expect([(await read(base)).status, (await read(`${base}.json`)).status]).toEqual([404, 404]);
  expect((await read('/public/catalogue.jsonld')).text).not.toContain(tenant.slug);
  expect((await act(second.id, 'publish')).body.revision).toBe(3);
});

test('reports of closed months are made by themselves, say what a silent connector left out, and restate what is published', async () => {
  const tenant = await serve({ costs: { currency: 'GBP', online: 10, paper: 20 } });
  const { tenant_admin, read } = tenant.keys;
  await api.call('POST', '/v1/alerts/endpoints', tenant_admin, { kind: 'webhook', url: `${hooks.url}/scheduled` });
  await api.call('POST', '/v1/alerts/endpoints', tenant_admin, { kind: 'email', address: 'data@opg.example' });
  // Created two months ago, so two months are closed.
  await db.owner.query("update private.services set created_at = now() - interval '2 months' where tenant_id = $1", [
    tenant.id,
  ]);
  const last = shiftMonth(new Date().toISOString().slice(0, 7), -1);
  await send(tenant, [STARTED, 'a', `${last}-05T10:00:00Z`], [COMPLETED, 'a', `${last}-06T10:00:00Z`]);
  const mapping = { paper: '/paper' };
  await api.call('PUT', '/v1/services/lpa/connector', tenant_admin, { url: `${hooks.url}/cases`, mapping });
  await pullChannels(deps());
  const list = async () =>
    (await api.call('GET', '/v1/performance-reports?filter[service]=lpa', read)).body.data.filter(
      ({ period }: Json) => period === last,
    );
  await makeDueReports(deps());
  const [made] = await list();
  expect(made).toMatchObject({ cause: 'schedule', status: 'completed', revision: null });
  expect(made.measures.digital_take_up).toMatchObject({ value: null, flags: expect.arrayContaining(['missing-months']) });
  expect(made.missing).toContainEqual({ input: 'channel_counts', period: last, reason: 'connector-failing' });
  await deliverAlerts({ ...deps(), config: { ...config, ...mailing } });
  const told = hooks.received.filter(({ path }) => path === '/scheduled').map(({ body }) => JSON.parse(body));
  const about = told.find(({ data }) => data.report?.period === last);
  expect(told.map(({ type }) => type)).toContain('connector.failing');
  expect(about).toMatchObject({ type: 'performance_report.completed', data: { report: { missing: made.missing } } });
  const mail = mails.find(
    ({ to, text }) => to === 'data@opg.example' && text.includes(`channel_counts ${last}: connector-failing`),
  );
  expect(mail?.text).toContain('Subject: [Mirante] Performance report incomplete: lpa');

  // The same figures again are no new report.
  await makeDueReports(deps());
  expect((await list()).length).toBe(1);
  await api.call('POST', `/v1/performance-reports/${made.id}/publish`, tenant_admin);
  await month(tenant, last, { paper: 3 });
  await makeDueReports(deps());
  const [restated] = await list();
  expect(restated).toMatchObject({ cause: 'schedule', revision: 2, measures: { digital_take_up: { value: 25 } } });
  expect(restated.changes).toContainEqual(expect.objectContaining({ measure: 'digital_take_up', before: null, after: 25 }));
});

test('the closed months and quarters of a service are due, at most thirteen months back', () => {
  const due = (created: string, now: string) =>
    duePeriods({ created_at: new Date(created), timezone: 'Europe/London' }, new Date(now)).map(({ period }) => period);
  expect(due('2026-08-20T00:00:00Z', '2026-10-15T00:00:00Z')).toEqual(['2026-08', '2026-09', '2026-Q3']);
  // In British Summer Time, October has begun an hour before it does in UTC.
  expect(due('2026-09-20T00:00:00Z', '2026-09-30T23:30:00Z')).toEqual(['2026-09', '2026-Q3']);
  expect(due('2020-01-01T00:00:00Z', '2026-10-15T00:00:00Z').length).toBe(13 + 5);
});
