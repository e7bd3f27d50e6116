import { beforeAll, describe, expect, test } from 'vitest';
import { makeReports } from '../jobs/reports/make.ts';
import { pullChannels } from '../jobs/reports/pull.ts';
import { signInAddress } from './support/admin-console.ts';
import { type TestApi, useApi } from './support/api.ts';
import { jobDeps } from './support/archive-home.ts';
import { barriers, keepPicture, open, overflow, useBrowser } from './support/browser.ts';
import { useExports } from './support/exports.ts';
import { makeTenant, need, type TestDatabase, type TestTenant, testSecret, useDatabase } from './support/harness.ts';

let db: TestDatabase;
let api: TestApi;
let exports: Awaited<ReturnType<typeof useExports>>;
let browser: Awaited<ReturnType<typeof useBrowser>>;
let tenant: TestTenant;

const make = () => makeReports(jobDeps(db, exports.deps.archive));
const pull = () =>
  pullChannels({
    ...jobDeps(db, exports.deps.archive),
    secret: testSecret,
    config: { ALERTS_ALLOW_PRIVATE_NETWORKS: ['127.0.0.0/8'] },
  });

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
    await page.locator('tr', { hasText: '2026-01' }).getByText('£70.25').waitFor();
    // A month of the table fills the form with its numbers.
    await page.getByRole('link', { name: '2026-01' }).click();
    expect([
      await page.getByLabel('Online', { exact: true }).inputValue(),
      await page.getByLabel('Cost: paper').inputValue(),
    ]).toEqual(['20', '70.25']);
    await page.getByLabel('Month', { exact: true }).fill('2099-01');
    await page.getByLabel('Paper', { exact: true }).fill('5');
    await page.getByLabel('Cost: paper').fill('much');
    await page.getByRole('button', { name: 'Save' }).first().click();
    const faultOf = (name: string) => page.locator(`#field-${name}-fault`).textContent();
    expect([await faultOf('cost_paper'), await page.locator('.fault').count()]).toEqual([expect.stringContaining('number'), 1]);
    expect(await page.getByLabel('Cost: paper').inputValue()).toBe('much');
    await page.getByLabel('Cost: paper').fill('');
    await page.getByRole('button', { name: 'Save' }).first().click();
    expect([await faultOf('period'), await page.getByLabel('Paper', { exact: true }).inputValue()]).toEqual([
      expect.stringContaining('has not begun'),
      '5',
    ]);
    // A connector whose mapping is not JSON: what was typed stays, and the other form shows no fault.
    await page.getByLabel('Address').fill(`${api.url}/livez?{period}`);
    await page.getByLabel('Where each number is').fill('{"paper": "counts"');
    await page.getByRole('button', { name: 'Save' }).last().click();
    expect([await page.locator('#field-mapping-fault').count(), await page.locator('.fault').count()]).toEqual([1, 1]);
    await page.getByLabel('Where each number is').fill('{"paper": "/counts/paper"}');
    await page.getByRole('button', { name: 'Save' }).last().click();
    await page.getByText('Not yet tried').waitFor();
    await pull();
    await page.reload();
    await page.getByText('Failing').waitFor();
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'reports-channels');

    await page.goto(`${api.url}/app/reports`);
    await page.getByLabel('Period').fill('2026-01');
    await page.getByRole('button', { name: 'Request the report' }).click();
    await page.waitForURL(/reports\/[0-9a-f-]{36}$/);
    await make();
    await page.reload();
    await page.locator('tr', { hasText: 'Digital take-up' }).getByText('80.0%').waitFor();
    const publish = page.getByRole('button', { name: 'Publish: lpa, January 2026' });
    await publish.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published as revision 1').waitFor();
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'reports-report');
    const [link] = await page.getByRole('link', { name: 'Open the public page' }).all();
    const address = (await link?.getAttribute('href')) as string;
    expect((await fetch(api.url + address)).status).toBe(200);
    await page.getByRole('button', { name: 'Withdraw: lpa, January 2026' }).click();
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
    // The browser complains of the three forms that were refused.
    expect(complaints.filter((one) => !one.includes('422'))).toEqual([]);
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
      // Only measures with a value in some month have a chart.
      expect(await page.locator('svg[role=img]').count()).toBe(2);
      expect([await overflow(page), await barriers(page)]).toEqual([0, []]);
      await keepPicture(page, `reports-public-${lang}`);
      expect(complaints).toEqual([]);
      await page.context().close();
      const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
      await plain.goto(address);
      expect(await plain.locator('.figure .value').first().isVisible()).toBe(true);
      await plain.context().close();
    },
  );
});
