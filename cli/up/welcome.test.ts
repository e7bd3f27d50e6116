import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { loadDashboards } from '../../api/dashboards/dashboards.ts';
import { readConfig } from '../../lib/config.ts';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';
import { linkDashboards } from '../commands/dashboard-links.ts';
import { makeLoginLink } from '../commands/login-link.ts';
import type { Credentials } from './credentials.ts';
import { welcome } from './welcome.ts';

let credentials: Credentials;

const db = await useDatabase();
const api = await useApi(db);

beforeAll(async () => {
  const { id, keys } = await makeTenant(db);
  const operator_key = await makeOperatorKey(db);
  credentials = { url: api.url, metrics_url: api.metricsUrl, operator_key, tenants: [{ id, slug: 'demo', keys }] };
});

const SECRET = /mir_[a-z]+_|\/s\/|token=|code=/;
const addresses = (text: string) => [...text.matchAll(/https?:\S+\/s\/\S+/g)].map(([address]) => address);

// Where a link to sign in leads, and who is signed in then.
async function follow(link: string): Promise<unknown> {
  const { status, headers } = await fetch(link, { redirect: 'manual' });
  expect([status, headers.get('location')]).toEqual([303, '/app']);
  const cookie = headers.get('set-cookie')?.split(';')[0] as string;
  const session = await (await fetch(`${api.url}/v1/session`, { headers: { cookie } })).json();
  return session;
}

const signInAddress = (line: string | undefined) => /https?:\S+\/login\?code=[\w-]{20}/.exec(line ?? '')?.[0] as string;

test('a terminal shows a few lines: an address, links that sign in, where the keys are, a call that answers', async () => {
  const lines = (await welcome(credentials, '.mirante', '.mirante/postgres', true)).split('\n');
  expect(lines).toHaveLength(7);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(180);
  expect(lines[0]).toBe(`Mirante is ready at ${api.url}/`);
  expect(signInAddress(lines[1]).length).toBeLessThan(60);
  expect(await follow(signInAddress(lines[1]))).toMatchObject({ role: 'admin', member: { email: 'owner@demo.invalid' } });
  expect(await follow(signInAddress(lines[2]))).toMatchObject({
    role: 'operator',
    member: { email: 'operator@mirante.invalid' },
  });
  // A second start finds both members there.
  expect(await welcome(credentials, '.mirante', undefined, true)).toContain('/login?code=');
  expect(lines[4]).toContain('.mirante/credentials.json');
  const [, header, address] = /curl -s -H "Authorization: ([^"]+)" '([^']+)'/.exec(lines[5] as string) ?? [];
  const answer = await fetch(address as string, { headers: { authorization: header as string } });
  expect(await answer.json()).toMatchObject({ metric: 'events.count', interval: 'total' });
});

test('other output has no key and no link', async () => {
  const text = await welcome(credentials, '.mirante', undefined, false);
  expect(text.split('\n')).toHaveLength(7);
  expect(text).not.toMatch(SECRET);
  expect(text).toContain('.mirante/credentials.json');
});

test('`login-link` signs in a member or the operator, with the database alone', async () => {
  const config = readConfig({ API_DATABASE_URL: db.urls.api, API_URL: api.url, MIRANTE_DATA_DIR: '.none' });
  const link = (...args: string[]) => makeLoginLink(args, config, true);
  expect(await follow(await link())).toMatchObject({ role: 'admin', tenant: { id: credentials.tenants[0]?.id } });
  expect(await follow(await link('--operator'))).toMatchObject({ role: 'operator' });
  const own = await link('--operator', '--member', 'Ada@Platform.example');
  expect(await follow(own)).toMatchObject({ role: 'operator', member: { email: 'ada@platform.example' } });
  await expect(link('--member', 'nobody@demo.invalid')).rejects.toThrow('There is no member nobody@demo.invalid.');
  const other = await makeTenant(db);
  await api.call('POST', '/v1/members', other.keys.tenant_admin, { email: 'owner@demo.invalid', role: 'viewer' });
  await expect(link('--member', 'owner@demo.invalid')).rejects.toThrow('--tenant <slug>');
  await expect(makeLoginLink([], config, false)).rejects.toThrow('in a terminal only');
});

test('`dashboards links` makes a link to each dashboard of the demo tenant and of the operator, in a terminal only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-links-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await expect(linkDashboards([], folder, true)).rejects.toThrow('npm run up');
  writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
  await expect(linkDashboards([], folder, false)).rejects.toThrow('in a terminal only');
  await expect(linkDashboards(['all'], folder, true)).rejects.toThrow('Unexpected arguments: all');
  const text = await linkDashboards([], folder, true);
  // The demo tenant has no data of dashboards that need some.
  const shown = [...loadDashboards().values()].filter(({ needs }) => !needs);
  for (const { slug, audience } of shown)
    expect(text).toMatch(new RegExp(`^${audience === 'customer' ? 'demo' : 'operator'} +${slug} +http`, 'm'));
  const links = addresses(text);
  expect(links).toHaveLength(shown.length);
  for (const link of links) expect((await fetch(link)).status).toBe(200);
});
