import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { signInAddress } from './support/admin-console.ts';
import { barriers, keepPicture, open, overflow, settled, useBrowser } from './support/browser.ts';
import { makeTenant, need, type TestTenant, useDatabase } from './support/harness.ts';
import { type TestVault, useVault } from './support/imports.ts';

let vault: TestVault;
let browser: Awaited<ReturnType<typeof useBrowser>>;
let tenant: TestTenant;
let document: string;

const at = (n: number) => new Date(Date.now() - n * 60_000).toISOString();
const ROWS = Array.from({ length: 12 }, (_, n) => `${n + 1},${at(n)},customer-${n % 5},${n * 3}.50`);
const MAPPING = { type: { value: 'com.example.order.placed.v1' }, id: 'order', time: 'at', subject: 'buyer' };
const SCREENS = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true },
};

beforeAll(async () => {
  if (!need('chromium')) return;
  const db = await useDatabase();
  vault = await useVault(db);
  tenant = await makeTenant(db, { name: 'Acme', timezone: 'America/Sao_Paulo' });
  browser = await useBrowser();
  const { ingest } = tenant.keys;
  const body = `order,at,buyer,amount\n${ROWS.join('\n')}\n13,yesterday,customer-1,1\nshort,row\n`;
  const query = { mapping: JSON.stringify(MAPPING), source: 'night batch' };
  document = (await vault.send(ingest, 'text/csv; charset=utf-8', body, query)).id;
  await vault.send(ingest, 'text/csv', 'order,at\n1,"cut', { source: 'till 7 of the shop in the Rua das Laranjeiras' });
  await vault.send(ingest, 'application/pdf', 'A letter.');
});

async function enter(screen: keyof typeof SCREENS, colorScheme: 'light' | 'dark', locale: string) {
  const options = { ...SCREENS[screen], colorScheme, reducedMotion: 'reduce' as const, acceptDownloads: true };
  const opened = await open(browser, await signInAddress(vault.api, tenant), options);
  await opened.page.context().addCookies([{ name: 'mirante_locale', value: locale, url: vault.api.url }]);
  return opened;
}

/** Has due work done until the page shows no more of it. */
async function work(page: Page): Promise<void> {
  await vault.run();
  await page.locator('#live:not([data-unfinished])').waitFor();
}

describe.skipIf(!need('chromium'))('an administrator', () => {
  test('changes the mapping of a document, looks at the difference, applies it and takes it back', {
    timeout: 90_000,
  }, async () => {
    const { page, complaints } = await enter('desktop', 'light', 'en');
    await page.goto(`${vault.api.url}/app/imports`);
    await page.getByRole('link', { name: 'night batch' }).click();
    await page.getByText('column-count').waitFor();
    const mapping = page.getByLabel('Mapping, as JSON');
    await mapping.fill('{"numbers": ["amount"');
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.getByText('"mapping" is not JSON').waitFor();
    expect(await mapping.inputValue()).toBe('{"numbers": ["amount"');
    await keepPicture(page, 'imports-refused');
    await mapping.fill(JSON.stringify({ ...MAPPING, numbers: ['amount'] }));
    await page.getByRole('button', { name: 'Read it again' }).click();
    await page.locator('[data-unfinished] progress').waitFor();
    await work(page);
    expect(await page.locator('#live table tbody tr').count()).toBe(12);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Difference as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^difference-.*\.csv$/);
    await page
      .getByRole('button', { name: /^Apply/ })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
    await work(page);
    await page.getByText('Applied').first().waitFor();
    const { body } = await vault.api.call('GET', `/v1/imports/${document}`, tenant.keys.tenant_admin);
    expect(body.findings.map(({ code }: { code: string }) => code)).toEqual(['column-count', 'invalid-time']);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('undoes another run').first().waitFor();
    await work(page);
    expect(await page.locator('#live table tbody tr').count()).toBe(12);

    await page.goto(`${vault.api.url}/app/events?import=${document}`);
    await settled(page);
    expect(await page.locator('#events tr').count()).toBe(12);
    await page.locator('#events button').first().click();
    await page.getByRole('link', { name: 'Documents that gave it' }).click();
    await page.getByRole('link', { name: 'night batch' }).waitFor();
    expect(await page.locator('#live tbody tr').count()).toBe(1);
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  test.each([
    ['desktop', 'light', 'en'],
    ['desktop', 'dark', 'pt-BR'],
    ['phone', 'light', 'pt-BR'],
    ['phone', 'dark', 'en'],
  ] as const)('finds the pages whole and without barriers: %s, %s, %s', { timeout: 90_000 }, async (screen, scheme, locale) => {
    const { page, complaints } = await enter(screen, scheme, locale);
    const { body } = await vault.api.call('GET', '/v1/imports/reprocess', tenant.keys.tenant_admin);
    const run = body.data.find(({ dry_run }: { dry_run: boolean }) => !dry_run).id;
    const faults: Record<string, unknown> = {};
    for (const path of ['', `/${document}`, '/runs', `/runs/${run}`]) {
      await page.goto(`${vault.api.url}/app/imports${path}`);
      const [wide, found] = [await overflow(page), await barriers(page)];
      if (wide > 0 || found.length > 0) faults[path] = [wide, found];
      const name = path.replace(document, 'one').replace(run, 'one').replaceAll('/', '-');
      await keepPicture(page, `imports-${screen}-${scheme}-${locale}${name}`);
    }
    expect(faults).toEqual({});
    expect(complaints).toEqual([]);
  });
});
