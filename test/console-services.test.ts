import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { collectAllJourneys } from '../jobs/performance/collect-journeys.ts';
import { useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { barriers, keepPicture, open, overflow, settled, useBrowser } from './support/browser.ts';
import { makeTenant, need, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db, { name: 'Acme', timezone: 'Europe/London' });
const form = `${api.url}/feedback/${tenant.slug}/lpa`;

let browser: Browser;
beforeAll(async () => {
  const journey = { started: 'lpa.started.v1', completed: 'lpa.created.v1', id: '/data/journey' };
  const service = { name: 'Make an LPA', locales: ['en', 'cy', 'pt-BR'], journey };
  expect((await api.call('PUT', '/v1/services/lpa', tenant.keys.tenant_admin, service)).status).toBe(201);
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  const events = [1, 2, 3].flatMap((n) => [
    { type: 'lpa.started.v1', time: ago(n * 2), data: { journey: `j${n}` } },
    ...(n < 3 ? [{ type: 'lpa.created.v1', time: ago(n * 2 - 1), data: { journey: `j${n}` } }] : []),
  ]);
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body.accepted).toBe(5);
  for (const [rating, comment] of [
    [5, undefined],
    [4, 'Good'],
    [1, 'Write to <b>me@example.com</b>'],
  ] as const)
    expect((await api.call('POST', '/v1/feedback', tenant.keys.ingest, { service: 'lpa', rating, comment })).status).toBe(202);
  const deps = jobDeps(db, await useArchive());
  await refreshRollups(deps);
  await collectAllJourneys(deps);
  if (need('chromium')) browser = await useBrowser();
});

async function cookieOf(role: 'admin' | 'viewer'): Promise<string> {
  const email = `${role}-${Math.random()}@example.com`;
  const member = await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email, role });
  const link = await api.call('POST', `/v1/members/${member.body.id}/login-links`, tenant.keys.tenant_admin);
  const response = await fetch(api.url + link.body.url, { redirect: 'manual' });
  return response.headers.get('set-cookie')?.split(';')[0] as string;
}

test('a viewer sees measures, and neither comments nor the editor', async () => {
  const cookie = await cookieOf('viewer');
  const get = async (path: string) => {
    const response = await fetch(`${api.url}/app/services${path}`, { headers: { cookie } });
    return { status: response.status, text: await response.text() };
  };
  expect((await get('')).text).not.toContain('Add a service');
  expect((await get('/lpa')).text).toMatch(/58\.3 %/);
  expect((await get('/lpa/comments')).status).toBe(403);
});

describe.skipIf(!need('chromium'))('in a browser', () => {
  test.each(['en', 'cy', 'pt-BR'])(
    'the form in %s has no barriers, also with faults, in the dark and magnified by four',
    async (lang) => {
      const { page } = await open(browser, `${form}?lang=${lang}`, {
        javaScriptEnabled: true,
        viewport: { width: 320, height: 256 },
        colorScheme: lang === 'cy' ? 'dark' : 'light',
      });
      expect(await barriers(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await page.locator('#comment').fill('What I typed');
      await page.locator('button').click();
      await page.locator('.summary').waitFor();
      expect(await page.locator('#comment').inputValue()).toBe('What I typed');
      expect(await page.locator('html').getAttribute('lang')).toBe(lang);
      expect(await barriers(page)).toEqual([]);
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      await keepPicture(page, `feedback-${lang}`);
      await page.goto(`${form}/thanks?lang=${lang}`);
      expect(await barriers(page)).toEqual([]);
      await page.context().close();
    },
  );

  test('without a script, by keyboard alone, in forced colours: a fault is found, mended, and the form thanks', async () => {
    const { page, complaints } = await open(browser, form, { forcedColors: 'active', locale: 'en-GB' });
    const context = await browser.newContext({ javaScriptEnabled: false, forcedColors: 'active', locale: 'en-GB' });
    await page.context().close();
    expect(complaints).toEqual([]);
    const plain = await context.newPage();
    await plain.goto(form);
    await keepPicture(plain, 'feedback-forced-colours');
    const press = async (...keys: string[]) => {
      for (const key of keys) await plain.keyboard.press(key);
    };
    // Two languages, the ratings, the comment, the button: no step leads into the field that people do not see.
    await press('Tab', 'Tab', 'Tab', 'Tab');
    await plain.keyboard.type('Kept');
    await press('Tab', 'Enter');
    await plain.locator('.summary').waitFor();
    expect(await plain.title()).toContain('Error: ');
    // The summary has the focus. Its link leads to the first rating.
    await press('Tab', 'Enter', 'Space');
    expect(await plain.locator('#rating-5').isChecked()).toBe(true);
    await press('Tab', 'Tab', 'Enter');
    // A browser is faster than people, and is asked to send it again, with everything kept.
    await expect
      .poll(
        async () => {
          if (plain.url().includes('/thanks')) return true;
          expect(await plain.locator('#rating-5').isChecked()).toBe(true);
          expect(await plain.locator('#comment').inputValue()).toBe('Kept');
          await plain.locator('#send').click();
          return plain.url().includes('/thanks');
        },
        { interval: 1_700, timeout: 15_000 },
      )
      .toBe(true);
    expect(await plain.locator('h1').textContent()).toBe('Thank you for your feedback');
    await context.close();
  });

  test('a page of an allowed origin shows the form in a frame, and it is sent from there', async () => {
    const customer = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<iframe src="${api.url}/feedback/${tenant.slug}/framed" width="600" height="900"></iframe>`);
    });
    await new Promise<void>((done) => customer.listen(0, 'localhost', done));
    const origin = `http://localhost:${(customer.address() as AddressInfo).port}`;
    const { tenant_admin } = tenant.keys;
    const allowed = { embed_origins: [origin] };
    expect((await api.call('PATCH', `/v1/tenants/${tenant.id}`, tenant_admin, allowed)).status).toBe(200);
    await api.call('PUT', '/v1/services/framed', tenant_admin, { name: 'Framed' });
    const page = await browser.newPage();
    await page.goto(origin);
    const frame = page.frameLocator('iframe');
    await frame.locator('#rating-4').check();
    // A browser is faster than people, and is asked to send it again.
    const send = async () => {
      if (await frame.locator('#send').isVisible()) await frame.locator('#send').click();
      return frame.locator('h1').textContent();
    };
    await expect.poll(send, { interval: 1_700, timeout: 15_000 }).toBe('Thank you for your feedback');
    await page.close();
    await new Promise((done) => customer.close(done));
  });

  test.each(['en', 'pt-BR'])('pages of the console in %s: measures, editor, comments', async (locale) => {
    const [name, value] = (await cookieOf('admin')).split('=') as [string, string];
    const { page, complaints } = await open(browser, `${api.url}/login`, { viewport: { width: 1280, height: 900 } });
    await page.context().addCookies([
      { name, value, url: api.url },
      { name: 'mirante_locale', value: locale, url: api.url },
    ]);
    for (const path of ['', '/lpa', '/lpa/edit', '/lpa/comments']) {
      await page.goto(`${api.url}/app/services${path}`);
      await settled(page);
      expect([path, await barriers(page)]).toEqual([path, []]);
      await keepPicture(page, `services${path.replaceAll('/', '-')}-${locale}`);
      await page.setViewportSize({ width: 390, height: 844 });
      expect([path, await overflow(page)]).toEqual([path, 0]);
      await keepPicture(page, `services${path.replaceAll('/', '-')}-${locale}-phone`);
      await page.setViewportSize({ width: 1280, height: 900 });
    }
    expect(await page.locator('table').textContent()).toContain('Write to <b>[e-mail]</b>');
    if (locale === 'en') {
      await page.locator('#field-q').fill('Good');
      await page.locator('form.filter button').click();
      await settled(page);
      expect(await page.locator('tbody tr').count()).toBe(1);
      await page.locator('tbody button[popovertarget]').first().click();
      await page.locator('dialog[popover] button[type=submit]').click();
      await page.waitForURL(/comments$/);
      await expect.poll(() => page.locator('tbody').textContent()).not.toContain('Good');
      await page.goto(`${api.url}/app/services/lpa/edit`);
      await page.locator('#field-currency').fill('pounds');
      await page.locator('main form button[type=submit]').click();
      await page.locator('.fault').first().waitFor();
      await page.locator('#field-currency').fill('GBP');
      await page.locator('#field-paper').fill('12000');
      await page.locator('main form button[type=submit]').click();
      await page.waitForURL(/services\/lpa$/);
      const { body } = await api.call('GET', '/v1/services/lpa', tenant.keys.read);
      expect(body).toMatchObject({ revision: 2, costs: { currency: 'GBP', paper: 12000 } });
    }
    // The refused form above is answered with 422.
    expect(complaints.filter((complaint) => !complaint.includes('422'))).toEqual([]);
    await page.context().close();
  });
});
