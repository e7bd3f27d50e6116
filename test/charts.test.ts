import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkDataQuality } from '../jobs/metrics/check-data-quality.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { type Json, type TestApi, useApi } from './support/api.ts';
import { barriers, open, overflow, settled, useBrowser } from './support/browser.ts';
import { makeOperatorKey, makeTenant, need, type TestDatabase, type TestTenant, useDatabase } from './support/harness.ts';

const HOUR = 3_600_000;
const OVERVIEW = 'validations-overview';
const PATTERNS = 'error-patterns';
const VOLUME = 'data-volume';

let db: TestDatabase;
let api: TestApi;
let browser: Browser;
let old: TestTenant;
let young: TestTenant;

beforeAll(async () => {
  if (!need('chromium')) return;
  db = await useDatabase();
  api = await useApi(db);
  old = await makeTenant(db, { name: 'Old', timezone: 'America/Sao_Paulo', locale: 'pt-BR' });
  young = await makeTenant(db, { name: 'Young' });
  await fill(old, 80 * 24, 6);
  await fill(young, 9 * 24, 2, true);
  const types = Array.from({ length: 30 }, (_, n) => eventOf(`type-${n}`, `br.example.kind-${n}.v1`, n, {}));
  expect((await api.call('POST', '/v1/events', old.keys.ingest, types)).body).toMatchObject({ accepted: 30 });
  const deps = { pool: db.jobs, log: pino({ level: 'silent' }), clock: () => new Date() };
  await refreshRollups({ ...deps, engine: db.engine });
  await checkDataQuality(deps);
  browser = await useBrowser();
});

function eventOf(id: string, type: string, hours: number, data: object) {
  return { id, type, source: 'charts', time: new Date(Date.now() - hours * HOUR - 60_000).toISOString(), data };
}

async function fill(tenant: TestTenant, hours: number, every: number, failing = false): Promise<void> {
  const events = Array.from({ length: hours / every }, (_, n) =>
    eventOf(`${n}`, 'br.validahub.validation.completed.v1', n * every, {
      marketplace: ['americanas', 'mercado-livre', 'magazine-luiza', 'shopee'][n % 4],
      rows: 100,
      errors: 1 + (n % 7),
      duration_ms: 100 + (n % 90),
      outcome: failing || n % 9 === 0 ? 'failure' : 'success',
      rules: { [`image-too-small-${n % 4}`]: 1 },
    }),
  );
  const { body } = await api.call('POST', '/v1/events', tenant.keys.ingest, events);
  expect(body).toMatchObject({ accepted: events.length });
}

async function see({ keys }: { keys: { embed: string } }, slug: string, query = '', width = 1280): Promise<Page> {
  const body = { params: {}, expires_in: 3600 };
  const link = (await api.call('POST', `/v1/dashboards/${slug}/embeds`, keys.embed, body)).body.viewer_url;
  const { page } = await open(browser, link + query, { viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  return page;
}

/** Pairs of unrotated labels of one chart that overlap. */
const touching = (page: Page) =>
  page.evaluate(() => {
    const pairs: string[] = [];
    for (const svg of (globalThis as Json).document.querySelectorAll('.chart svg')) {
      const texts = [...svg.querySelectorAll('text')].filter(
        // Labels clipped by a scrolling legend are not visible.
        (text) =>
          text.textContent &&
          !text.closest('[clip-path]') &&
          !/matrix\((?!1,0,0,1|1 0 0 1)|rotate/.test(text.getAttribute('transform') ?? ''),
      );
      const boxes = texts.map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
      for (const [index, a] of boxes.entries()) {
        for (const b of boxes.slice(index + 1)) {
          const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
          const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
          // The bounding box of a text is a little higher than its letters.
          if (across > 0 && down > 2) pairs.push(`${a.text} | ${b.text}`);
        }
      }
    }
    return pairs;
  });

const fillsOf = (page: Page, card: string, part = 'path') =>
  page
    .locator(`#card-${card} svg ${part}`)
    .evaluateAll((paths: Json[]) => paths.map((path) => path.getAttribute('fill') as string | null));

describe.skipIf(!need('chromium'))('charts', () => {
  test('a previous period with only partial data is not compared', async () => {
    const page = await see(young, OVERVIEW, '&range=7d');
    expect(await page.locator('#card-validations-trend .change').textContent()).toBe('no previous value');
    await page.context().close();
    const other = await see(old, OVERVIEW, '&range=7d');
    expect(await other.locator('#card-validations-trend .change').textContent()).toContain('anterior: ');
    await other.context().close();
  });

  test('an incomplete bucket is hatched or dashed, and the chart says so', async () => {
    const page = await see(old, OVERVIEW);
    expect(await fillsOf(page, 'volume')).toContainEqual(expect.stringMatching(/^url\(/));
    expect(await page.locator('#card-error-rate svg path[stroke-dasharray="4,4"]').count()).toBe(1);
    const box = await page.locator('#card-volume .chart').boundingBox();
    if (!box) throw new Error('no chart');
    await page.mouse.move(box.x + box.width - 15, box.y + box.height / 2);
    await page.getByText('· incompleto').waitFor();
    await page.context().close();
  });

  test('labels do not overlap, even on a phone', async () => {
    for (const [slug, width] of [
      [OVERVIEW, 1280],
      [PATTERNS, 1280],
      [PATTERNS, 390],
      [VOLUME, 390],
    ] as const) {
      const page = await see(old, slug, slug === VOLUME ? '&range=24h' : '', width);
      expect(await touching(page), `${slug} ${width}`).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.context().close();
    }
  });

  test('the label of a horizontal goal line is next to the axis labels', async () => {
    const operator = await makeOperatorKey(db);
    const change = { limits: { events_per_month: 60_000 } };
    expect((await api.call('PATCH', `/v1/tenants/${old.id}`, operator, change)).status).toBe(200);
    const page = await see({ keys: { embed: operator } }, 'tenants');
    expect(await page.locator('#card-quotas svg text', { hasText: 'Target 100%' }).count()).toBe(1);
    expect(await touching(page)).toEqual([]);
    await page.context().close();
  });

  test('shares end at 100 %, and bars of weeks are as wide as weeks', async () => {
    const page = await see(young, OVERVIEW, '&range=30d&interval=week');
    const labels = await page
      .locator('#card-error-rate svg text')
      .evaluateAll((texts: Json[]) => texts.map((text) => text.textContent as string));
    expect(labels).toContain('100%');
    expect(labels.filter((label) => label.endsWith('%') && Number.parseInt(label, 10) > 100)).toEqual([]);
    const widths = await page
      .locator('#card-volume svg path')
      .evaluateAll((paths: Json[]) => paths.map((path) => path.getBBox().width as number));
    // Five or six weeks in about 500 pixels.
    expect(widths.filter((width) => width > 60 && width < 120).length).toBeGreaterThan(0);
    await page.context().close();
  });

  test('a value has one colour on the page', async () => {
    const page = await see(old, OVERVIEW);
    const colours = async (card: string) => new Set((await fillsOf(page, card)).filter((fill) => /^#/.test(fill ?? '')));
    const [bars, slices] = [await colours('marketplaces'), await colours('findings')];
    expect(bars.size).toBe(4);
    expect([...bars].filter((colour) => !slices.has(colour))).toEqual([]);
    await page.context().close();
  });

  test('prints whole charts in portrait and landscape', async () => {
    const page = await see(old, PATTERNS, '', 1600);
    await page.emulateMedia({ media: 'print', reducedMotion: 'reduce' });
    for (const [width, height] of [
      [703, 1032],
      [1032, 703],
    ] as const) {
      await page.setViewportSize({ width, height });
      await settled(page);
      expect(await overflow(page), `${width}`).toBeLessThanOrEqual(0);
      const cut = await page.locator('.chart svg').evaluateAll((charts: Json[]) =>
        charts.filter((svg) => {
          const [paper, drawing] = [svg.closest('.body'), svg].map((one) => one.getBoundingClientRect());
          const [, , wide, high] = (svg.getAttribute('viewBox') ?? '0 0 0 0').split(' ').map(Number);
          return !wide || !high || drawing.width > paper.width + 1 || drawing.height > paper.height + 1;
        }),
      );
      expect(cut).toHaveLength(0);
    }
    await page.context().close();
  });
});

describe.skipIf(!need('chromium'))('tables', () => {
  test('show the number of rows, have pages and a search, and keep their state after a refresh', async () => {
    const page = await see(old, VOLUME);
    const card = page.locator('#card-freshness');
    const count = card.locator('.count');
    expect(await count.textContent()).toBe('1–25 de 31 linhas');
    await card.locator('th button').first().click();
    await card.locator('button[data-focus=page_after]').click();
    expect(await count.textContent()).toBe('26–31 de 31 linhas');
    await card.locator('.search').fill('kind-2');
    expect(await count.textContent()).toBe('11 de 31 linhas');
    const before = await card.locator('tbody').textContent();
    const answered = page.waitForResponse(/cards\/freshness/);
    await page.locator('.search').first().focus();
    await page.evaluate("document.getElementById('refresh').click()");
    await answered;
    await settled(page);
    expect(await count.textContent()).toBe('11 de 31 linhas');
    expect(await card.locator('th').first().getAttribute('aria-sort')).toBe('ascending');
    expect(await card.locator('td:first-child').allTextContents()).toHaveLength(11);
    expect((await card.locator('tbody td:first-child').first().textContent()) ?? '').toBe('br.example.kind-2.v1');
    expect(before).toContain('kind-29');
    expect(await page.evaluate("document.activeElement.className === 'search'")).toBe(true);
    await page.context().close();
  });

  test('series hidden in the legend stay hidden after a refresh', async () => {
    const page = await see(old, OVERVIEW);
    const labels = () => page.locator('#card-volume svg text').allTextContents();
    const tops = async () => (await labels()).filter((label) => /^\d+$/.test(label)).map(Number);
    const before = Math.max(...(await tops()));
    await page.locator('#card-volume svg text', { hasText: 'Com sucesso' }).click();
    await expect.poll(async () => Math.max(...(await tops()))).toBeLessThan(before);
    const hidden = Math.max(...(await tops()));
    const answered = page.waitForResponse(/cards\/volume/);
    await page.locator('#refresh').click();
    await answered;
    await settled(page);
    expect(Math.max(...(await tops()))).toBe(hidden);
    await page.context().close();
  });

  test('show stacked rows on a phone, each value with its title', async () => {
    const page = await see(old, VOLUME, '', 390);
    const cell = page.locator('#card-quality-checks tbody td').nth(1);
    const look = await cell.evaluate((td: Json) => {
      const { getComputedStyle } = globalThis as Json;
      return [getComputedStyle(td).display, getComputedStyle(td, '::before').content];
    });
    expect(look).toEqual(['flex', '"Resultado"']);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await barriers(page)).toEqual([]);
    await page.context().close();
  });

  test('show terms of the platform in the language of the page', async () => {
    const page = await see(old, VOLUME);
    const words = await page.locator('#card-quality-checks tbody td:nth-child(2)').allTextContents();
    expect(words.length).toBeGreaterThan(3);
    expect(words.filter((word) => !['aprovada', 'atenção', 'reprovada', 'desconhecido'].includes(word))).toEqual([]);
    await page.context().close();
  });
});
