import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { type Json, useApi } from './support/api.ts';
import { barriers, keepPicture, open, overflow, useBrowser } from './support/browser.ts';
import { need, useDatabase } from './support/harness.ts';

const MAX_BYTES = 1_000_000;
// Calls with several kinds of bodies and the deepest answers; axe would take minutes for all calls.
const UNFOLDED = '#sendEvents, #createAlertEndpoint, #getExport, #getDashboard';
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };

const api = await useApi(await useDatabase());
const browser = need('chromium') ? await useBrowser() : (undefined as unknown as Browser);

const docs = (options: BrowserContextOptions = {}) => open(browser, `${api.url}/docs`, options);
const background = (page: Page) => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');

describe.skipIf(!need('chromium'))('/docs', () => {
  test.each([
    ['phone', PHONE, 'light'],
    ['phone', PHONE, 'dark'],
    ['desk', DESK, 'light'],
    ['desk', DESK, 'dark'],
  ] as const)('on a %s: nobody is kept out, and no error is logged', async (size, viewport, colorScheme) => {
    const { page, complaints } = await docs({ viewport, colorScheme });
    await keepPicture(page, `docs-${size}-${colorScheme}`, false);
    expect(await background(page)).toBe(colorScheme === 'dark' ? 'rgb(13, 16, 23)' : 'rgb(245, 246, 248)');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const open = `for (const one of document.querySelectorAll(':is(${UNFOLDED}) details')) one.open = true`;
    await page.evaluate(open);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    // Findings of axe depend on size or on colours, rarely on both: each is checked once.
    if ((size === 'phone') === (colorScheme === 'light')) expect(await barriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('is smaller than a megabyte and loads nothing from other origins', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const protocol = await context.newCDPSession(page);
    await protocol.send('Network.enable');
    const addresses: string[] = [];
    let sent = 0;
    let whole = 0;
    protocol.on('Network.requestWillBeSent', ({ request }) => addresses.push(request.url));
    protocol.on('Network.loadingFinished', ({ encodedDataLength }) => {
      sent += encodedDataLength;
    });
    protocol.on('Network.dataReceived', ({ dataLength }) => {
      whole += dataLength;
    });
    await page.goto(`${api.url}/docs`, { waitUntil: 'networkidle' });
    expect(sent).toBeGreaterThan(10_000);
    expect(sent).toBeLessThan(MAX_BYTES);
    expect(whole).toBeLessThan(MAX_BYTES);
    expect(addresses.filter((address) => new URL(address).origin !== api.url)).toEqual([]);
    await context.close();
  });

  test('shows every call of the document with an example for curl', async () => {
    const { paths } = (await api.call('GET', '/openapi.json')).body;
    const ids = Object.values<Json>(paths).flatMap((methods) => Object.values<Json>(methods).map((one) => one.operationId));
    const { page } = await docs();
    const shown = await page.locator('article').evaluateAll((articles: Json[]) => articles.map(({ id }) => id));
    expect(shown.toSorted()).toEqual(ids.toSorted());
    const samples = await page.locator('article figure:first-child pre').allTextContents();
    expect(samples.length).toBe(ids.length);
    expect(samples.filter((text) => !text.startsWith('curl ') || !text.includes(api.url))).toEqual([]);
    expect(samples.filter((text) => text.includes(" -d '") && !text.includes("-H 'Content-Type: "))).toEqual([]);
    await page.context().close();
  });

  test('a search keeps only the calls with all its words, also by keyboard', async () => {
    const { page } = await docs();
    await page.keyboard.press('/');
    await page.keyboard.type('alert rule');
    await page.locator('#found', { hasText: 'calls' }).waitFor();
    expect(await page.locator('#createAlertRule').isVisible()).toBe(true);
    expect(await page.locator('#sendEvents').isVisible()).toBe(false);
    expect(await page.locator('nav a[href="#sendEvents"]').isVisible()).toBe(false);
    await page.locator('#find').fill('');
    expect(await page.locator('#sendEvents').isVisible()).toBe(true);
    await page.context().close();
  });

  test('on a phone the list of calls is collapsed until opened', async () => {
    const { page } = await docs({ viewport: PHONE });
    const link = page.locator('nav a[href="#listTenants"]');
    expect(await link.isVisible()).toBe(false);
    await page.locator('#menu > summary').click();
    await link.click();
    expect(new URL(page.url()).hash).toBe('#listTenants');
    expect(await link.isVisible()).toBe(false);
    await page.context().close();
  });

  test('is readable without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${api.url}/docs`);
    expect(await page.locator('#sendEvents').isVisible()).toBe(true);
    expect(await page.locator('#find').isVisible()).toBe(false);
    await context.close();
  });
});

test('the example requests of /docs return the example answers', async () => {
  const { text } = await api.call('GET', '/docs');
  expect(text).toContain('curl &quot;$ORIGIN/livez&quot;');
  const { body } = await api.call('GET', '/livez');
  expect(text).toContain(JSON.stringify(body, null, 2).replaceAll('"', '&quot;'));
});
