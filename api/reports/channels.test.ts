import { expect, test } from 'vitest';
import { deliverAlerts } from '../../jobs/alerts/deliver.ts';
import { fetchCounts } from '../../jobs/reports/fetch-counts.ts';
import { makeReports } from '../../jobs/reports/make.ts';
import { pullChannels } from '../../jobs/reports/pull.ts';
import { readConfig } from '../../lib/config.ts';
import { shiftMonth } from '../../lib/months.ts';
import { claimConnector } from '../../sql/reports/connectors.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { jobDeps } from '../../test/support/archive-home.ts';
import { useExports } from '../../test/support/exports.ts';
import { makeTenant, type TestTenant, testSecret, useDatabase } from '../../test/support/harness.ts';
import { useReceiver } from '../../test/support/receiver.ts';

const db = await useDatabase();
const exports = await useExports(db);
const config = readConfig({ ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
const api = await useApi(db, { ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
const deps = () => ({ ...jobDeps(db, exports.deps.archive), secret: testSecret, config });

// What the system of cases answers, by path.
const ANSWERS: Record<string, () => { status?: number; type?: string; body?: string; headers?: Record<string, string> }> = {
  '/html': () => ({ type: 'text/html', body: '<h1>Sign in</h1>' }),
  '/500': () => ({ status: 500, body: '{}' }),
  '/half': () => ({ body: '{"counts": {"paper": 4' }),
  '/redirect': () => ({ status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } }),
  '/text': () => ({ body: '{"counts": {"paper": "40"}}' }),
  '/other': () => ({ body: '{"counts": {"phone": 40}}' }),
  '/wrong-month': () => ({ body: '{"month": "2020-01", "counts": {"paper": 40}}' }),
  '/more': () => ({ body: '{"counts": {"paper": 42}, "costs": {"paper": 123.45}}' }),
  '/long': () => ({ body: `{"pad": "${'x'.repeat(1_100_000)}"}` }),
};
const cases = await useReceiver((response, path) => {
  const {
    status = 200,
    type = 'application/json',
    body = '{"counts":{"paper":40},"costs":{"paper":123.45}}',
    headers = {},
  } = ANSWERS[path]?.() ?? {};
  response.writeHead(status, { 'content-type': type, ...headers }).end(body);
});
const hooks = await useReceiver((response) => response.writeHead(204).end());

async function serve(): Promise<TestTenant> {
  const tenant = await makeTenant(db);
  const service = { name: 'Make an LPA', timezone: 'UTC', channels: ['online', 'paper'] };
  expect((await api.call('PUT', '/v1/services/lpa', tenant.keys.tenant_admin, service)).status).toBe(201);
  return tenant;
}

const month = (tenant: TestTenant, period: string, body: object) =>
  api.call('PUT', `/v1/services/lpa/channels/${period}`, tenant.keys.tenant_admin, body);

test('a month is recorded, restated openly, and never assumed', async () => {
  const tenant = await serve();
  expect((await api.call('GET', '/v1/services/lpa/channels/2026-09', tenant.keys.read)).status).toBe(404);
  const first = await month(tenant, '2026-09', { paper: 40, costs: { currency: 'GBP', paper: 12.5 } });
  expect([first.status, first.body.revision, first.body.online, first.body.restated]).toEqual([201, 1, null, false]);
  expect((await month(tenant, '2026-09', { paper: 40, costs: { currency: 'GBP', paper: 12.5 } })).body.revision).toBe(1);
  const second = await month(tenant, '2026-09', { paper: 41, phone: 0 });
  expect([second.status, second.body]).toMatchObject([200, { revision: 2, restated: true, paper: 41, costs: null }]);
  const shown = (await api.call('GET', '/v1/services/lpa/channels/2026-09', tenant.keys.read)).body;
  expect(shown.revisions.map(({ revision, paper }: Json) => [revision, paper])).toEqual([
    [2, 41],
    [1, 40],
  ]);
  expect((await api.call('GET', '/v1/services/lpa/channels', tenant.keys.read)).body.data.length).toBe(1);
  const refused = async (period: string, body: object) => {
    const { status, body: problem } = await month(tenant, period, body);
    return [status, ...(problem.errors ?? []).map(({ pointer, code }: Json) => `${pointer} ${code}`)];
  };
  expect(await refused('2099-01', { paper: 1 })).toEqual([400, '/period future-period']);
  expect((await refused('2026-13', { paper: 1 }))[0]).toBe(400);
  expect((await refused('2026-09', { paper: -1 }))[0]).toBe(400);
  expect((await refused('2026-09', { paper: 1.5 }))[0]).toBe(400);
  expect(await refused('2026-09', { online: 1, assisted_digital: 2 })).toEqual([400, '/assisted_digital exceeds-online']);
});

test('a CSV file records all of its months or none, and a fault names its line', async () => {
  const tenant = await serve();
  const upload = async (text: string, type = 'text/csv') => {
    const { status, body } = await api.call('POST', '/v1/services/lpa/channels', tenant.keys.tenant_admin, text, {
      'content-type': type,
    });
    return [
      status,
      ...(body.errors ?? body.data ?? [{ pointer: '', code: body.code }]).map(({ pointer, code, ...one }: Json) =>
        code ? `${pointer} ${code}` : one,
      ),
    ];
  };
  expect(await upload('period,paper,currency,cost_paper\r\n2026-09,40,GBP,12.5\r\n2026-10,,,\r\n')).toEqual([
    200,
    { period: '2026-09', revision: 1, outcome: 'created' },
    { period: '2026-10', revision: 1, outcome: 'created' },
  ]);
  expect(await upload('\ufeffPeriod;paper;currency;cost_paper\n2026-09;40;GBP;12,5\n2026-10;7;;\n')).toEqual([
    200,
    { period: '2026-09', revision: 1, outcome: 'unchanged' },
    { period: '2026-10', revision: 2, outcome: 'restated' },
  ]);
  const october = (await api.call('GET', '/v1/services/lpa/channels/2026-10', tenant.keys.read)).body;
  expect([october.source, october.revisions.map(({ paper }: Json) => paper)]).toEqual(['import', [7, null]]);
  const wrong = 'period,online,assisted_digital,paper,cost_paper\n2026-08,1,2,-3,5\n2099-01,,,,\n2026-08,,,1e3,\n2026-8,,,,\n';
  expect(await upload(wrong)).toEqual([
    400,
    '/2/paper not-a-count',
    '/2/assisted_digital exceeds-online',
    '/2/currency invalid-currency',
    '/3/period future-period',
    '/4/paper not-a-count',
    '/4/period repeated-month',
    '/5/period invalid-month',
  ]);
  expect(await upload('month,paper,paper\n2026-08,1,1\n')).toEqual([
    400,
    '/1/month unknown-column',
    '/1/paper repeated-column',
    '/1/period missing-column',
  ]);
  expect(await upload('period,paper\n2026-08,1,2\n')).toEqual([400, '/2 invalid-csv']);
  expect(await upload('period,paper\n')).toEqual([400, '/1 row-count']);
  expect(await upload('period,paper\n2026-08,1\n', 'text/plain')).toEqual([415, ' unsupported-media-type']);
  expect((await upload('{"period": "2026-08"}', 'application/json'))[0]).toBe(400);
  expect((await api.call('GET', '/v1/services/lpa/channels/2026-08', tenant.keys.read)).status).toBe(404);
});

test('a connector fetches months, restates them, and says clearly why it fails', async () => {
  const tenant = await serve();
  const put = (body: object) => api.call('PUT', '/v1/services/lpa/connector', tenant.keys.tenant_admin, body);
  const mapping = { paper: '/counts/paper', costs: { currency: 'GBP', paper: '/costs/paper' } };
  await api.call('POST', '/v1/alerts/endpoints', tenant.keys.tenant_admin, { kind: 'webhook', url: `${hooks.url}/connector` });
  const last = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1, 1)).toISOString().slice(0, 7);
  const set = await put({ url: `${cases.url}/ok?month={period}`, authorization: 'Bearer hush', mapping });
  expect([set.status, set.body.state, set.body.has_authorization, set.text.includes('hush')]).toEqual([
    200,
    'waiting',
    true,
    false,
  ]);
  await pullChannels(deps());
  const shown = async () => (await api.call('GET', '/v1/services/lpa/connector', tenant.keys.read)).body;
  expect(await shown()).toMatchObject({ state: 'fresh', fetched_period: last, attempts: 0, error: null });
  expect(cases.received.at(-1)).toMatchObject({ path: `/ok?month=${last}`, headers: { authorization: 'Bearer hush' } });
  expect((await api.call('GET', `/v1/services/lpa/channels/${last}`, tenant.keys.read)).body).toMatchObject({
    paper: 40,
    costs: { currency: 'GBP', paper: 123.45 },
    source: 'connector',
  });
  const failures: [string, string][] = [];
  for (const path of ['/html', '/500', '/half', '/redirect', '/text', '/other', '/long']) {
    await put({ url: `${cases.url}${path}`, mapping });
    await pullChannels(deps());
    failures.push([path, (await shown()).error]);
  }
  expect(failures).toEqual([
    ['/html', 'not-json'],
    ['/500', 'status'],
    ['/half', 'not-json'],
    ['/redirect', 'redirect'],
    ['/text', 'not-a-count'],
    ['/other', 'no-such-place'],
    ['/long', 'too-large'],
  ]);
  expect(await shown()).toMatchObject({ state: 'failing', attempts: 7, fetched_period: last });
  // Not due again before its pause is over.
  expect(await pullChannels(deps())).toBe(0);
  await put({ url: `${cases.url}/ok`, mapping });
  await pullChannels(deps());
  await deliverAlerts(deps());
  const told = hooks.received.filter(({ path }) => path === '/connector').map(({ body }) => JSON.parse(body));
  expect(told.map(({ type }) => type).sort()).toEqual(['connector.failing', 'connector.recovered']);

  // Other numbers for the same month: both are kept, and a report says that they were corrected.
  await put({ url: `${cases.url}/more`, mapping });
  await pullChannels(deps());
  expect((await api.call('GET', `/v1/services/lpa/channels/${last}`, tenant.keys.read)).body).toMatchObject({
    paper: 42,
    restated: true,
    revisions: [
      { revision: 2, paper: 42 },
      { revision: 1, paper: 40 },
    ],
  });
  const asked = await api.call('POST', '/v1/performance-reports', tenant.keys.tenant_admin, { service: 'lpa', period: last });
  await makeReports(deps());
  const report = (await api.call('GET', `/v1/performance-reports/${asked.body.id}`, tenant.keys.read)).body;
  expect(report.measures.digital_take_up.flags).toContain('restated-counts');
  // An answer about another month is not taken for this one, and no month is fetched before it has begun.
  await put({ url: `${cases.url}/wrong-month`, mapping: { ...mapping, period: '/month' } });
  await pullChannels(deps());
  expect((await shown()).error).toBe('wrong-period');
  const next = await put({ url: `${cases.url}/ok`, mapping, first_period: shiftMonth(last, 2) });
  expect([next.status, next.body.errors[0].code]).toEqual([400, 'future-period']);
  const first = shiftMonth(last, -2);
  const before = cases.received.length;
  await put({ url: `${cases.url}/ok?month={period}`, mapping, first_period: first });
  await pullChannels(deps());
  expect(cases.received.slice(before).map(({ path }) => path.slice(-7))).toEqual([first, shiftMonth(last, -1), last]);

  const elsewhere = await put({ url: 'https://elsewhere.example/{period}', mapping });
  expect([elsewhere.status, elsewhere.body.errors[0].code]).toEqual([400, 'host-changed']);
  const strict = { ...deps(), config: { ALERTS_ALLOW_PRIVATE_NETWORKS: [] } };
  await api.call('POST', '/v1/services/lpa/connector/run', tenant.keys.tenant_admin);
  await pullChannels(strict);
  expect((await shown()).error).toBe('not-encrypted');
  await put({ url: `${cases.url}/ok`, mapping, enabled: false });
  const off = await api.call('POST', '/v1/services/lpa/connector/run', tenant.keys.tenant_admin);
  expect([off.status, off.body.code]).toEqual([409, 'connector-disabled']);
  expect((await api.call('DELETE', '/v1/services/lpa/connector', tenant.keys.tenant_admin)).status).toBe(204);
  expect((await api.call('GET', '/v1/services/lpa/connector', tenant.keys.read)).status).toBe(404);
});

test('no connector reaches a private network', async () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '10.0.0.1', '169.254.169.254', '[::ffff:127.0.0.1]']) {
    const request = {
      url: `https://${host}/{period}`,
      authorization: undefined,
      mapping: { paper: '/paper' },
      period: '2026-10',
    };
    expect([host, await fetchCounts(request, [])]).toMatchObject([host, { error: 'private-network' }]);
  }
});

test('tenants take turns, so that many slow systems of one delay no other for long', async () => {
  await db.owner.query('update private.channel_connectors set enabled = false');
  const [busy, calm] = [await makeTenant(db), await makeTenant(db)];
  for (const [tenant, slug] of [...['a', 'b', 'c'].map((name) => [busy, name] as const), [calm, 'd'] as const]) {
    const { tenant_admin } = tenant.keys;
    expect((await api.call('PUT', `/v1/services/${slug}`, tenant_admin, { name: slug })).status).toBe(201);
    const connector = { url: `${cases.url}/${slug}`, mapping: { paper: '/counts/paper' } };
    expect((await api.call('PUT', `/v1/services/${slug}/connector`, tenant_admin, connector)).status).toBe(200);
  }
  const claimed: string[] = [];
  for (let n = 0; n < 4; n++) claimed.push((await claimConnector(db.jobs, new Date(Date.now() + n)))?.service ?? '');
  expect(claimed).toEqual(['a', 'd', 'b', 'c']);
});
