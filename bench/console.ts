import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { createPool, withTenant } from '../sql/database/db.ts';
import { createMember, findMember, type Role } from '../sql/members/members.ts';
import { createLoginCode } from '../sql/members/sessions.ts';
import { findOperations } from '../sql/tenants/tenants.ts';
import { quantile } from './http-load.ts';
import type { Stage } from './stage.ts';

/** The smallest answer of the same server, which a browser shows as text: what no page can be faster than here. */
const SMALLEST = '/livez';
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const VISITS = 7;

const PAGES: Record<'admin' | 'operator', string[]> = {
  admin: [
    'dashboards',
    'dashboards/validations-overview',
    'explore',
    'events',
    'benchmarks',
    'alerts',
    'alerts/rules/new',
    'exports',
    'start',
    'event-types',
    'event-types/new',
    'quarantine',
    'privacy',
    'members',
    'keys',
    'sql-logins',
    'embedding',
    'audit',
    'support',
    'sessions',
  ],
  operator: ['tenants', 'health', 'objectives', 'queues', 'storage', 'usage', 'members', 'audit'],
};

type Measured = { page: string; first_ms: number; again: number[]; bytes: number; others: Others };

/** Bytes of what others made: ECharts, and Bull Board in its frame. */
type Others = { charts: number; board: number };

/**
 * The first contentful paint of each page of the console in Chromium: once with an empty cache, then VISITS times as somebody who has
 * been there, beside the paint of the smallest answer of the same server. Bytes are those of the first visit, compressed, until nothing more is loaded; those of ECharts and Bull Board apart.
 */
export async function benchConsole(stage: Stage, note: (sentence: string) => void) {
  const executablePath = BROWSERS.find(existsSync);
  if (!executablePath) throw new Error('This benchmark needs Chromium. Install the package chromium.');
  const pool = createPool(stage.apiDatabaseUrl, { max: 1, name: 'bench console' });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const tenants = { admin: (stage.tenants[0] as { id: string }).id, operator: (await findOperations(pool)).tenantId };
    const measured: Measured[] = [];
    const limit = await visit(browser, stage.url, undefined, SMALLEST);
    for (const role of ['admin', 'operator'] as const) {
      for (const page of PAGES[role]) {
        const code = await withTenant(pool, tenants[role], (client) => codeFor(client, role), 'login');
        measured.push({ ...(await visit(browser, stage.url, code, `/app/${page}`)), page });
        const { first_ms, bytes } = measured.at(-1) as Measured;
        note(`${page}: ${Math.round(first_ms)} ms, ${bytes} bytes`);
      }
    }
    const slowest = (by: (one: Measured) => number) => measured.toSorted((a, b) => by(b) - by(a))[0] as Measured;
    const again = (one: Measured) => median(one.again);
    const best = (one: Measured) => Math.min(...one.again);
    const all = Float64Array.from(measured.flatMap((one) => one.again)).sort();
    return {
      pages: measured.length,
      first_visit_ms: spread(measured.map(({ first_ms }) => first_ms)),
      later_visits_ms: { p50: quantile(all, 0.5), p95: quantile(all, 0.95), slowest: all.at(-1) },
      limit_ms: { first: limit.first_ms, later: again(limit) },
      times_limit: {
        first: median(measured.map(({ first_ms }) => first_ms)) / limit.first_ms,
        later: quantile(all, 0.5) / again(limit),
      },
      slowest_page_at_best: { page: slowest(best).page, ms: best(slowest(best)) },
      slowest_page: { page: slowest(again).page, median_ms: again(slowest(again)) },
      heaviest_page: { page: slowest(({ bytes }) => bytes).page, bytes: slowest(({ bytes }) => bytes).bytes },
      bytes_of_charts: Math.max(...measured.map(({ others }) => others.charts)),
      bytes_of_board: Math.max(...measured.map(({ others }) => others.board)),
      by_page: Object.fromEntries(
        measured.map((one) => [
          one.page,
          { first_ms: one.first_ms, median_ms: again(one), best_ms: best(one), bytes: one.bytes },
        ]),
      ),
    };
  } finally {
    await browser.close();
    await pool.end();
  }
}

function spread(values: number[]) {
  const sorted = Float64Array.from(values).sort();
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), slowest: sorted.at(-1) };
}

const median = (values: number[]) => quantile(Float64Array.from(values).sort(), 0.5);

type Client = Parameters<typeof createMember>[0];

async function codeFor(client: Client, role: Role): Promise<string> {
  const made = await createMember(client, { email: `${Math.random()}@bench.example`, role });
  const { key_id } = (await findMember(client, made?.id ?? '')) as { key_id: string };
  return (await createLoginCode(client, key_id)).code;
}

async function visit(browser: Browser, url: string, code: string | undefined, page: string): Promise<Measured> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    // Signs in without a page, so that nothing is in the browser's cache.
    if (code) await context.request.get(`${url}/login?code=${code}`, { maxRedirects: 0 });
    const opened = await context.newPage();
    const weight = await weigh(context, opened);
    const address = url + page;
    const first_ms = await paintOf(opened, address, 'networkidle');
    const { bytes, ...others } = weight();
    const again: number[] = [];
    for (let n = 0; n < VISITS; n++) again.push(await paintOf(opened, address, 'load'));
    return { page, first_ms, again, bytes, others };
  } finally {
    await context.close();
  }
}

/** Milliseconds from the request of a page to the first paint with content. */
async function paintOf(page: Page, address: string, waitUntil: 'load' | 'networkidle'): Promise<number> {
  const answer = await page.goto(address, { waitUntil });
  if (answer?.status() !== 200) throw new Error(`${address} is answered with ${answer?.status()}.`);
  // By the protocol, because the page's policy evaluates no text.
  return page.evaluate<number>(`new Promise((done) =>
    new PerformanceObserver((list) => {
      const [paint] = list.getEntriesByName('first-contentful-paint');
      if (paint) done(paint.startTime);
    }).observe({ type: 'paint', buffered: true }))`);
}

async function weigh(context: BrowserContext, page: Page): Promise<() => { bytes: number } & Others> {
  const devtools = await context.newCDPSession(page);
  const addresses = new Map<string, string>();
  const sizes = { bytes: 0, charts: 0, board: 0 };
  devtools.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, request.url));
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const address = addresses.get(requestId) ?? '';
    sizes[/echarts/.test(address) ? 'charts' : /\/ops\/queues/.test(address) ? 'board' : 'bytes'] += encodedDataLength;
  });
  await devtools.send('Network.enable');
  return () => ({ ...sizes });
}
