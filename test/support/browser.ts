import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { cleanUp } from './clean-up.ts';
import { need } from './harness.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SHOTS = fileURLToPath(new URL('../../.test/screenshots/', import.meta.url));

/** An open page, with all errors and warnings of the browser so far. */
export type Opened = { page: Page; complaints: string[] };

/** Debian's Chromium. */
export async function useBrowser(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: need('chromium') as string, args: FLAGS });
  cleanUp(() => browser.close());
  return browser;
}

/** Opens an address and waits until all its cards have data. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  await settled(page);
  return { page, complaints };
}

/** Waits until nothing on the page is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator(':root:not(:has([aria-busy=true]))').waitFor({ state: 'attached' });
  // A chart is complete two paints later.
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

/** By how many pixels the page is wider than its window. */
export const overflow = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');

/** Serious and critical findings of axe, one line each. */
export async function barriers(page: Page): Promise<string[]> {
  // Through the protocol, because the page's policy refuses it as a script element.
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = await page.evaluate<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>(
    'axe.run()',
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** Saves a screenshot under .test/screenshots/, of the whole page or of the visible part. */
export async function keepPicture(page: Page, name: string, fullPage = true): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png`, fullPage });
}
