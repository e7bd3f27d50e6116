import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { type Json, useApi } from './support/api.ts';
import { barriers, keepPicture, overflow, settled, useBrowser } from './support/browser.ts';
import { makeTenant, need, useDatabase } from './support/harness.ts';

const HOUR = 3_600_000;
const OVERVIEW = '/app/dashboards/validations-overview';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db, { name: 'Acme', timezone: 'America/Sao_Paulo' });
let browser: Browser;

beforeAll(async () => {
  if (!need('chromium')) return;
  const events = Array.from({ length: 600 }, (_, n) => ({
    id: `${n}`,
    type: 'br.validahub.validation.completed.v1',
    source: 'shop',
    time: new Date(Date.now() - n * 1.2 * HOUR - 1000).toISOString(),
    data: {
      marketplace: ['americanas', 'mercado-livre', 'magazine-luiza', 'shopee'][n % 4],
      rows: 100 + n,
      errors: n % 7,
      duration_ms: 100 + (n % 90),
      outcome: n % 9 ? 'success' : 'failure',
      rules: { [`image-${n % 3}`]: 1 },
    },
  }));
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body).toMatchObject({ accepted: 600 });
  await refreshRollups({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
  browser = await useBrowser();
});

/** A browser that is signed in with one of the tenant's keys, or as a new administrator. */
async function signedIn(options: BrowserContextOptions = {}, key?: string, locale = 'en') {
  const context = await browser.newContext({ acceptDownloads: true, reducedMotion: 'reduce', ...options });
  await context.addCookies([{ name: 'mirante_locale', value: locale, url: api.url }]);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  if (key) {
    await page.goto(`${api.url}/login`);
    await page.locator('input[name=key]').fill(key);
    await page.locator('main.login button[type=submit]').first().click();
  } else {
    const { body } = await api.call('POST', '/v1/members', tenant.keys.tenant_admin, {
      email: `${Math.random()}@example.com`,
      role: 'admin',
    });
    const link = await api.call('POST', `/v1/members/${body.id}/login-links`, tenant.keys.tenant_admin);
    await page.goto(new URL(link.body.url, api.url).href);
  }
  await page.waitForURL('**/app/**');
  return { page, complaints };
}

async function go(page: Page, path: string): Promise<void> {
  await page.goto(api.url + path);
  await settled(page);
}

const asked = (page: Page) => new URL(page.url()).searchParams;

/** The middle of the first drawn shape of a card that is as large as a bar. */
async function clickShape(page: Page, card: string): Promise<void> {
  await page.locator(`#card-${card}`).scrollIntoViewIfNeeded();
  const shapes = await page.locator(`#card-${card} svg path`).evaluateAll((paths: Json[]) =>
    paths
      .filter((path) => /^#/.test(path.getAttribute('fill') ?? '') && path.getBoundingClientRect().width > 20)
      .map((path) => {
        const { x, y, width, height } = path.getBoundingClientRect();
        return [x + Math.min(20, width / 2), y + height / 2];
      }),
  );
  const [x, y] = shapes[0] as [number, number];
  await page.mouse.click(x, y);
}

describe.skipIf(!need('chromium'))('a dashboard in the console', () => {
  test('looks right at every size, in both colours and languages', async () => {
    for (const [size, viewport] of [
      ['phone', { width: 390, height: 844 }],
      ['desk', { width: 1440, height: 900 }],
    ] as const) {
      for (const [colorScheme, locale] of [
        ['light', 'en'],
        ['dark', 'pt-BR'],
      ] as const) {
        const { page, complaints } = await signedIn({ viewport, colorScheme }, undefined, locale);
        for (const [name, path] of [
          ['list', '/app/dashboards'],
          ['overview', `${OVERVIEW}?range=30d&marketplace=shopee`],
        ] as const) {
          await go(page, path);
          const called = `console-${name}-${size}-${colorScheme}`;
          await keepPicture(page, called);
          expect(await overflow(page), called).toBeLessThanOrEqual(0);
          expect(await barriers(page), called).toEqual([]);
        }
        await page.locator('.choice summary').click();
        await page.locator('.choice input[value=americanas]').check();
        await settled(page);
        await keepPicture(page, `console-choice-${size}-${colorScheme}`, false);
        expect(await overflow(page)).toBeLessThanOrEqual(0);
        expect(await barriers(page)).toEqual([]);
        await page.keyboard.press('Escape');
        for (const dialog of ['views', 'notes', 'share']) {
          await page.locator(`[data-opens=${dialog}]`).click();
          await page.locator(`#${dialog}[open]`).waitFor();
          await expect.poll(() => page.locator(`#${dialog} .lines li, #${dialog} .hint`).count()).toBeGreaterThan(0);
          await keepPicture(page, `console-${dialog}-${size}-${colorScheme}`, false);
          expect(await barriers(page), `${dialog} ${size} ${colorScheme}`).toEqual([]);
          await page.keyboard.press('Escape');
        }
        expect(complaints).toEqual([]);
        await page.context().close();
      }
    }
  });

  test('its window, comparison and filters stand in the address, and Back undoes each', async () => {
    const { page, complaints } = await signedIn({ viewport: { width: 1440, height: 1000 } });
    await go(page, OVERVIEW);
    for (const range of ['today', 'yesterday', 'this-month', 'last-month']) {
      await page.locator(`.ranges input[value="${range}"]`).check({ force: true });
      await settled(page);
      expect(asked(page).get('range')).toBe(range);
    }
    await page.locator('.ranges input[value=custom]').check({ force: true });
    await page.locator('#custom input[name=first]').fill('2026-11-20T08:00');
    await page.locator('#custom input[name=last]').fill('2026-11-20T18:30');
    await page.locator('#custom button').click();
    await settled(page);
    expect([asked(page).get('from'), asked(page).get('to')]).toEqual(['2026-11-20T11:00:00.000Z', '2026-11-20T21:30:00.000Z']);
    await page.reload();
    await settled(page);
    expect(await page.locator('#custom input[name=last]').inputValue()).toBe('2026-11-20T18:30');

    await go(page, `${OVERVIEW}?range=7d`);
    expect(await page.locator('#card-validations-trend .change').count()).toBe(1);
    await page.locator('select[name=compare]').selectOption('none');
    await settled(page);
    expect(await page.locator('#card-validations-trend .change').count()).toBe(0);

    await clickShape(page, 'marketplaces');
    await settled(page);
    const first = asked(page).get('marketplace');
    expect(['americanas', 'mercado-livre', 'magazine-luiza', 'shopee']).toContain(first);
    expect(await page.locator('.choice output').textContent()).toBe(first);
    expect(await page.locator('#card-marketplaces .untouched').textContent()).toBe('Not filtered by Marketplace');
    expect(await page.locator('#card-volume .untouched').count()).toBe(0);
    const events = new URL((await page.locator('#card-volume [data-does=events]').getAttribute('href')) as string, api.url);
    expect(events.pathname).toBe('/app/events');
    expect(Date.parse(events.searchParams.get('to') ?? '') - Date.parse(events.searchParams.get('from') ?? '')).toBeGreaterThan(
      6 * 24 * HOUR,
    );
    expect(events.searchParams.get('filter[marketplace]')).toBe(first);
    await page.goBack();
    await settled(page);
    expect(asked(page).has('marketplace')).toBe(false);
    await page.locator('#card-marketplaces [data-does=table]').click();
    await page.locator('#card-marketplaces .pick', { hasText: 'shopee' }).click();
    await settled(page);
    expect(asked(page).get('marketplace')).toBe('shopee');
    // A second value by keyboard, a third by a click, which also removes one.
    const boxes = page.locator('.choice input[type=checkbox]');
    await page.locator('.choice summary').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await settled(page);
    expect(asked(page).getAll('marketplace')).toEqual(['americanas', 'shopee']);
    expect(await boxes.first().evaluate((box: Json) => box.ownerDocument.activeElement === box)).toBe(true);
    expect(await page.locator('.choice output').textContent()).toBe('americanas and 1 more');
    await keepPicture(page, 'console-choice', false);
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.locator('.choice').getAttribute('open')).toBe(null);
    await page.locator('#card-marketplaces .pick', { hasText: 'magazine-luiza' }).click();
    await page.locator('#card-marketplaces .pick', { hasText: 'shopee' }).click();
    await settled(page);
    expect(asked(page).getAll('marketplace')).toEqual(['americanas', 'magazine-luiza']);
    await page.locator('#card-volume [data-does=events]').click();
    await settled(page);
    expect(asked(page).getAll('marketplace')).toEqual(['americanas', 'magazine-luiza']);
    expect(await page.locator('.several input:checked').count()).toBe(2);
    const listed = await page.locator('#events tr').count();
    await page.locator('.several input[value=americanas]').uncheck();
    await page.getByRole('button', { name: 'Filter' }).click();
    await settled(page);
    expect(asked(page).getAll('marketplace')).toEqual(['magazine-luiza']);
    expect(await page.locator('#events tr').count()).toBeLessThanOrEqual(listed);
    for (const values of [
      ['americanas', 'magazine-luiza'],
      ['americanas', 'magazine-luiza', 'shopee'],
    ]) {
      await page.goBack();
      await settled(page);
      if (!page.url().includes('/app/dashboards')) await page.goBack();
      await settled(page);
      expect(asked(page).getAll('marketplace').toSorted()).toEqual(values);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('charts of times show the period before, muted, and not where nothing is compared', async () => {
    for (const locale of ['en', 'pt-BR']) {
      const { page, complaints } = await signedIn({ viewport: { width: 1440, height: 1000 } }, undefined, locale);
      await go(page, `${OVERVIEW}?range=7d`);
      const words = locale === 'en' ? 'Previous period' : 'Período anterior';
      const legends = page.locator('.chart svg text', { hasText: words });
      // Bars by outcome, a line, two lines.
      expect(await legends.count()).toBe(4);
      const chart = page.locator('#card-error-rate .chart');
      await chart.scrollIntoViewIfNeeded();
      await chart.hover();
      await page.locator('#card-error-rate .tip', { hasText: `${words} · ` }).waitFor();
      await keepPicture(page, `console-compared-${locale}`);
      await page.locator('select[name=compare]').selectOption('none');
      await settled(page);
      expect(await legends.count()).toBe(0);
      // There are thirty days of data, so that nothing is before.
      await go(page, `${OVERVIEW}?range=30d`);
      expect(await legends.count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  test('a drag over a chart of times zooms into its buckets; a chart is also a picture', async () => {
    const { page, complaints } = await signedIn({ viewport: { width: 1440, height: 1000 } });
    await go(page, `${OVERVIEW}?range=30d`);
    await page.locator('#card-volume').scrollIntoViewIfNeeded();
    const box = await page.locator('#card-volume .chart').boundingBox();
    if (!box) throw new Error('no chart');
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 });
    expect(await page.locator('#card-volume .band').count()).toBe(1);
    await page.mouse.move(box.x + box.width * 0.7, y, { steps: 5 });
    await page.mouse.up();
    await settled(page);
    const [from, to] = ['from', 'to'].map((name) => Date.parse(asked(page).get(name) ?? ''));
    // Whole days of Sao Paulo, about a fifth of thirty.
    expect([(from as number) % (24 * HOUR), (to as number) % (24 * HOUR)]).toEqual([3 * HOUR, 3 * HOUR]);
    const days = ((to as number) - (from as number)) / (24 * HOUR);
    expect(days).toBeGreaterThan(3);
    expect(days).toBeLessThan(10);
    await page.goBack();
    await settled(page);
    expect(asked(page).get('range')).toBe('30d');

    const download = page.waitForEvent('download');
    await page.locator('#card-volume [data-does=png]').click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('volume.png');
    expect(
      readFileSync(await file.path())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect(readFileSync(await file.path()).length).toBeGreaterThan(5000);

    const ink = () =>
      page
        .locator('#card-volume svg text')
        .first()
        .evaluate((text: Json) => text.getAttribute('fill') ?? text.style.fill);
    const light = await ink();
    await page.locator('#theme').selectOption('dark');
    await expect.poll(ink).not.toBe(light);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('an administrator notes something, which becomes a mark; a reader sees it and cannot add one', async () => {
    const { page, complaints } = await signedIn({ viewport: { width: 1440, height: 1000 } });
    await go(page, `${OVERVIEW}?range=7d`);
    await page.locator('[data-opens=notes]').click();
    const time = (await page.locator('#note-time').inputValue()).replace(/T.*/, 'T00:00');
    await page.locator('#note-time').fill(time);
    await page.locator('#note-text').fill('  ');
    await page.locator('#note-form button').click();
    await page.locator('#note-form .notice:not([hidden])').waitFor();
    expect(await page.locator('#note-time').inputValue()).toBe(time);
    await page.locator('#note-text').fill('Release 4.2');
    await page.locator('#note-form button').click();
    await page.locator('#note-list li', { hasText: 'Release 4.2' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#card-volume svg text', { hasText: 'Release 4.2' }).waitFor();
    await keepPicture(page, 'console-noted');

    const reader = await signedIn({ viewport: { width: 1440, height: 1000 } }, tenant.keys.read);
    await go(reader.page, `${OVERVIEW}?range=7d`);
    await reader.page.locator('#card-error-rate svg text', { hasText: 'Release 4.2' }).waitFor();
    expect(await reader.page.locator('#note-form, [data-opens=share]').count()).toBe(0);
    expect(reader.complaints).toEqual([]);
    await reader.page.context().close();

    await page.locator('[data-opens=notes]').click();
    await page.locator('#note-list button').click();
    await page.locator('#sure-yes').click();
    await page.locator('#note-list .hint').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('#card-volume svg text', { hasText: 'Release 4.2' }).count()).toBe(0);
    expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
    await page.context().close();
  });

  test('a link is made with what is fixed, opens without an account, and is revoked', async () => {
    const { page } = await signedIn({ viewport: { width: 1440, height: 1000 } });
    await go(page, `${OVERVIEW}?range=7d&marketplace=shopee`);
    await page.locator('[data-opens=share]').click();
    await page.locator('#share-fix', { hasText: 'Marketplace: shopee' }).waitFor();
    await page.locator('#share-expiry').selectOption('7');
    await page.locator('#share-form button[type=submit]').click();
    const address = (await page.locator('#share-made:not([hidden]) code').textContent()) as string;
    await page.locator('#share-list li', { hasText: 'shopee' }).waitFor();
    await keepPicture(page, 'console-shared', false);
    const guest = await (await browser.newContext()).newPage();
    expect((await guest.goto(address))?.status()).toBe(200);
    await settled(guest);
    expect(await guest.locator('.fixed').textContent()).toContain('shopee');
    await page.locator('#share-list button').first().click();
    await page.locator('#sure-yes').click();
    await page.locator('#share-list .hint').waitFor();
    expect((await guest.goto(address))?.status()).toBe(401);
    await guest.context().close();
    await page.context().close();
  });

  test('stars come first in the list, and a view is saved with its window and filters', async () => {
    const { page, complaints } = await signedIn();
    await go(page, '/app/dashboards');
    const last = page.locator('.tiles li').last();
    const title = await last.locator('strong').textContent();
    await last.locator('.star').click();
    await expect.poll(() => page.locator('.tiles li strong').first().textContent()).toBe(title);
    await go(page, `${OVERVIEW}?range=90d&marketplace=shopee`);
    await page.locator('[data-opens=views]').click();
    await page.locator('#field-name').fill('Shopee, a quarter');
    await page.locator('#views form[method=post] .button').click();
    await page.locator('#views .lines a', { hasText: 'Shopee' }).waitFor({ state: 'attached' });
    await settled(page);
    expect(asked(page).toString()).toBe('range=90d&marketplace=shopee');
    await go(page, '/app/dashboards');
    await page.locator('.saved a', { hasText: 'Shopee, a quarter' }).click();
    await settled(page);
    expect(asked(page).get('marketplace')).toBe('shopee');
    await page.locator('[data-opens=views]').click();
    await page.locator('#views .lines button').click();
    await expect.poll(() => page.locator('#views .lines li').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
