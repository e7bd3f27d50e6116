import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { signInAddress } from './support/admin-console.ts';
import { type TestApi, useApi } from './support/api.ts';
import { jobDeps } from './support/archive-home.ts';
import { barriers, keepPicture, open, overflow, useBrowser } from './support/browser.ts';
import { useExports } from './support/exports.ts';
import { makeTenant, need, type TestDatabase, type TestTenant, useDatabase } from './support/harness.ts';

let db: TestDatabase;
let api: TestApi;
let exports: Awaited<ReturnType<typeof useExports>>;
let browser: Awaited<ReturnType<typeof useBrowser>>;
let tenant: TestTenant;
const DAY = 86_400_000;

beforeAll(async () => {
  if (!need('chromium')) return;
  db = await useDatabase();
  exports = await useExports(db);
  api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder });
  tenant = await makeTenant(db, { name: 'Acme', timezone: 'America/Sao_Paulo' });
  browser = await useBrowser();
});

const SCREENS = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true },
};

/** A browser in which a new administrator is signed in, as one of the screens. */
async function enter(
  screen: keyof typeof SCREENS,
  colorScheme: 'light' | 'dark',
  locale: string,
): Promise<{ page: Page; complaints: string[] }> {
  const options = { ...SCREENS[screen], colorScheme, reducedMotion: 'reduce' as const, acceptDownloads: true };
  const opened = await open(browser, await signInAddress(api, tenant), options);
  await opened.page.context().addCookies([{ name: 'mirante_locale', value: locale, url: api.url }]);
  return opened;
}

const submit = (page: Page) => page.locator('main form:not(.inline) > button.button').last().click();

describe.skipIf(!need('chromium'))('an administrator', () => {
  test('makes a key, sends an event and sees it arrive, sets an alert, and downloads an export', {
    timeout: 60_000,
  }, async () => {
    const { page, complaints } = await enter('desktop', 'light', 'en');
    await page.goto(`${api.url}/app/start`);
    await page.getByRole('button', { name: 'Create a key' }).click();
    const command = (await page.locator('#command').textContent()) ?? '';
    const [key, event] = [/mir_ingest_[\w-]+/.exec(command)?.[0], /-d '(.+)'/.exec(command)?.[1]];
    await page.getByText('Waiting for an event').waitFor();
    expect((await api.call('POST', '/v1/events', key, event)).body).toMatchObject({ accepted: 1 });
    await page.getByText('It has arrived').waitFor();
    expect(await page.locator('#arrived').textContent()).toContain('"com.example.order.placed.v1"');
    await keepPicture(page, 'admin-start');

    await fillMonth();
    await page.goto(`${api.url}/app/alerts/endpoints/new?kind=webhook`);
    await page.getByLabel('Address').fill('https://hooks.example.com/mirante');
    await submit(page);
    expect(await page.locator('.secret code').textContent()).toMatch(/^whsec_/);
    await page.goto(`${api.url}/app/alerts/rules/new`);
    await page.getByLabel('Name').fill('Many events');
    await page.getByLabel('What to watch').selectOption('events.count');
    await page.getByLabel('Over the last').selectOption('86400');
    await page.getByLabel('This value').fill('2');
    await page.getByText(/crossed the threshold on [1-9]\d* of \d+ days/).waitFor();
    await page.locator('#preview svg').waitFor();
    await page.getByLabel('https://hooks.example.com/mirante').check();
    await keepPicture(page, 'admin-rule');
    expect(await barriers(page)).toEqual([]);
    await submit(page);
    await page.getByRole('link', { name: 'Many events' }).waitFor();

    await page.goto(`${api.url}/app/exports`);
    await submit(page);
    await page.locator('[data-unfinished] progress').waitFor();
    await exports.run();
    const link = page.getByRole('link', { name: /^Download: / });
    await link.waitFor();
    await keepPicture(page, 'admin-export');
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toMatch(/\.csv$/);
    expect(complaints).toEqual([]);
  });

  test('is asked before anything is destroyed, with the keyboard too', async () => {
    const { page } = await enter('desktop', 'light', 'en');
    await page.goto(`${api.url}/app/keys`);
    const revoke = page.getByRole('button', { name: 'Revoke: First steps' });
    await revoke.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Revoke: First steps' });
    await dialog.waitFor();
    await keepPicture(page, 'admin-ask', false);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await revoke.click();
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.locator('tr', { hasText: 'First steps' }).getByText('Revoked').waitFor();
  });

  test.each([
    ['desktop', 'light', 'en'],
    ['desktop', 'dark', 'pt-BR'],
    ['phone', 'light', 'pt-BR'],
    ['phone', 'dark', 'en'],
  ] as const)(
    'finds every page whole and without barriers: %s, %s, %s',
    { timeout: 120_000 },
    async (screen, scheme, locale) => {
      await furnish();
      const { page, complaints } = await enter(screen, scheme, locale);
      const faults: Record<string, unknown> = {};
      for (const path of await pathsOf()) {
        await page.goto(`${api.url}/app/${path}`);
        const [wide, found] = [await overflow(page), await barriers(page)];
        if (wide > 0 || found.length > 0) faults[path] = [wide, found];
        await keepPicture(page, `admin-${screen}-${scheme}-${locale}-${path.replaceAll(/[^\w]+/g, '-').slice(0, 30)}`);
      }
      expect(faults).toEqual({});
      expect(complaints).toEqual([]);
    },
  );
});

async function pathsOf(): Promise<string[]> {
  const first = async (path: string) => (await api.call('GET', `${path}?limit=1`, tenant.keys.tenant_admin)).body.data[0].id;
  const own = (await api.call('GET', '/v1/exports?limit=1', tenant.keys.export)).body.data[0].id;
  return [
    'start',
    'keys',
    'exports',
    `exports/${own}`,
    'alerts',
    'alerts/rules/new',
    'alerts/endpoints/new?kind=email',
    'alerts/deliveries',
    'event-types',
    'event-types/new',
    'event-types/com.example.order.placed.v1',
    'privacy',
    `privacy/${await first('/v1/privacy/requests')}`,
    'privacy-review',
    'audit',
    'support',
    'sessions',
    'sql-logins',
    'embedding',
    'benchmarks',
  ];
}

// Something on every page.
async function furnish(): Promise<void> {
  const key = tenant.keys.tenant_admin;
  const schema = { type: 'object', properties: { duration_ms: { type: 'number' } } };
  const type = { schema, mode: 'quarantine', description: 'An order was placed.', personal_fields: ['/email'] };
  await api.call('PUT', '/v1/event-types/com.example.order.placed.v1', key, type);
  await api.call('POST', '/v1/privacy/requests', key, { kind: 'withdrawal', subject: 'customer-42', reason: 'Ticket 4711' });
  await api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, key, { name: 'Power BI', connection_limit: 1 });
  await api.call('POST', '/v1/dashboards/validations-overview/links', tenant.keys.embed, { params: { marketplace: 'shopee' } });
  await api.call('PUT', '/v1/benchmarks/consent', key, { accepted: true, text_version: '2026-01' });
  const [rule] = (await api.call('GET', '/v1/alerts/rules', key)).body.data;
  await api.call('POST', `/v1/alerts/rules/${rule.id}/test`, key);
  await api.call('POST', '/v1/events', tenant.keys.ingest, '{"subject": "customer-7712", ');
  await api.call('POST', '/v1/privacy/requests', key, { kind: 'erasure', subject: 'customer-7712' });
  await servePrivacyRequests(jobDeps(db, exports.deps.archive));
}

// Some events a day for a month, as figures.
async function fillMonth(): Promise<void> {
  const events = Array.from({ length: 90 }, (_, n) => ({
    id: `${n}`,
    type: 'com.example.order.placed.v1',
    source: 'shop',
    time: new Date(Date.now() - Math.floor(n / 3) * DAY - n * 1000).toISOString(),
    data: { duration_ms: n, outcome: n % 7 === 0 ? 'failure' : 'success' },
  }));
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body).toMatchObject({ accepted: 90 });
  const log = exports.deps.log;
  await refreshRollups({ pool: db.jobs, log, clock: () => new Date(), engine: db.engine });
}
