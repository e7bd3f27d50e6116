import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { loadDashboards } from '../../api/dashboards/dashboards.ts';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';
import { linkDashboards } from '../commands/dashboard-links.ts';
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

const SECRET = /mir_[a-z]+_|\/s\/|token=/;
const addresses = (text: string) => [...text.matchAll(/https?:\S+\/s\/\S+/g)].map(([address]) => address);

test('a terminal shows six lines: an address, a working link, the place of the keys, a working call', async () => {
  const lines = (await welcome(credentials, '.mirante', '.mirante/postgres', true)).split('\n');
  expect(lines).toHaveLength(6);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(180);
  expect(lines[0]).toBe(`Mirante is ready at ${api.url}/`);
  const [link] = addresses(lines[1] as string);
  expect(link?.length).toBeLessThan(60);
  expect((await fetch(link as string)).status).toBe(200);
  expect(lines[3]).toContain('.mirante/credentials.json');
  const [, header, address] = /curl -s -H "Authorization: ([^"]+)" '([^']+)'/.exec(lines[4] as string) ?? [];
  const answer = await fetch(address as string, { headers: { authorization: header as string } });
  expect(await answer.json()).toMatchObject({ metric: 'events.count', interval: 'total' });
});

test('other output has no key and no link', async () => {
  const text = await welcome(credentials, '.mirante', undefined, false);
  expect(text.split('\n')).toHaveLength(6);
  expect(text).not.toMatch(SECRET);
  expect(text).toContain('.mirante/credentials.json');
});

test('`dashboards links` creates a link to each dashboard of the demo tenant and of the operator, in a terminal only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-links-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await expect(linkDashboards([], folder, true)).rejects.toThrow('npm run up');
  writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
  await expect(linkDashboards([], folder, false)).rejects.toThrow('in a terminal only');
  await expect(linkDashboards(['all'], folder, true)).rejects.toThrow('Unexpected arguments: all');
  const text = await linkDashboards([], folder, true);
  for (const { slug, audience } of loadDashboards().values())
    expect(text).toMatch(new RegExp(`^${audience === 'customer' ? 'demo' : 'operator'} +${slug} +http`, 'm'));
  const links = addresses(text);
  expect(links).toHaveLength(loadDashboards().size);
  for (const link of links) expect((await fetch(link)).status).toBe(200);
});
