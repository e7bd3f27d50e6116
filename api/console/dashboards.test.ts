import { expect, test } from 'vitest';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const OVERVIEW = '/app/dashboards/validations-overview';

async function browse(method: string, path: string, cookie?: string, form?: Record<string, string>) {
  const response = await fetch(api.url + path, {
    method,
    redirect: 'manual',
    headers: { ...(cookie && { cookie }), ...(method === 'POST' && { 'sec-fetch-site': 'same-origin' }) },
    ...(form && { body: new URLSearchParams(form) }),
  });
  return {
    status: response.status,
    location: response.headers.get('location'),
    cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '',
    text: await response.text(),
  };
}

const signIn = async (key: string) => (await browse('POST', '/login', undefined, { key })).cookie;

test('stars and views are those of one person alone', async () => {
  const [mine, other] = [await signIn(tenant.keys.read), await signIn(tenant.keys.tenant_admin)];
  const starred = await browse('POST', `${OVERVIEW}/star`, mine, { set: '1', back: 'list' });
  expect([starred.status, starred.location], starred.text).toEqual([303, '/app/dashboards']);
  const view = { name: 'A <quarter>', query: '?range=90d&marketplace=a%26b' };
  for (let n = 0; n < 2; n++) {
    const saved = await browse('POST', `${OVERVIEW}/views`, mine, view);
    expect(saved.location).toBe(`${OVERVIEW}?range=90d&marketplace=a%26b`);
  }
  const list = (await browse('GET', '/app/dashboards', mine)).text;
  expect(list.match(/class="star set"/g)).toHaveLength(1);
  expect(list.match(/A &lt;quarter&gt;/g)).toHaveLength(1);
  expect(list).toContain(`href="${OVERVIEW}?range=90d&amp;marketplace=a%26b"`);
  const theirs = (await browse('GET', '/app/dashboards', other)).text;
  expect(theirs).not.toMatch(/star set|quarter/);
  await browse('POST', `${OVERVIEW}/views/remove`, mine, { name: view.name });
  await browse('POST', `${OVERVIEW}/star`, mine, { set: '', back: 'list' });
  expect((await browse('GET', '/app/dashboards', mine)).text).not.toMatch(/star set|quarter/);
});

test('a view without a name is refused, and what was typed is kept', async () => {
  const cookie = await signIn(tenant.keys.read);
  const refused = await browse('POST', `${OVERVIEW}/views`, cookie, { name: 'x'.repeat(101), query: '?range=7d' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain(`value="${'x'.repeat(101)}"`);
  expect(refused.text).toContain('value="?range=7d"');
  expect(refused.text).toMatch(/<dialog id="views"[^>]* data-open>/);
  expect((await browse('GET', `${OVERVIEW}/views`, cookie)).location).toBe(OVERVIEW);
});

test('the role decides what a dashboard offers, and one that is not there is a page that says so', async () => {
  const viewer = await browse('GET', OVERVIEW, await signIn(tenant.keys.read));
  expect(viewer.text).toContain('data-does="events"');
  expect(viewer.text).not.toMatch(/id="note-form"|id="share-form"/);
  const admin = await signIn(tenant.keys.tenant_admin);
  expect((await browse('GET', OVERVIEW, admin)).text).toContain('id="note-form"');
  expect((await browse('GET', '/app/dashboards/tenants', admin)).status).toBe(404);
  expect((await browse('POST', '/app/dashboards/tenants/star', admin, { set: '1' })).status).not.toBe(303);
});

test('the operator has dashboards of operations, with notes and without a way to events', async () => {
  const operator = await signIn(await makeOperatorKey(db));
  const page = await browse('GET', '/app/dashboards/tenants', operator);
  expect([page.status, page.text.includes('id="note-form"')]).toEqual([200, true]);
  expect(page.text).not.toContain('data-does="events"');
  expect((await browse('GET', '/v1/annotations?limit=1', operator)).status).toBe(200);
  expect((await browse('GET', OVERVIEW, operator)).status).toBe(404);
});
