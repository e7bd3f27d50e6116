import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { welcome } from '../cli/up/welcome.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { offboardTenants } from '../jobs/tenants/offboard.ts';
import { useApi } from './support/api.ts';
import { jobDeps } from './support/archive-home.ts';
import { barriers, keepPicture, overflow, settled, useBrowser } from './support/browser.ts';
import { useExports } from './support/exports.ts';
import { makeOperatorKey, makeTenant, need, useDatabase } from './support/harness.ts';

// The three journeys, in one run: each step uses what the one before made, and nobody needs curl.

const TYPE = 'br.validahub.validation.completed.v1';
const HOUR = 3_600_000;

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder });

describe.skipIf(!need('chromium'))('from the link that `npm run up` prints to the removal of a tenant', () => {
  let browser: Browser;
  let operator: Page;
  let admin: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await useBrowser();
    const { id, keys } = await makeTenant(db);
    const operator_key = await makeOperatorKey(db);
    const credentials = { url: api.url, metrics_url: api.metricsUrl, operator_key, tenants: [{ id, slug: 'demo', keys }] };
    const printed = await welcome(credentials, '.mirante', undefined, true);
    const address = /Operator +(\S+)/.exec(printed)?.[1] as string;
    operator = await enter(address);
  });

  /** A new browser of somebody, who opens an address. */
  async function enter(address: string): Promise<Page> {
    const context = await browser.newContext({
      locale: 'en-US',
      viewport: { width: 1280, height: 900 },
      reducedMotion: 'reduce',
      acceptDownloads: true,
    });
    await context.addCookies([{ name: 'mirante_locale', value: 'en', url: api.url }]);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(address);
    await page.waitForURL('**/app/**');
    return page;
  }

  const go = async (page: Page, path: string) => {
    await page.goto(`${api.url}/app/${path}`);
    await settled(page);
  };
  const rail = (page: Page, name: string) => page.locator('#rail').getByRole('link', { name, exact: true }).click();
  const submit = (page: Page) => page.locator('main form:not(.inline) > button.button').last().click();
  const secret = async (page: Page) => (await page.locator('.secret code').textContent()) as string;

  test('the operator creates a tenant, whose administrator sends an event and sees it as row, figure, alert and file', {
    timeout: 90_000,
  }, async () => {
    await rail(operator, 'Tenants');
    await operator.getByLabel('Name', { exact: true }).fill('Nova Loja');
    await operator.getByLabel('Short name').fill('nova-loja');
    await operator.getByLabel('Time zone').fill('America/Sao_Paulo');
    await operator.getByRole('button', { name: 'Create a tenant' }).click();
    await operator.waitForURL(/\/app\/tenants\/[0-9a-f-]{36}$/);
    await operator.getByLabel('E-mail address').fill('ada@nova.example');
    await operator.getByRole('button', { name: 'Invite an administrator' }).click();

    admin = await enter(await secret(operator));
    expect(await admin.locator('.bar .owner').textContent()).toContain('Nova Loja');
    await rail(admin, 'Keys');
    await admin.getByLabel('Name').fill('shop backend');
    await admin.getByRole('button', { name: 'Create a key' }).click();
    const key = await secret(admin);
    expect(key).toMatch(/^mir_ingest_/);

    await go(admin, 'events');
    await admin.locator('#live').check();
    await admin.getByText('New events appear').waitFor();
    expect(await send(key, [event(0)])).toMatchObject({ accepted: 1 });
    await admin.locator('#events tr').first().waitFor();
    await admin.locator('#events tr').first().getByRole('button').click();
    expect(await admin.locator('#event-json').textContent()).toContain('"id": "v-0"');
    await admin.locator('#event').getByRole('button', { name: 'Close' }).click();

    expect(
      await send(
        key,
        Array.from({ length: 200 }, (_, n) => event(n + 1)),
      ),
    ).toMatchObject({ accepted: 200 });
    const { log } = exports.deps;
    await refreshRollups({ pool: db.jobs, engine: db.engine, log, clock: () => new Date() });
    await rail(admin, 'Dashboards');
    await admin.locator('main a[href*="validations-overview"]').first().click();
    await settled(admin);
    await admin.locator('#card-volume .chart svg').waitFor();
    await admin.getByText('201', { exact: true }).first().waitFor();
    await keepPicture(admin, 'journey-dashboard');

    await go(admin, 'alerts/endpoints/new?kind=webhook');
    await admin.getByLabel('Address').fill('https://hooks.example.com/mirante');
    await submit(admin);
    expect(await secret(admin)).toMatch(/^whsec_/);
    await go(admin, 'alerts/rules/new');
    await admin.getByLabel('Name').fill('Many validations');
    await admin.getByLabel('What to watch').selectOption('validations.count');
    await admin.getByLabel('Over the last').selectOption('86400');
    await admin.getByLabel('This value').fill('2');
    await admin.locator('#preview svg').waitFor();
    await admin.getByLabel('https://hooks.example.com/mirante').check();
    await submit(admin);
    await admin.getByRole('link', { name: 'Many validations' }).waitFor();

    await rail(admin, 'Exports');
    await submit(admin);
    await admin.locator('[data-unfinished] progress').waitFor();
    await exports.run();
    const link = admin.getByRole('link', { name: /^Download: / });
    await link.waitFor();
    const [download] = await Promise.all([admin.waitForEvent('download'), link.click()]);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
    expect(lines).toHaveLength(202);
    expect(lines.some((line) => line.includes('v-200'))).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('a customer opens a link, filters, zooms, looks at the events behind a chart, and takes a CSV along', {
    timeout: 60_000,
  }, async () => {
    await rail(admin, 'Members');
    await admin.getByLabel('E-mail address').fill('carla@nova.example');
    await submit(admin);
    await admin.getByRole('button', { name: /Create a sign-in link: carla/ }).click();
    const customer = await enter(await secret(admin));
    expect(await customer.locator('#rail').getByRole('link', { name: 'Keys' }).count()).toBe(0);
    await go(customer, 'dashboards/validations-overview?range=7d');
    await customer.locator('#card-marketplaces [data-does=table]').click();
    await customer.locator('#card-marketplaces .pick', { hasText: 'shopee' }).click();
    await settled(customer);
    const asked = () => new URL(customer.url()).searchParams;
    expect(asked().get('marketplace')).toBe('shopee');

    await customer.locator('#card-volume').scrollIntoViewIfNeeded();
    const box = await customer.locator('#card-volume .chart').boundingBox();
    if (!box) throw new Error('no chart');
    const y = box.y + box.height / 2;
    await customer.mouse.move(box.x + box.width * 0.5, y);
    await customer.mouse.down();
    await customer.mouse.move(box.x + box.width * 0.9, y, { steps: 5 });
    await customer.mouse.up();
    await settled(customer);
    const [from, to] = [asked().get('from'), asked().get('to')];
    expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBeLessThan(5 * 24 * HOUR);

    await customer.locator('#card-volume [data-does=events]').click();
    await customer.waitForURL('**/app/events?**');
    await settled(customer);
    // Its form has the same window as times of the tenant's zone.
    const inZone = ['from', 'to'].map((name) => new Date(`${asked().get(name)}-03:00`).toISOString());
    expect(inZone).toEqual([from, to]);
    await customer.locator('#events tr').first().waitFor();

    await rail(customer, 'Explore');
    await settled(customer);
    await customer.locator('#field-metric').selectOption('validations.count');
    await customer.locator('#field-group_by').selectOption('marketplace');
    await customer.locator('#field-range').selectOption('7d');
    await customer.getByRole('button', { name: 'Show' }).click();
    await settled(customer);
    const wait = customer.waitForEvent('download');
    await customer.getByRole('button', { name: 'Download CSV' }).click();
    expect(await readFile(await (await wait).path(), 'utf8')).toMatch(/marketplace[\s\S]*shopee/);
    await customer.context().close();
    expect(complaints).toEqual([]);
  });

  test('the operator sets a quota, visits with the tenant’s leave, and removes the tenant; the logs have all of it', {
    timeout: 90_000,
  }, async () => {
    const home = operator.url().replace(/\/invite$/, '');
    await operator.goto(home);
    await operator.getByLabel('Events per month').fill('100000');
    await operator.getByRole('button', { name: 'Save' }).click();
    await operator.getByText('Saved.').waitFor();

    await operator.getByText('This tenant does not allow support access.').waitFor();
    expect(await operator.getByLabel('Reason').count()).toBe(0);
    await rail(admin, 'Support access');
    await admin.getByText('Not allowed').waitFor();
    await admin.getByRole('button', { name: 'Allow support access' }).click();
    await admin.getByText('Allowed until').waitFor();
    await operator.goto(home);
    await operator.getByLabel('Minutes').fill('90');
    await operator.getByLabel('Reason').fill('Ticket 4711: validations seem low');
    await operator.getByRole('button', { name: 'Look at this tenant' }).click();
    expect(await operator.getByLabel('Minutes').getAttribute('aria-invalid')).toBe('true');
    expect(await operator.getByLabel('Reason').inputValue()).toContain('Ticket 4711');
    expect(await barriers(operator)).toEqual([]);
    await keepPicture(operator, 'journey-visit-form');
    await operator.getByLabel('Minutes').fill('15');
    await operator.getByRole('button', { name: 'Look at this tenant' }).click();
    await operator.waitForURL('**/app/dashboards');
    for (const path of ['dashboards', 'dashboards/validations-overview', 'events', 'explore', 'sessions']) {
      await go(operator, path);
      expect([path, await operator.locator('.visit').textContent()]).toEqual([path, expect.stringContaining('Ticket 4711')]);
      expect(await operator.locator('#rail').getByRole('link', { name: 'Keys' }).count()).toBe(0);
    }
    await go(operator, 'events');
    await operator.locator('#events tr').first().waitFor();
    expect([await overflow(operator), await barriers(operator)]).toEqual([0, []]);
    await keepPicture(operator, 'journey-visit');
    await operator.setViewportSize({ width: 390, height: 844 });
    await operator.emulateMedia({ colorScheme: 'dark' });
    expect([await overflow(operator), await barriers(operator)]).toEqual([0, []]);
    await keepPicture(operator, 'journey-visit-phone-dark', false);
    await operator.setViewportSize({ width: 1280, height: 900 });
    await operator.emulateMedia({ colorScheme: 'light' });

    await admin.reload();
    await admin.getByText('Open until').waitFor();
    expect([await overflow(admin), await barriers(admin)]).toEqual([0, []]);
    await keepPicture(admin, 'journey-support-access');
    await operator.getByRole('button', { name: 'End the visit' }).click();
    await operator.waitForURL(home);
    expect(await operator.locator('.visit').count()).toBe(0);

    // The tenant ends it under the operator's eyes.
    await operator.getByLabel('Reason').fill('Once more');
    await operator.getByRole('button', { name: 'Look at this tenant' }).click();
    await operator.waitForURL('**/app/dashboards');
    await admin.getByRole('button', { name: 'End it now: Support access' }).click();
    await admin.getByRole('dialog').getByRole('button', { name: 'End it now' }).click();
    await admin.getByText('Not allowed').waitFor();
    await operator.goto(`${api.url}/app/events`);
    await operator.waitForURL('**/app/dashboards');
    expect(await operator.locator('.visit').count()).toBe(0);
    await rail(admin, 'Audit log');
    for (const act of ['tenant.changed', 'support_visit.created', 'support_access.removed'])
      await admin.getByText(act).first().waitFor();
    const visit = admin.locator('tr', { hasText: 'support_visit.created' }).last();
    await visit.locator('summary').click();
    await visit.getByText('Ticket 4711').waitFor();

    await operator.goto(home);
    await operator.getByLabel('Type nova-loja to confirm').fill('nova-loja');
    await operator.getByRole('button', { name: 'Remove this tenant' }).click();
    await operator.waitForURL(/\/removal$/);
    await offboardTenants(jobDeps(db, exports.deps.archive));
    await operator.reload();
    await operator.getByText('Download the certificate').waitFor();
    await admin.goto(`${api.url}/app/dashboards`);
    await admin.waitForURL('**/login**');
    await rail(operator, 'Audit log');
    await operator.locator('main table').waitFor();
    expect(complaints.filter((text) => !text.includes('422'))).toEqual([]);
  });

  // One a third of an hour, the newest first.
  const event = (n: number) => ({
    id: `v-${n}`,
    type: TYPE,
    source: 'shop',
    time: new Date(Date.now() - (n * HOUR) / 3 - 1000).toISOString(),
    data: {
      marketplace: ['shopee', 'americanas'][n % 2],
      rows: 10,
      errors: n % 3,
      duration_ms: 50 + n,
      outcome: n % 9 ? 'success' : 'failure',
    },
  });

  async function send(key: string, events: object[]): Promise<unknown> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const response = await fetch(`${api.url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(events) });
    return response.json();
  }
});
