import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDashboards } from '../api/dashboards/dashboards.ts';
import { createViewers } from '../api/dashboards/viewers.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { type Json, useApi } from './support/api.ts';
import { barriers, keepPicture, open, overflow, settled, useBrowser } from './support/browser.ts';
import { makeOperatorKey, makeTenant, need, type TestTenant, testSecret, useDatabase } from './support/harness.ts';

const HOUR = 3_600_000;
const DASHBOARDS = [...loadDashboards().values()];
const OVERVIEW = 'validations-overview';

let browser: Browser;

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const acme = await makeTenant(db, { name: 'Acme', timezone: 'America/Sao_Paulo', locale: 'pt-BR' });
const rival = await makeTenant(db, { name: 'Rival' });

beforeAll(async () => {
  await fill(acme, 'acme', 400);
  await fill(rival, 'rival', 130);
  await refreshRollups({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() });
  if (need('chromium')) browser = await useBrowser();
});

// Three validations in each recent hour, with the tenant's own word in every text field.
async function fill(tenant: TestTenant, word: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    id: `${n}`,
    type: 'br.validahub.validation.completed.v1',
    source: word,
    time: new Date(Date.now() - Math.floor(n / 3) * HOUR - 1000 - n).toISOString(),
    data: {
      marketplace: `${word}-shop-${n % 5}`,
      rows: 1000 + n,
      errors: n % 7,
      warnings: n % 3,
      duration_ms: 100 + ((n * 37) % 900),
      outcome: n % 9 ? 'success' : 'failure',
      rules: { [`${word}-rule-${n % 4}`]: 1 + (n % 4) },
    },
  }));
  const sent = await api.call('POST', '/v1/events', tenant.keys.ingest, events);
  expect(sent.body).toMatchObject({ accepted: count });
}

async function linkOf(key: string, slug = OVERVIEW, params: Record<string, string> = {}): Promise<string> {
  return (await api.call('POST', `/v1/dashboards/${slug}/embeds`, key, { params, expires_in: 3600 })).body.viewer_url;
}

const isCustomers = (slug: string) => DASHBOARDS.find((dashboard) => dashboard.slug === slug)?.audience === 'customer';
const SIZES = [
  ['phone', { width: 390, height: 844 }],
  ['desk', { width: 1440, height: 900 }],
] as const;
const LOOKS = SIZES.flatMap(([size, viewport]) => (['light', 'dark'] as const).map((scheme) => ({ size, viewport, scheme })));
// Findings of axe depend on size or on colours, rarely on both, and axe is slow: each is checked once.
const isSearched = ({ size, scheme }: (typeof LOOKS)[number]) => (size === 'phone') === (scheme === 'light');

describe.skipIf(!need('chromium'))('every dashboard', () => {
  test.each(DASHBOARDS.map(({ slug }) => slug))('%s has no errors and no data of other tenants', async (slug) => {
    const readers = isCustomers(slug)
      ? ([
          ['acme', acme.keys.embed, /rival/i],
          ['rival', rival.keys.embed, /acme/i],
        ] as const)
      : ([['operator', operator, /(acme|rival)-(shop|rule)/]] as const);
    for (const [name, key, foreign] of readers) {
      const { page, complaints } = await open(browser, await linkOf(key, slug));
      for (const look of LOOKS) {
        await page.setViewportSize(look.viewport);
        await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: 'reduce' });
        await settled(page);
        const called = `${slug}-${name}-${look.size}-${look.scheme}`;
        await keepPicture(page, called);
        expect(await overflow(page), called).toBeLessThanOrEqual(0);
        if (isSearched(look) && key === readers[0]?.[1]) expect(await barriers(page), called).toEqual([]);
      }
      expect(complaints).toEqual([]);
      expect(await page.locator('.said.failed').count()).toBe(0);
      expect(await page.content()).not.toMatch(foreign);
      await page.context().close();
    }
  });
});

describe.skipIf(!need('chromium'))('the overview', () => {
  test('its tables show the values of the metrics, in the language and number format of the tenant', async () => {
    for (const [tenant, locale] of [
      [acme, 'pt-BR'],
      [rival, 'en'],
    ] as const) {
      const { page } = await open(browser, await linkOf(tenant.keys.embed));
      const toggle = page.locator('#card-marketplaces [data-does=table]');
      await toggle.focus();
      await page.keyboard.press('Enter');
      expect(await toggle.getAttribute('aria-pressed')).toBe('true');
      const cells = await page
        .locator('#card-marketplaces tbody tr')
        .evaluateAll((rows: Json[]) => rows.map((row) => [...row.cells].slice(0, 2).map((cell: Json) => cell.textContent)));
      const { rows } = await db.owner.query<{ marketplace: string; n: string }>(
        `select data ->> 'marketplace' as marketplace, count(*) as n from private.events where tenant_id = $1
         group by 1 order by n desc, 1`,
        [tenant.id],
      );
      expect(cells).toEqual(rows.map(({ marketplace, n }) => [marketplace, new Intl.NumberFormat(locale).format(Number(n))]));
      await page.context().close();
    }
  });

  test('its large numbers and its rules agree with the raw events', async () => {
    for (const [tenant, locale] of [
      [acme, 'pt-BR'],
      [rival, 'en'],
    ] as const) {
      const { page } = await open(browser, await linkOf(tenant.keys.embed));
      const figure = async (card: string) => page.locator(`#card-${card} .big`).textContent();
      const { rows } = await db.owner.query<Record<string, number>>(
        `select count(*)::integer as validations, sum((data ->> 'rows')::integer)::integer as rows,
             avg((outcome = 'failure')::integer)::double precision as failed
         from private.events where tenant_id = $1`,
        [tenant.id],
      );
      const [{ validations, rows: checked, failed } = {}] = rows as { [name: string]: number }[];
      const number = new Intl.NumberFormat(locale);
      const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
      expect(await figure('validations-trend')).toBe(number.format(validations as number));
      expect(await figure('rows-trend')).toBe(number.format(checked as number));
      expect(await figure('error-rate-trend')).toBe(share.format(failed as number));
      await page.locator('#card-top-rules [data-does=table]').click();
      const cells = await page
        .locator('#card-top-rules tbody tr')
        .evaluateAll((lines: Json[]) => lines.map((row) => [...row.cells].slice(0, 2).map((cell: Json) => cell.textContent)));
      const hits = await db.owner.query<{ rule: string; n: string }>(
        `select key as rule, sum(value::integer) as n from private.events, jsonb_each_text(data -> 'rules')
         where tenant_id = $1 group by 1 order by 2 desc, 1`,
        [tenant.id],
      );
      expect(cells).toEqual(hits.rows.map(({ rule, n }) => [rule, number.format(Number(n))]));
      await page.context().close();
    }
  });

  test('is printed in colours for paper', async () => {
    const { page } = await open(browser, await linkOf(rival.keys.embed), { colorScheme: 'dark' });
    const fills = () =>
      page
        .locator('#card-marketplaces svg path')
        .evaluateAll((paths: Json[]) => paths.map((path) => path.getAttribute('fill')));
    const dark = await fills();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await settled(page);
    expect(await fills()).not.toEqual(dark);
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(21, 27, 40)');
    await page.context().close();
  });

  test('a column sorts its table, also by keyboard', async () => {
    const { page } = await open(browser, await linkOf(rival.keys.embed));
    await page.locator('#card-marketplaces [data-does=table]').click();
    const head = page.locator('#card-marketplaces th').first();
    await head.locator('button').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    expect(await head.getAttribute('aria-sort')).toBe('descending');
    expect(await page.locator('#card-marketplaces td').first().textContent()).toBe('rival-shop-4');
    await page.context().close();
  });

  test('pickers change the address, and the back button restores them', async () => {
    const { page, complaints } = await open(browser, await linkOf(acme.keys.embed));
    await page.locator('.ranges input[value="7d"]').check({ force: true });
    await settled(page);
    await page.locator('select[name=interval]').selectOption('hour');
    await settled(page);
    expect(new URL(page.url()).searchParams.toString()).toMatch(/^token=[^&]+&range=7d&interval=hour$/);
    await page.goBack();
    await settled(page);
    expect(await page.locator('select[name=interval]').inputValue()).toBe('');
    await page.reload();
    await settled(page);
    expect(await page.locator('.ranges input[value="7d"]').isChecked()).toBe(true);
    await page.locator('.ranges input[value=custom]').check({ force: true });
    await page.locator('#custom input[name=first]').fill('2020-01-01');
    await page.locator('#custom input[name=last]').fill('2020-01-02');
    await page.locator('#custom button').click();
    await settled(page);
    expect(new URL(page.url()).searchParams.get('to')).toBe('2020-01-03T03:00:00.000Z');
    expect(await page.locator('.said.empty').count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('a parameter that the link fixes is shown without a picker', async () => {
    const { page } = await open(browser, await linkOf(rival.keys.embed, OVERVIEW, { interval: 'week' }));
    expect(await page.locator('.fixed').textContent()).toContain('Weeks');
    expect(await page.locator('select[name=interval]').count()).toBe(0);
    await page.context().close();
  });

  test('a short link shows it, keeps its address while the window changes, and stops working as soon as it is deleted', async () => {
    const links = `/v1/dashboards/${OVERVIEW}/links`;
    const { id, url } = (await api.call('POST', links, rival.keys.embed)).body;
    const { page, complaints } = await open(browser, `${api.url}${url}?token=x`);
    expect(await page.locator('.chart svg').count()).toBeGreaterThan(1);
    await page.locator('select[name=interval]').selectOption('week');
    await settled(page);
    expect(new URL(page.url())).toMatchObject({ pathname: url, search: expect.stringContaining('interval=week') });
    expect(complaints).toEqual([]);
    expect((await api.call('DELETE', `${links}/${id}`, rival.keys.embed)).status).toBe(204);
    await page.locator('#refresh').click();
    await page.locator('#notice:not([hidden])').waitFor();
    await page.context().close();
  });

  test('each card can be downloaded as a file', async () => {
    const { page } = await open(browser, await linkOf(rival.keys.embed));
    const download = page.waitForEvent('download');
    await page.locator('#card-marketplaces [data-does=csv]').click();
    expect((await download).suggestedFilename()).toBe('marketplaces.csv');
    await page.context().close();
  });

  test('a card that fails says so, does not affect the others, and can be retried', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const answer = { status: 500, contentType: 'application/problem+json', body: '{"code":"internal"}' };
    await page.route('**/cards/marketplaces?*', (route) => route.fulfill(answer));
    await page.goto(await linkOf(rival.keys.embed));
    await settled(page);
    expect(await page.locator('.said.failed').count()).toBe(1);
    expect(await page.locator('.chart svg').count()).toBeGreaterThan(1);
    await page.unroute('**/cards/marketplaces?*');
    await page.locator('.said.failed button').click();
    await page.locator('#card-marketplaces .chart svg').waitFor();
    await context.close();
  });

  test('when a link expires while the page is open, the page says so and keeps its content', async () => {
    const { page } = await open(browser, await linkOf(rival.keys.embed));
    const answer = { status: 401, contentType: 'application/problem+json', body: '{"code":"expired-token"}' };
    await page.route('**/cards/*', (route) => route.fulfill(answer));
    await page.locator('#refresh').click();
    await page.locator('#notice:not([hidden])').waitFor();
    expect(await page.locator('#notice').textContent()).toContain('This link has expired');
    expect(await page.locator('.chart svg').count()).toBeGreaterThan(1);
    await page.context().close();
  });
});

test.skipIf(!need('chromium'))('expired and altered links, and the index, have clear pages', async () => {
  const link = { tenantId: acme.id, keyId: acme.keyIds.embed, dashboard: OVERVIEW, params: {} };
  const { token } = await createViewers(db.api, testSecret).sign(link, -10);
  for (const [name, path, words] of [
    ['expired', `/dashboards/${OVERVIEW}?token=${token}`, 'Este link expirou'],
    ['changed', `/dashboards/${OVERVIEW}?token=${token.slice(0, -8)}AAAAAAAA`, 'Este link não é válido'],
    ['index', '/', 'Database'],
  ] as const) {
    for (const [size, viewport] of SIZES) {
      const { page, complaints } = await open(browser, api.url + path, { viewport, locale: 'pt-BR' });
      await keepPicture(page, `${name}-${size}`);
      expect(await page.locator('body').textContent()).toContain(words);
      expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await barriers(page)).toEqual([]);
      await page.context().close();
    }
  }
});

describe.skipIf(!need('chromium'))('in a frame', () => {
  let customer: Server;
  let origin: string;
  let inFrame: string;

  beforeAll(async () => {
    customer = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(`<title>Customer</title><iframe src="${inFrame}"></iframe>`);
    });
    await new Promise<void>((done) => customer.listen(0, 'localhost', done));
    origin = `http://localhost:${(customer.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((done) => customer.close(done)));

  test('a dashboard can be framed by the origins that its tenant lists, and by no others', async () => {
    const tenant = await makeTenant(db);
    const see = async (kind = 'dashboard', link?: string) => {
      inFrame = link ?? (await linkOf(tenant.keys.embed));
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(origin);
      const shown = await page.frameLocator('iframe').locator(`body.${kind}`).count();
      await context.close();
      return shown;
    };
    expect(await see()).toBe(0);
    expect(await see('problem')).toBe(1);
    const allowed = { embed_origins: [origin] };
    expect((await api.call('PATCH', `/v1/tenants/${tenant.id}`, operator, allowed)).status).toBe(200);
    const { headers } = await fetch(await linkOf(tenant.keys.embed));
    expect(headers.get('content-security-policy')).toContain(`frame-ancestors ${origin}`);
    expect(headers.get('x-frame-options')).toBeNull();
    expect(await see()).toBe(1);
    // In any frame, an invalid link shows an error page.
    expect(await see('problem', `${api.url}/dashboards/${OVERVIEW}?token=ended`)).toBe(1);
  });
});
