import { beforeAll, describe, expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const SLUG = 'validations-overview';
const LINKS = `/v1/dashboards/${SLUG}/links`;
const CARD = `/v1/dashboards/${SLUG}/cards/marketplaces`;

const db = await useDatabase();
const api = await useApi(db);
const [tenant, rival] = [await makeTenant(db), await makeTenant(db)];

beforeAll(async () => {
  for (const { keys, slug } of [tenant, rival]) {
    const data = { marketplace: `shop-of-${slug}`, rows: 1, errors: 0, warnings: 0, duration_ms: 1, outcome: 'success' };
    const event = { id: '1', type: 'br.validahub.validation.completed.v1', data };
    expect((await api.call('POST', '/v1/events', keys.ingest, event)).status).toBe(202);
  }
});

const make = async (body?: object, key = tenant.keys.embed): Promise<Json> => {
  const made = await api.call('POST', LINKS, key, body);
  expect(made.status, made.text).toBe(201);
  return made.body;
};
const list = async (key = tenant.keys.embed): Promise<Json[]> => (await api.call('GET', LINKS, key)).body.data;
const rowsWith = (id: string, query = '') => api.call('GET', `${CARD}?token=${id}${query}`);

/** Expects that the page and a card's rows are refused in the same way. */
async function expectRefused(id: string, status: number, code: string): Promise<void> {
  const [page, rows] = [await api.call('GET', `/s/${id}`), await rowsWith(id)];
  expect([page.status, page.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
  expect([rows.status, rows.body.code]).toEqual([status, code]);
}

test('a short link opens the page and the rows of its tenant’s dashboard, without a key', async () => {
  const { id, url, expires_at } = await make();
  expect([id, url, expires_at]).toEqual([expect.stringMatching(/^[\w-]{24}$/), `/s/${id}`, null]);
  const page = await api.call('GET', url);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers.get('cache-control')).toBe('no-store');
  const token = (await api.call('POST', `/v1/dashboards/${SLUG}/embeds`, tenant.keys.embed)).body.viewer_url.split('?')[1];
  const viewer = await api.call('GET', `/dashboards/${SLUG}?${token}`);
  const withoutEnd = (text: string) => text.replace(/"expires_at":(null|"[^"]*")/, '');
  expect(withoutEnd(page.text)).toBe(withoutEnd(viewer.text));
  const rows = await rowsWith(id);
  expect(rows.text).toContain(`shop-of-${tenant.slug}`);
  expect(rows.text).not.toContain(`shop-of-${rival.slug}`);
  const opened = 'select sum(opens)::int as opens from private.dashboard_opens where tenant_id = $1';
  await expect.poll(async () => (await db.owner.query(opened, [tenant.id])).rows[0].opens).toBe(2);
});

test('fixed parameters of a link cannot be changed, and it opens no other dashboard', async () => {
  const { id } = await make({ params: { interval: 'day' } });
  expect((await api.call('GET', `/s/${id}?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z`)).status).toBe(200);
  expect((await api.call('GET', `/s/${id}?interval=hour`)).status).toBe(400);
  expect((await rowsWith(id, '&interval=hour')).body.errors[0].code).toBe('locked-parameter');
  const other = await api.call('GET', `/v1/dashboards/error-patterns/cards/findings?token=${id}`);
  expect([other.status, other.body.code]).toEqual([403, 'wrong-dashboard']);
});

test('a filter takes several values, by a query and fixed by a link', async () => {
  const [own] = (await api.call('GET', CARD, tenant.keys.read)).body.data;
  const chosen = `marketplace=${own.marketplace}`;
  const volume = `/v1/dashboards/${SLUG}/cards/volume`;
  const card = (query: string) => api.call('GET', `${volume}?interval=total&${query}`, tenant.keys.read);
  const [one, both, none] = await Promise.all(
    [chosen, `filter[${chosen.replace('=', ']=')}&filter[marketplace]=none`, 'marketplace=none&marketplace=other'].map(card),
  );
  expect(one?.body.data.length).toBe(1);
  expect([both?.body.data, both?.body.marketplace]).toEqual([one?.body.data, ['none', own.marketplace].sort()]);
  expect(none?.body.data).toEqual([]);
  const many = await card(Array.from({ length: 51 }, (_, n) => `marketplace=${n}`).join('&'));
  expect([many.status, many.body.errors[0].code]).toEqual([400, 'too-long']);

  const { id } = await make({ params: { marketplace: ['none', own.marketplace], interval: 'total' } });
  expect((await api.call('GET', `${volume}?token=${id}`)).body.data).toEqual(one?.body.data);
  // The card that offers the values shows no others.
  expect((await rowsWith(id)).body.data).toEqual([own]);
  expect((await rowsWith(id, '&filter[marketplace]=none')).body.errors[0].code).toBe('locked-parameter');
  expect((await list()).find((link) => id.startsWith(link.id))?.params.marketplace).toEqual(['none', own.marketplace]);
  expect((await api.call('GET', `/s/${id}`)).text).toContain(`none, ${own.marketplace}`);
});

describe('a link stops working', () => {
  test('when it expires, and the page says so', async () => {
    const { id, expires_at } = await make({ expires_in: 3600 });
    expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(3_590_000);
    await db.owner.query('update private.dashboard_links set expires_at = now() where prefix = left($1, 8)', [id]);
    await expectRefused(id, 401, 'expired-token');
    expect((await api.call('GET', `/s/${id}`)).text).toContain('This link has expired');
  });

  test('when it is deleted, by its id or by the prefix in the list', async () => {
    const [first, second] = [await make(), await make()];
    for (const [id, name] of [
      [first.id, first.id],
      [second.id, second.id.slice(0, 8)],
    ]) {
      expect((await api.call('GET', `/s/${id}`)).status).toBe(200);
      expect((await api.call('DELETE', `${LINKS}/${name}`, tenant.keys.embed)).status).toBe(204);
      await expectRefused(id, 401, 'invalid-token');
      expect((await api.call('DELETE', `${LINKS}/${name}`, tenant.keys.embed)).status).toBe(404);
    }
  });

  test('when its key is revoked, and it expires no later than its key', async () => {
    const path = `/v1/tenants/${tenant.id}/keys`;
    const input = { name: 'short', scopes: ['embed'], expires_at: new Date(Date.now() + 60_000) };
    const key = (await api.call('POST', path, tenant.keys.tenant_admin, input)).body;
    const { id, expires_at } = await make({ expires_in: 3600 }, key.key);
    expect(Date.parse(expires_at)).toBeLessThanOrEqual(input.expires_at.getTime());
    expect((await api.call('DELETE', `${path}/${key.id}`, tenant.keys.tenant_admin)).status).toBe(204);
    await expectRefused(id, 401, 'invalid-token');
  });

  test('while the dashboards of the tenant are switched off', async () => {
    const { id } = await make();
    await db.owner.query(`update private.tenants set features = '{"dashboards": false}' where id = $1`, [tenant.id]);
    await expectRefused(id, 403, 'feature-disabled');
    await db.owner.query("update private.tenants set features = '{}' where id = $1", [tenant.id]);
    expect((await api.call('GET', `/s/${id}`)).status).toBe(200);
  });
});

test.each(['', 'x'.repeat(23), 'x'.repeat(24), 'x'.repeat(25), '%00', '%F0%9F%98%80'])('%s opens nothing', async (id) => {
  expect((await api.call('GET', `/s/${id}`)).status).toBeGreaterThanOrEqual(400);
});

test('the prefix of a link opens nothing, and its full id is stored nowhere', async () => {
  const { id } = await make();
  await expectRefused(id.slice(0, 8), 401, 'invalid-token');
  await expectRefused(`${id.slice(0, 23)}${id.endsWith('A') ? 'B' : 'A'}`, 401, 'invalid-token');
  const { rows } = await db.owner.query('select l::text as text from private.dashboard_links l');
  const log = await api.call('GET', '/v1/audit-log', tenant.keys.tenant_admin);
  const seen = JSON.stringify([rows, log.body, await list()]);
  expect(seen).toContain(id.slice(0, 8));
  expect(seen).not.toContain(id);
});

test('only the tenant of a link can list or delete it', async () => {
  const { id } = await make();
  const name = id.slice(0, 8);
  expect((await list()).map((link) => link.id)).toContain(name);
  expect(await list(rival.keys.embed)).toEqual([]);
  for (const wrong of [id, name])
    expect((await api.call('DELETE', `${LINKS}/${wrong}`, rival.keys.embed)).body.code).toBe('not-found');
  // Also not with the right prefix and a wrong rest, or under another dashboard.
  const others = [`${LINKS}/${name}${'x'.repeat(16)}`, `/v1/dashboards/error-patterns/links/${id}`];
  for (const path of others) expect((await api.call('DELETE', path, tenant.keys.embed)).status).toBe(404);
  expect((await api.call('GET', `/s/${id}`)).status).toBe(200);
});

test('the list has pages, in order of creation', async () => {
  const made = [await make({}, rival.keys.embed), await make({ params: { interval: 'day' } }, rival.keys.embed)];
  const first = await api.call('GET', `${LINKS}?limit=1`, rival.keys.embed);
  const second = await api.call('GET', `${LINKS}?limit=1&cursor=${first.body.next_cursor}`, rival.keys.embed);
  expect([...first.body.data, ...second.body.data]).toEqual(
    made.map(({ id, expires_at }, n) => ({
      id: id.slice(0, 8),
      key_id: rival.keyIds.embed,
      params: n === 0 ? {} : { interval: 'day' },
      created_at: expect.any(String),
      expires_at,
    })),
  );
});

test('creation and deletion are in the audit log of the tenant', async () => {
  const { id } = await make();
  await api.call('DELETE', `${LINKS}/${id}`, tenant.keys.embed);
  const { data } = (await api.call('GET', '/v1/audit-log', tenant.keys.tenant_admin)).body;
  const about = data.filter(({ details }: Json) => JSON.stringify(details).includes(id.slice(0, 8)));
  expect(about.map(({ action }: Json) => action).sort()).toEqual(['dashboard_link.created', 'dashboard_link.removed']);
  expect(about[0].actor.key_id).toBe(tenant.keyIds.embed);
});

test('a link is shown once, needs the scope `embed`, and accepts only parameters of its dashboard', async () => {
  const once = { 'idempotency-key': 'link-1' };
  expect((await api.call('POST', LINKS, tenant.keys.embed, {}, once)).body.url).toEqual(expect.any(String));
  const again = await api.call('POST', LINKS, tenant.keys.embed, {}, once);
  expect(again.body).toEqual({ id: null, url: null, expires_at: null, code: 'secret-already-shown' });
  for (const [method, path] of [
    ['POST', LINKS],
    ['GET', LINKS],
    ['DELETE', `${LINKS}/x`],
  ] as const)
    expect((await api.call(method, path, tenant.keys.read)).body.code).toBe('wrong-scope');
  for (const body of [{ params: { tenant: rival.id } }, { params: { interval: 'year' } }, { expires_in: 0 }, { id: 'x' }])
    expect((await api.call('POST', LINKS, tenant.keys.embed, body)).status).toBe(400);
  const operator = await makeOperatorKey(db);
  expect((await api.call('POST', LINKS, operator)).status).toBe(404);
  const latency = await api.call('POST', '/v1/dashboards/latency/links', operator);
  expect((await api.call('GET', latency.body.url)).status).toBe(200);
});

test('a tenant has at most a thousand links, and those that expired a month ago are deleted', async () => {
  const crowded = await makeTenant(db);
  await db.owner.query(
    `insert into private.dashboard_links (id, tenant_id, key_id, dashboard, prefix, hash, params, expires_at)
     select gen_random_uuid(), $1, $2, $3, n::text, sha256(uuid_send(gen_random_uuid())), '{}', case when n > 1000 then now() - interval '31 days' end
     from generate_series(1, 1005) n`,
    [crowded.id, crowded.keyIds.embed, SLUG],
  );
  const refused = await api.call('POST', LINKS, crowded.keys.embed);
  expect([refused.status, refused.body.code]).toEqual([409, 'link-limit']);
  expect((await api.call('DELETE', `${LINKS}/1`, crowded.keys.embed)).status).toBe(404);
  await db.owner.query("delete from private.dashboard_links where tenant_id = $1 and prefix = '1'", [crowded.id]);
  await make({}, crowded.keys.embed);
  const left = await db.owner.query('select from private.dashboard_links where tenant_id = $1', [crowded.id]);
  expect(left.rowCount).toBe(1000);
});
