import type { Browser, BrowserContext } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { useApi } from './support/api.ts';
import { barriers, keepPicture, overflow, useBrowser } from './support/browser.ts';
import { makeOperatorKey, makeTenant, need, useDatabase } from './support/harness.ts';

const PAGES = ['tenants', 'health', 'objectives', 'incidents', 'queues', 'storage', 'usage', 'audit', 'members'];
const LOOKS = [
  { name: 'desktop-light-en', viewport: { width: 1280, height: 900 }, colorScheme: 'light', locale: 'en-US', choice: 'en' },
  { name: 'phone-dark-pt', viewport: { width: 390, height: 844 }, colorScheme: 'dark', locale: 'pt-BR', choice: 'pt-BR' },
  { name: 'phone-light-en', viewport: { width: 390, height: 844 }, colorScheme: 'light', locale: 'en-US', choice: 'en' },
  { name: 'desktop-dark-pt', viewport: { width: 1280, height: 900 }, colorScheme: 'dark', locale: 'pt-BR', choice: 'pt-BR' },
] as const;

const db = await useDatabase();
const api = await useApi(db);

describe.skipIf(!need('chromium'))('the console of the operator', () => {
  let browser: Browser;
  let key: string;

  beforeAll(async () => {
    browser = await useBrowser();
    key = await makeOperatorKey(db);
    const victim = await makeTenant(db, { name: 'Loja do João' });
    await api.call('POST', '/v1/incidents', key, {
      title: 'A bucket was public',
      description: 'For six hours.',
      data_categories: ['contact'],
      tenant_ids: [victim.id],
      is_risk: true,
      known_at: '2026-07-03T14:00:00Z',
    });
    await db.owner.query(
      `insert into private.restore_drills (kind, ended_at, passed, backup_seconds, restore_seconds, bytes, tables, records, figures, detail)
       values ('dump', now(), true, 61.2, 150, 73400320, 61, 1204511, 3, null), ('copy', now(), false, null, null, null, null, null, null, 'No room.')`,
    );
    await db.owner.query(
      `insert into storage.archive_runs (started_at, boundary, files, rows, bytes, removed)
       values (now() - interval '42 s', now() - interval '90 days', 14, 402113, 18350080, 1)`,
    );
    await db.owner.query(
      "insert into private.isolation_audits (attempts, foreign_rows, dead, findings) values (912, 0, 1, '[]')",
    );
  });

  // Signs in by a link, as an operator does.
  async function open(options: object, language: string): Promise<BrowserContext> {
    const context = await browser.newContext(options);
    await context.addCookies([{ name: 'mirante_locale', value: language, url: api.url }]);
    const member = await api.call('POST', '/v1/members', key, { email: `${Math.random()}@platform.example` });
    const { body } = await api.call('POST', `/v1/members/${member.body.id}/login-links`, key);
    const page = await context.newPage();
    await page.goto(api.url + body.url);
    expect(new URL(page.url()).pathname).toBe('/app/dashboards');
    await page.close();
    return context;
  }

  test.each(LOOKS)('each page on $name: within its window, without barriers', { timeout: 120_000 }, async (look) => {
    const context = await open(look, look.choice);
    for (const name of PAGES) {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        // The board of queues asks for a web font, which its policy keeps away.
        if (message.type() === 'error' && !message.text().includes('fonts.googleapis.com')) complaints.push(message.text());
      });
      await page.goto(`${api.url}/app/${name}`, { waitUntil: 'load' });
      expect([name, await overflow(page)]).toEqual([name, 0]);
      expect([name, await barriers(page)]).toEqual([name, []]);
      expect([name, complaints]).toEqual([name, []]);
      await keepPicture(page, `console-${name}-${look.name}`);
      await page.close();
    }
    await context.close();
  });

  test('a tenant from its creation to its removal', { timeout: 120_000 }, async () => {
    const context = await open({ locale: 'en-US' }, 'en');
    const page = await context.newPage();
    await page.goto(`${api.url}/app/tenants`);
    await page.getByLabel('Name', { exact: true }).fill('Nova Loja');
    await page.getByLabel('Short name').fill('Not A Slug');
    await page.getByRole('button', { name: 'Create a tenant' }).click();
    expect(await page.getByLabel('Short name').inputValue()).toBe('Not A Slug');
    expect(await page.getByLabel('Short name').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Short name').fill('nova-loja');
    await page.getByRole('button', { name: 'Create a tenant' }).click();
    await page.waitForURL(/\/app\/tenants\/[0-9a-f-]{36}$/);

    await page.getByLabel('Benchmarks').uncheck();
    await page.getByLabel('Events per second').fill('250');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await page.getByRole('status').first().textContent()).toBe('Saved.');
    expect(await page.getByLabel('Benchmarks').isChecked()).toBe(false);
    expect(await page.getByLabel('Events per second').inputValue()).toBe('250');

    await page.getByLabel('E-mail address').fill('ada@nova.example');
    await page.getByRole('button', { name: 'Invite an administrator' }).click();
    const link = (await page.locator('.secret code').textContent()) as string;
    const customer = await browser.newContext({ locale: 'en-US' });
    const seen = await customer.newPage();
    await seen.goto(link);
    expect(await seen.locator('.bar .owner').textContent()).toContain('Nova Loja');
    expect(await seen.getByRole('link', { name: 'Members' }).count()).toBe(1);
    await customer.close();

    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'console-tenant');
    await page.getByLabel('Type nova-loja to confirm').fill('nova');
    await page.getByRole('button', { name: 'Remove this tenant' }).click();
    expect(await page.getByLabel('Type nova-loja to confirm').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Type nova-loja to confirm').fill('nova-loja');
    await page.getByRole('button', { name: 'Remove this tenant' }).click();
    await page.waitForURL(/\/removal$/);
    expect(await barriers(page)).toEqual([]);
    await keepPicture(page, 'console-removal');
    await context.close();
  });
});
