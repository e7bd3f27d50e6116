import { beforeAll, describe, expect, test } from 'vitest';
import { makeReports } from '../jobs/reports/make.ts';
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

const make = () => makeReports(jobDeps(db, exports.deps.archive));

beforeAll(async () => {
  if (!need('chromium')) return;
  db = await useDatabase();
  exports = await useExports(db);
  api = await useApi(db, { ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
  tenant = await makeTenant(db, { name: 'Office of the Public Guardian', timezone: 'Europe/London' });
  browser = await useBrowser();
  const key = tenant.keys.tenant_admin;
  await api.call('PUT', '/v1/services/lpa', key, {
    name: 'Make an LPA',
    journey: { started: 'a.v1', completed: 'b.v1', id: '/data/journey' },
    channels: ['online', 'paper'],
    locales: ['en', 'cy', 'pt-BR'],
    costs: { currency: 'GBP', online: 100 },
  });
  for (const [at, paper] of [2, 3, 5, 4, 6, 3, 4, 5, 2, 3, 4, 6].entries()) {
    const period = `2025-${String(at + 1).padStart(2, '0')}`;
    await api.call('PUT', `/v1/services/lpa/channels/${period}`, key, {
      online: 8 + at,
      paper,
      costs: { currency: 'GBP', paper: 55.5 },
    });
    await api.call('POST', '/v1/performance-reports', key, { service: 'lpa', period, publish: true });
  }
  await make();
});

describe.skipIf(!need('chromium'))('performance reports', () => {
  test('an administrator records a month, requests a report, publishes and withdraws it', { timeout: 60_000 }, async () => {
    const { page, complaints } = await open(browser, await signInAddress(api, tenant), {
      viewport: { width: 1280, height: 900 },
    });
    await page.context().addCookies([{ name: 'mirante_locale', value: 'en', url: api.url }]);
    await page.goto(`${api.url}/app/reports/services/lpa`);
    await page.getByLabel('Month', { exact: true }).fill('2026-01');
    await page.getByLabel('Online', { exact: true }).fill('20');
    await page.getByLabel('Paper', { exact: true }).fill('5');
    await page.getByLabel('Cost: paper').fill('70.25');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.locator('tr', { hasText: '2026-01' }).getByText('70.25 GBP').waitFor();
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'reports-channels');

    await page.goto(`${api.url}/app/reports`);
    await page.getByLabel('Period').fill('2026-01');
    await page.getByRole('button', { name: 'Request the report' }).click();
    await page.waitForURL(/reports\/[0-9a-f-]{36}$/);
    await make();
    await page.reload();
    await page.locator('tr', { hasText: 'Digital take-up' }).getByText('80 %').waitFor();
    const publish = page.getByRole('button', { name: 'Publish: lpa, 2026-01' });
    await publish.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published as revision 1').waitFor();
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'reports-report');
    const [link] = await page.getByRole('link', { name: 'Open the public page' }).all();
    const address = (await link?.getAttribute('href')) as string;
    expect((await fetch(api.url + address)).status).toBe(200);
    await page.getByRole('button', { name: 'Withdraw: lpa, 2026-01' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Withdrawn', { exact: true }).waitFor();
    expect((await fetch(api.url + address)).status).toBe(404);

    await page.context().addCookies([{ name: 'mirante_locale', value: 'pt-BR', url: api.url }]);
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['reports', 'reports/services/lpa']) {
      await page.goto(`${api.url}/app/${path}`);
      expect([path, await overflow(page), await barriers(page)]).toEqual([path, 0, []]);
      await keepPicture(page, `reports-phone-${path.replaceAll('/', '-')}`);
    }
    expect(complaints).toEqual([]);
  });

  test.each([
    ['en', 1280, 'light'],
    ['cy', 320, 'dark'],
    ['pt-BR', 390, 'light'],
  ] as const)(
    'the public page is whole and without barriers, without script: %s, %d px, %s',
    { timeout: 60_000 },
    async (lang, width, colorScheme) => {
      const address = `${api.url}/public/performance/${tenant.slug}/lpa?lang=${lang}`;
      const { page, complaints } = await open(browser, address, { viewport: { width, height: 900 }, colorScheme });
      expect(await page.locator('html').getAttribute('lang')).toBe(lang);
      expect(await page.locator('svg[role=img]').count()).toBe(5);
      expect([await overflow(page), await barriers(page)]).toEqual([0, []]);
      await keepPicture(page, `reports-public-${lang}`);
      expect(complaints).toEqual([]);
      const without = await open(browser, address, { javaScriptEnabled: false });
      await without.page.locator('.figure .value').first().waitFor();
    },
  );
});
