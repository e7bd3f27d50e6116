import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, testSecret, useDatabase } from '../../test/support/harness.ts';
import { loadDashboards } from './dashboards.ts';
import { createViewers } from './viewers.ts';

const OVERVIEW = loadDashboards().get('validations-overview');
const CARDS = OVERVIEW?.cards.map(({ name }) => name) ?? [];
const PATH = '/v1/dashboards/validations-overview';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const acme = await makeTenant(db, { timezone: 'America/Sao_Paulo', locale: 'pt-BR' });
const rival = await makeTenant(db);

beforeAll(async () => {
  await validate(acme, 'acme <b>&shop', 30);
  await validate(rival, 'rival-shop', 7);
  await refreshRollups({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
});

// One validation per hour. Every third fails and hits a rule.
async function validate(tenant: TestTenant, marketplace: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    id: `${n}`,
    type: 'br.validahub.validation.completed.v1',
    time: new Date(Date.now() - n * 3600_000 - 1000).toISOString(),
    data: {
      marketplace,
      rows: 1000,
      errors: 1,
      warnings: 0,
      duration_ms: 100,
      outcome: n % 3 ? 'success' : 'failure',
      rules: { [`${marketplace}-rule`]: 2 },
    },
  }));
  const sent = await api.call('POST', '/v1/events', tenant.keys.ingest, events);
  expect(sent.body).toMatchObject({ accepted: count });
}

const embed = (tenant: TestTenant, body?: object, headers?: Record<string, string>) =>
  api.call('POST', `${PATH}/embeds`, tenant.keys.embed, body, headers);
const pathOf = (viewerUrl: string) => viewerUrl.slice(api.url.length);
const tokenOf = (viewerUrl: string) => new URL(viewerUrl).searchParams.get('token') as string;
const linkOf = async (tenant: TestTenant, body?: object) => (await embed(tenant, body)).body.viewer_url as string;

describe('definitions', () => {
  test('are listed, and shown in full except for their queries', async () => {
    const list = await api.call('GET', '/v1/dashboards', acme.keys.read);
    const slugs = list.body.data.map(({ slug }: Json) => slug);
    expect(slugs).toEqual(['benchmarks', 'data-volume', 'error-patterns', 'validations-overview']);
    expect(list.body.data[3]).toMatchObject({ audience: 'customer', title: { en: 'Validations overview' } });
    const { status, body } = await api.call('GET', PATH, acme.keys.read);
    expect(status).toBe(200);
    expect(body.cards.map(({ name }: Json) => name)).toEqual(CARDS);
    expect(body.cards[0]).toMatchObject({ display: 'trend', layout: { width: 6 }, columns: [{ name: 'period' }, {}] });
    expect(JSON.stringify(body)).not.toMatch(/select|grant/);
  });

  test('need the scope `read`, and an unknown dashboard is 404', async () => {
    expect((await api.call('GET', PATH, acme.keys.embed)).body.code).toBe('wrong-scope');
    for (const path of ['/v1/dashboards/none', '/v1/dashboards/__proto__', `${PATH}/cards/none`, `${PATH}/cards/constructor`]) {
      expect((await api.call('GET', path, acme.keys.read)).status, path).toBe(404);
    }
    expect((await api.call('POST', '/v1/dashboards/none/embeds', acme.keys.embed, {})).status).toBe(404);
  });
});

describe('cards', () => {
  test.each(CARDS)('%s has its declared columns, and each of two tenants gets its own rows', async (card) => {
    for (const [mine, other] of [
      [acme, 'rival-shop'],
      [rival, 'acme'],
    ] as const) {
      const { status, body } = await api.call('GET', `${PATH}/cards/${card}`, mine.keys.read);
      expect([status, body.data.length > 0]).toEqual([200, true]);
      expect(body.columns).toEqual(OVERVIEW?.cards.find(({ name }) => name === card)?.columns);
      for (const row of body.data) expect(Object.keys(row)).toEqual(body.columns.map(({ name }: Json) => name));
      expect(JSON.stringify(body.data)).not.toContain(other);
    }
  });

  test('their values equal the metrics', async () => {
    const query = '?interval=total';
    const { body } = await api.call('GET', `${PATH}/cards/volume${query}`, acme.keys.read);
    const metric = await api.call('GET', `/v1/metrics/validations.count${query}`, acme.keys.read);
    expect(body).toMatchObject({
      interval: 'total',
      timezone: 'America/Sao_Paulo',
      watermark: expect.any(String),
      data: [{ validations: 30, rows: 30_000 }],
    });
    expect(metric.body.data[0].value).toBe(30);
    expect(new Date(body.from).toISOString()).toBe(metric.body.from);
    const days = (await api.call('GET', `${PATH}/cards/volume`, acme.keys.read)).body.data;
    expect(days.reduce((sum: number, { validations }: Json) => sum + validations, 0)).toBe(30);
    for (const { bucket } of days) expect(bucket).toMatch(/T03:00:00.000Z$/);
    const rate = (await api.call('GET', `${PATH}/cards/error-rate${query}`, acme.keys.read)).body.data[0];
    expect(rate).toMatchObject({ failures: 10, error_rate: 10 / 30 });
  });

  test('are available as CSV', async () => {
    const { headers, text } = await api.call('GET', `${PATH}/cards/marketplaces`, rival.keys.read, undefined, {
      accept: 'text/csv',
    });
    expect(headers.get('content-type')).toContain('text/csv');
    expect(headers.get('content-disposition')).toContain('validations-overview_marketplaces.csv');
    expect(text.split('\r\n').slice(0, 2)).toEqual([
      '"marketplace","validations","error_rate"',
      expect.stringMatching(/^"rival-shop",7,0\.428/),
    ]);
  });

  test.each([
    ['interval=fortnight', 'unknown-interval'],
    ['from=yesterday', 'invalid-time'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'empty-window'],
    ['interval=hour&interval=day', 'repeated-parameter'],
    ['grant=v1.x', 'unknown-parameter'],
    ['tenant=1', 'unknown-parameter'],
    ['from=1970-01-01T00:00:00Z&interval=hour', 'too-many-buckets'],
  ])('?%s → %s', async (query, code) => {
    const { status, body } = await api.call('GET', `${PATH}/cards/volume?${query}`, acme.keys.read);
    expect([status, body.code, body.errors[0].code]).toEqual([400, 'invalid-request', code]);
  });
});

describe('links', () => {
  test('last ten minutes by default, up to a day on request', async () => {
    const { status, body } = await embed(acme);
    expect(status).toBe(201);
    expect(Object.keys(body).sort()).toEqual(['expires_at', 'viewer_url']);
    expect(body.viewer_url.startsWith(`${api.url}/dashboards/validations-overview?token=`)).toBe(true);
    expect(Math.abs(Date.parse(body.expires_at) - Date.now() - 600_000)).toBeLessThan(5_000);
    const day = await embed(acme, { expires_in: 86_400 });
    expect(Math.abs(Date.parse(day.body.expires_at) - Date.now() - 86_400_000)).toBeLessThan(5_000);
    for (const expires_in of [0, -1, 86_401, 1.5, '60', null]) expect((await embed(acme, { expires_in })).status).toBe(400);
  });

  test('accept the parameters of their dashboard and no others', async () => {
    const bad: [object, string][] = [
      [{ params: { tenant: rival.id } }, '/params/tenant'],
      [{ params: { interval: ['day'] } }, '/params/interval'],
      [{ params: { interval: [] } }, '/params/interval'],
      [{ params: { interval: '' } }, '/params/interval'],
      [{ params: { from: null } }, '/params/from'],
      [{ params: { from: 'now(); drop table private.events --' } }, '/params/from'],
      [{ params: [] }, '/params'],
      [{ tenant: rival.id }, ''],
    ];
    for (const [body, pointer] of bad) {
      const answer = await embed(acme, body);
      expect([answer.status, answer.body.errors?.[0].pointer], JSON.stringify(body)).toEqual([400, pointer]);
    }
  });

  test('need the scope `embed`, and are stored nowhere, not even for a replay', async () => {
    for (const key of [acme.keys.read, acme.keys.ingest, acme.keys.tenant_admin]) {
      expect((await api.call('POST', `${PATH}/embeds`, key, {})).body.code).toBe('wrong-scope');
    }
    expect((await api.call('POST', `${PATH}/embeds`, operator, {})).body.code).toBe('not-found');
    const once = { 'idempotency-key': 'link-1' };
    const first = await embed(acme, {}, once);
    const again = await embed(acme, {}, once);
    expect(again.body).toEqual({ ...first.body, viewer_url: null, code: 'secret-already-shown' });
  });

  test('take their host only from a trusted proxy', async () => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'bi.example' };
    expect((await embed(acme, {}, forwarded)).body.viewer_url).toContain(api.url);
    const behind = await useApi(db, { TRUSTED_PROXIES: '127.0.0.1' });
    const { body } = await behind.call('POST', `${PATH}/embeds`, acme.keys.embed, {}, forwarded);
    await behind.close();
    expect(body.viewer_url).toMatch(/^https:\/\/bi\.example\/dashboards\/validations-overview\?token=/);
  });

  test('open the cards of their tenant, and fixed parameters cannot be changed', async () => {
    const token = tokenOf(await linkOf(acme, { params: { interval: 'total' } }));
    const fixed = await api.call('GET', `${PATH}/cards/volume?token=${token}`);
    expect([fixed.status, fixed.body.interval, fixed.body.data[0].validations]).toEqual([200, 'total', 30]);
    const other = await api.call('GET', `${PATH}/cards/volume?token=${token}&interval=day`);
    expect([other.status, other.body.errors[0].code]).toEqual([400, 'locked-parameter']);
    const shorter = await api.call(
      'GET',
      `${PATH}/cards/volume?token=${token}&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z`,
    );
    expect([shorter.status, shorter.body.data]).toEqual([200, []]);
    // The tenant is that of the token, even if the browser also sends a key.
    const both = await api.call('GET', `${PATH}/cards/volume?token=${token}`, rival.keys.read);
    expect(both.body.data[0].validations).toBe(30);
  });

  test('stop at once when the feature is switched off or the tenant is closed', async () => {
    const tenant = await makeTenant(db);
    const token = tokenOf(await linkOf(tenant));
    const see = async () => (await api.call('GET', `${PATH}/cards/volume?token=${token}`)).body.code;
    expect(await see()).toBeUndefined();
    expect((await api.call('GET', `${PATH}/cards/volume`, tenant.keys.read)).status).toBe(200);
    await api.call('PATCH', `/v1/tenants/${tenant.id}`, operator, { features: { dashboards: false } });
    expect(await see()).toBe('feature-disabled');
    expect((await api.call('GET', `/dashboards/validations-overview?token=${token}`)).status).toBe(403);
    // Also for keys in the cache.
    expect((await api.call('GET', `${PATH}/cards/volume`, tenant.keys.read)).body.code).toBe('feature-disabled');
    const fresh = await makeTenant(db, { features: { dashboards: false } });
    for (const [method, path, key] of [
      ['GET', '/v1/dashboards', fresh.keys.read],
      ['GET', PATH, fresh.keys.read],
      ['GET', `${PATH}/cards/volume`, fresh.keys.read],
      ['POST', `${PATH}/embeds`, fresh.keys.embed],
    ] as const) {
      expect((await api.call(method, path, key)).body.code, path).toBe('feature-disabled');
    }
    await api.call('PATCH', `/v1/tenants/${tenant.id}`, operator, { features: { dashboards: true } });
    expect(await see()).toBeUndefined();
    await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator);
    expect(await see()).toBe('invalid-token');
  });

  test('with a fixed choice show its value only, and no card that the choice does not narrow', async () => {
    const token = tokenOf(await linkOf(acme, { params: { marketplace: 'no such shop' } }));
    const rowsOf = async (card: string) => (await api.call('GET', `${PATH}/cards/${card}?token=${token}`)).body.data;
    expect(await rowsOf('marketplaces')).toEqual([]);
    expect(await rowsOf('volume')).toEqual([]);
    expect((await api.call('GET', `${PATH}/cards/duration?token=${token}`)).status).toBe(404);
    const page = (await api.call('GET', `/dashboards/validations-overview?token=${token}`)).text;
    expect([page.includes('id="card-volume"'), page.includes('id="card-duration"')]).toEqual([true, false]);
    const open = tokenOf(await linkOf(acme));
    expect((await api.call('GET', `${PATH}/cards/marketplaces?token=${open}`)).body.data.length).toBeGreaterThan(0);
  });

  test('stop when the key that made them is revoked', async () => {
    const tenant = await makeTenant(db);
    const token = tokenOf(await linkOf(tenant));
    const see = async () => (await api.call('GET', `${PATH}/cards/volume?token=${token}`)).body.code;
    expect(await see()).toBeUndefined();
    await api.call('DELETE', `/v1/tenants/${tenant.id}/keys/${tenant.keyIds.embed}`, tenant.keys.tenant_admin);
    expect(await see()).toBe('invalid-token');
  });

  test('with a parameter that the dashboard no longer has are an error, not a wider result', async () => {
    const { token } = await createViewers(db.api, testSecret).sign(
      { tenantId: acme.id, keyId: acme.keyIds.embed, dashboard: 'validations-overview', params: { lost: 'x' } },
      60,
    );
    const { status, body } = await api.call('GET', `${PATH}/cards/volume?token=${token}`);
    expect([status, body.errors[0].code]).toEqual([400, 'unknown-parameter']);
  });
});

describe('the page', () => {
  test("has a place for every card in the tenant's language, no inline script and no unescaped text", async () => {
    const { status, headers, text } = await api.call('GET', pathOf(await linkOf(acme)));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const policy = headers.get('content-security-policy');
    expect(policy).toMatch(/^default-src 'none'; .*script-src 'self'.*frame-ancestors 'none'/);
    expect(policy).not.toContain('unsafe');
    expect(text).toContain('<html lang="pt-BR">');
    expect(text).toContain('<h1>Visão geral das validações</h1>');
    for (const { title } of OVERVIEW?.cards ?? []) expect(text).toContain(title['pt-BR']);
    expect(text.match(/<section class="card /g)).toHaveLength(CARDS.length);
    expect(text).not.toMatch(/<b>|rival|acme|javascript:| on\w+=/);
    // A script element without an address holds only data.
    for (const [script] of text.matchAll(/<script[^>]*>/g))
      expect(script).toMatch(/ src="\/assets\/| type="application\/json"/);
    expect(text).toContain('America/Sao_Paulo');
  });

  test.each([
    ['no token', '', {}, 401, 'This link is not valid'],
    ['a bad one', '?token=x', { 'accept-language': 'pt-PT,pt;q=0.9' }, 401, 'Este link não é válido'],
    ['two', '?token=x&token=y', {}, 401, 'This link is not valid'],
    ['a script for one', '?token=<script>', { 'accept-language': 'fr' }, 401, 'This link is not valid'],
  ])('%s: a page that explains it', async (_, query, headers, status, title) => {
    const answer = await api.call('GET', `/dashboards/validations-overview${query}`, undefined, undefined, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(answer.text).toContain(`<h1>${title}</h1>`);
    expect(answer.text).not.toContain('<script>');
  });

  test('an invalid window and a dashboard that the link does not open are explained too', async () => {
    const path = pathOf(await linkOf(acme));
    const wrong = await api.call('GET', `${path}&interval=x`);
    expect([wrong.status, /invalid parameter/.test(wrong.text)]).toEqual([400, true]);
    const other = await api.call('GET', path.replace('validations-overview', 'latency'));
    expect([other.status, /another dashboard/.test(other.text)]).toEqual([403, true]);
  });
});
