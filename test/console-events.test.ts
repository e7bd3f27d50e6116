import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { type Json, useApi } from './support/api.ts';
import { barriers, keepPicture, open, overflow, settled, useBrowser } from './support/browser.ts';
import { makeTenant, need, useDatabase } from './support/harness.ts';

const TYPE = 'com.example.order.placed.v1';
const VALIDATION = 'br.validahub.validation.completed.v1';
const HOUR = 3_600_000;

const db = await useDatabase();
const api = await useApi(db, { MAX_REQUESTS_PER_SECOND: '1000' });
const tenant = await makeTenant(db, { name: 'Acme', timezone: 'America/Sao_Paulo' });

let browser: Browser;
beforeAll(async () => {
  const events = Array.from({ length: 120 }, (_, n) => ({
    id: `v-${n}`,
    type: VALIDATION,
    source: 'shop',
    subject: `order-${n % 7}`,
    time: new Date(Date.now() - n * HOUR - 5_000).toISOString(),
    data: {
      marketplace: ['shopee', 'americanas'][n % 2],
      rows: 10,
      errors: n % 3,
      duration_ms: 50 + n,
      outcome: n % 9 ? 'success' : 'failure',
    },
  }));
  expect((await send(events)).accepted).toBe(120);
  const refused = [
    { id: 'old', type: TYPE, time: '1999-01-01T00:00:00Z', data: { text: '<b>not bold</b>' } },
    { id: 'typeless', time: new Date().toISOString() },
  ];
  expect((await send(refused)).quarantined).toBe(1);
  await refreshRollups({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
  if (need('chromium')) browser = await useBrowser();
});

const send = async (events: Json[]) => (await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body;

async function cookieOf(role: 'admin' | 'viewer' = 'admin'): Promise<string> {
  const email = `${role}-${Math.random()}@example.com`;
  const member = await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email, role });
  const link = await api.call('POST', `/v1/members/${member.body.id}/login-links`, tenant.keys.tenant_admin);
  const response = await fetch(api.url + link.body.url, { redirect: 'manual' });
  return response.headers.get('set-cookie')?.split(';')[0] as string;
}

async function get(path: string, role: 'admin' | 'viewer' = 'admin') {
  const response = await fetch(api.url + path, { redirect: 'manual', headers: { cookie: await cookieOf(role) } });
  return { status: response.status, text: await response.text() };
}

async function post(path: string, form: Record<string, string>) {
  const response = await fetch(api.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: await cookieOf(), 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams(form),
  });
  return { status: response.status, text: await response.text() };
}

describe('over HTTP', () => {
  test('the quarantine shows what was refused, why and how it was sent, escaped', async () => {
    const { text } = await get('/app/quarantine');
    expect(text).toContain('too-old');
    expect(text).toContain('type-missing');
    expect(text).toContain('&lt;b&gt;not bold&lt;/b&gt;');
    expect(text).not.toContain('<b>not bold');
    const one = await get('/app/quarantine?code=too-old');
    expect(one.text).not.toContain('type-missing');
    expect(one.text).toContain('value="too-old"');
    expect((await get('/app/quarantine', 'viewer')).status).toBe(403);
  });

  test('a trial run stores nothing; then what is accepted now is stored', async () => {
    const type = 'com.example.strict.v1';
    const schema = (required: string[]) =>
      api.call('PUT', `/v1/event-types/${type}`, tenant.keys.tenant_admin, {
        schema: { type: 'object', required },
        mode: 'quarantine',
      });
    expect((await schema(['amount'])).status).toBeLessThan(300);
    expect((await send([{ id: 'strict', type, time: new Date().toISOString(), data: {} }])).accepted).toBe(0);
    const still = await post('/app/quarantine/trial', { type });
    expect(still.text).toContain('schema-mismatch');
    expect(still.text).not.toContain('action="/app/quarantine/replay"');
    expect((await schema([])).status).toBeLessThan(300);
    await expect
      .poll(async () => (await post('/app/quarantine/trial', { type })).text, { timeout: 8_000 })
      .toContain('action="/app/quarantine/replay"');
    const listed = async () => (await api.call('GET', `/v1/events?filter[type]=${type}`, tenant.keys.read)).body.data.length;
    expect(await listed()).toBe(0);
    expect((await post('/app/quarantine/replay', { type })).text).toContain('<dd>1</dd>');
    expect(await listed()).toBe(1);
  });

  test('viewers have events and metrics, and the address keeps what was asked', async () => {
    const events = await get(`/app/events?type=${TYPE}&subject=a%22b`, 'viewer');
    expect(events.text).toContain(`value="${TYPE}"`);
    expect(events.text).toContain('value="a&quot;b"');
    const explore = await get('/app/explore?metric=validations.count&group_by=marketplace&interval=week', 'viewer');
    expect(explore.text).toContain('<option value="marketplace" selected>');
    expect(explore.text).toContain('<option value="week" selected>');
  });
});

describe.skipIf(!need('chromium'))('in a browser', () => {
  async function visit(path: string, options: { locale?: string; dark?: boolean; phone?: boolean } = {}) {
    const [name, value] = (await cookieOf()).split('=') as [string, string];
    const { page, complaints } = await open(browser, `${api.url}/login`, {
      viewport: options.phone ? { width: 390, height: 844 } : { width: 1280, height: 900 },
      colorScheme: options.dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const cookies = [{ name, value, url: api.url }];
    if (options.locale) cookies.push({ name: 'mirante_locale', value: options.locale, url: api.url });
    await page.context().addCookies(cookies);
    complaints.length = 0;
    await page.goto(api.url + path);
    await settled(page);
    return { page, complaints };
  }

  const rows = (page: Page) => page.locator('#events tr');

  test('an event that is sent is seen live, its JSON is opened, and its metric is charted', async () => {
    const { page, complaints } = await visit('/app/events');
    expect(await rows(page).count()).toBe(50);
    await page.locator('#older').click();
    await settled(page);
    expect(page.url()).toContain('cursor=');
    await page.goBack();
    await settled(page);

    await page.locator('#field-type').fill(TYPE);
    await page.getByRole('button', { name: 'Filter' }).click();
    await settled(page);
    expect(await page.locator('#empty').isVisible()).toBe(true);
    await page.locator('#live').check();
    await page.getByText('New events appear').waitFor();
    expect(page.url()).toContain('live=1');
    const text = `{"id":"seen","type":"${TYPE}","source":"shop","time":"${new Date().toISOString()}","data":{"total":12345678901234567890}}`;
    await api.call('POST', '/v1/events', tenant.keys.ingest, text);
    await send([{ id: 'other', type: VALIDATION, time: new Date().toISOString() }]);
    await rows(page).first().waitFor();
    expect(await rows(page).count()).toBe(1);
    await rows(page).getByRole('button').click();
    const shown = await page.locator('#event-json').textContent();
    expect(shown).toContain('"id": "seen"');
    expect(shown).toContain('12345678901234567890');
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'console-event-json', false);
    await page.locator('#event').getByRole('button', { name: 'Close' }).click();
    await page.reload();
    await settled(page);
    expect(await rows(page).count()).toBe(1);
    expect(await page.locator('#live').isChecked()).toBe(true);

    await page.locator('#field-type').fill('');
    await page.locator('#field-source').fill('shop');
    await page.locator('#field-outcome').selectOption('failure');
    await page.getByRole('button', { name: 'Filter' }).click();
    await settled(page);
    expect(await rows(page).count()).toBe(14);
    expect(await page.locator('#field-outcome').inputValue()).toBe('failure');
    // Live by the time of receipt, whatever the time of the event.
    await page.locator('#live').check();
    await page.getByText('New events appear').waitFor();
    const old = { type: TYPE, source: 'shop', time: new Date(Date.now() - 30 * HOUR).toISOString() };
    await send(['success', 'failure'].map((outcome) => ({ ...old, id: `old-${outcome}`, data: { outcome } })));
    await expect.poll(() => rows(page).count()).toBe(15);
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'console-events-filtered', false);

    await page.getByRole('link', { name: 'Explore' }).click();
    await settled(page);
    await page.locator('#field-metric').selectOption('validations.count');
    await page.locator('#field-group_by').selectOption('marketplace');
    await page.locator('#field-range').selectOption('7d');
    await page.locator('#field-chart').selectOption('bar');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.locator('#plot svg').waitFor();
    await settled(page);
    expect(await page.locator('#figures').textContent()).toContain('americanas');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download CSV' }).click();
    expect((await download).suggestedFilename()).toBe('validations.count.csv');
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const curl = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(curl).toMatch(/^curl -H "Authorization: Bearer \$MIRANTE_KEY" 'http:.*group_by=marketplace'$/);
    expect(complaints).toEqual([]);
  });

  const PAGES = [
    ['events', '/app/events'],
    ['quarantine', '/app/quarantine'],
    ['explore', '/app/explore?metric=validations.count&group_by=marketplace&range=7d'],
    ['explore-total', '/app/explore?metric=validations.count&group_by=marketplace&interval=total'],
  ] as const;
  const LOOKS = [
    ['desk', { locale: 'en' }],
    ['desk-dark', { locale: 'pt-BR', dark: true }],
    ['phone', { locale: 'pt-BR', phone: true }],
    ['phone-dark', { locale: 'en', phone: true, dark: true }],
  ] as const;
  test.each(LOOKS)('%s: nothing overflows, nothing is a barrier', async (look, options) => {
    for (const [name, path] of PAGES) {
      const { page, complaints } = await visit(path, options);
      if (name.startsWith('explore')) await page.locator('#plot svg').waitFor();
      expect([name, await overflow(page), await barriers(page), complaints]).toEqual([name, 0, [], []]);
      await keepPicture(page, `console-${name}-${look}`);
      await page.context().close();
    }
  });
});
