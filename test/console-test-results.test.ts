import { beforeAll, describe, expect, test } from 'vitest';
import { signInAddress } from './support/admin-console.ts';
import { barriers, keepPicture, open, overflow, useBrowser } from './support/browser.ts';
import { makeTenant, need, type TestTenant, useDatabase } from './support/harness.ts';
import { MARKR, type TestVault, useVault } from './support/imports.ts';

let vault: TestVault;
let browser: Awaited<ReturnType<typeof useBrowser>>;
let tenant: TestTenant;

const DAY = 86_400_000;
const scan = (student: number, id: string, obtained: number) =>
  `<mcq-test-result scanned-on="${new Date(Date.now() - (student % 20) * DAY).toISOString().slice(0, 19)}Z"><first-name>${obtained}</first-name>
   <student-number>${String(student).padStart(6, '0')}</student-number><test-id>${id}</test-id><summary-marks available="20" obtained="${obtained}"/></mcq-test-result>`;
const sheets = (...scans: string[]) => `<mcq-test-results>${scans.join('')}</mcq-test-results>`;

beforeAll(async () => {
  if (!need('chromium')) return;
  const db = await useDatabase();
  vault = await useVault(db);
  tenant = await makeTenant(db, { name: 'Acme', timezone: 'America/Sao_Paulo' });
  browser = await useBrowser();
  const send = (body: string, path = '/import') => vault.api.call('POST', path, tenant.keys.ingest, body, MARKR);
  for (const [n, id] of ['9863', 'matemática-8º-ano', '<b>7</b>'.replaceAll('<', '&lt;')].entries())
    await send(sheets(...Array.from({ length: 80 }, (_, one) => scan(one, id, (one * (n + 3)) % (20 - n * 4)))));
  await send(sheets(scan(1, '9863', 3), scan(1, '9863', 4)), '/import?policy=max-each.v1');
  await send(sheets(scan(1, 'each', 3)), '/import?policy=max-each.v1');
  await send('<mcq-test-results>');
});

const SCREENS = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true },
};

describe.skipIf(!need('chromium'))('an administrator', () => {
  test.each([
    ['desktop', 'light', 'en'],
    ['phone', 'dark', 'pt-BR'],
  ] as const)(
    'finds tests, their charts and documents: %s, %s, %s',
    { timeout: 60_000 },
    async (screen, colorScheme, locale) => {
      const options = { ...SCREENS[screen], colorScheme, reducedMotion: 'reduce' as const };
      const { page, complaints } = await open(browser, await signInAddress(vault.api, tenant), options);
      await page.context().addCookies([{ name: 'mirante_locale', value: locale, url: vault.api.url }]);
      await page.goto(`${vault.api.url}/app/test-results`);
      expect(await page.locator('main table tbody tr').count()).toBe(4);
      const row = page.locator('tr', { hasText: '9863' });
      expect(await row.textContent()).toMatch(locale === 'en' ? /80.*The scan with the greatest marks/ : /80.*maiores notas/);
      await page.getByText('<b>7</b>').waitFor();
      expect([await overflow(page), await barriers(page)]).toEqual([0, []]);
      await keepPicture(page, `test-results-${screen}-${locale}`);
      await page.getByRole('link', { name: locale === 'en' ? 'Show charts' : 'Ver gráficos' }).click();
      await page.locator('svg').first().waitFor();
      await page.waitForLoadState('networkidle');
      expect([await overflow(page), await barriers(page)]).toEqual([0, []]);
      await keepPicture(page, `test-results-dashboard-${screen}-${locale}`);
      await page.goto(`${vault.api.url}/app/test-results`);
      await page
        .getByRole('link', { name: locale === 'en' ? 'Documents and their findings' : 'Documentos e seus achados' })
        .click();
      expect(await page.locator('main table tbody tr').count()).toBe(6);
      expect(complaints).toEqual([]);
    },
  );
});
