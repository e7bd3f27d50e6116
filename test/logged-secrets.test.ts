import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from './support/harness.ts';
import { startProgram } from './support/program.ts';

const db = await useDatabase();
const tenant = await makeTenant(db);

const passwordOf = (url: string) => new URL(url).password;

test('the program never logs a key, valid or not', async () => {
  const program = await startProgram({
    API_DATABASE_URL: db.urls.api,
    QUEUE_DATABASE_URL: db.urls.queue,
    METABASE_DATABASE_URL: db.urls.metabase,
    OPS_DATABASE_URL: db.urls.ops,
  });
  await expect.poll(program.output, { timeout: 20_000 }).toContain('"listening"');
  const good = tenant.keys.ingest;
  const bad = `mir_read_${'0aZ-'.repeat(8)}`;
  const statuses: number[] = [];
  const send = async (path: string, init: RequestInit) => {
    statuses.push((await fetch(program.url + path, init)).status);
  };
  const link = await fetch(`${program.url}/v1/dashboards/validations-overview/embeds`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.keys.embed}` },
  });
  const page = new URL(((await link.json()) as { viewer_url: string }).viewer_url);
  const token = page.searchParams.get('token') as string;
  const short = await fetch(`${program.url}/v1/dashboards/validations-overview/links`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.keys.embed}` },
  });
  const { id } = (await short.json()) as { id: string };
  await send(`/s/${id}`, { headers: { referer: `${program.url}/s/${id}` } });
  await send(`/v1/s/${id}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{ "/s/${id}` });
  await send(page.pathname + page.search, { headers: { referer: page.href } });
  await send(`/v1/dashboards/other/cards/volume${page.search}`, { headers: { authorization: `Bearer ${token}` } });
  await send(`/${token}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{ "${token}` });
  for (const key of [good, bad]) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-request-id': key };
    await send('/v1/events', { method: 'POST', headers, body: JSON.stringify({ type: 'a', id: '1' }) });
    await send('/v1/events', { method: 'POST', headers: { ...headers, 'idempotency-key': key }, body: `{ "${key}` });
    await send(`/v1/${key}?key=${key}`, { headers });
    await send('/v1/tenants', { method: 'POST', headers, body: `{ "${key}` });
    await send('/v1/metrics', { headers: { authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}` } });
  }
  expect(statuses).toEqual([200, 400, 200, 403, 400, 202, 400, 404, 400, 403, 401, 401, 404, 400, 401]);
  await program.child.stop();
  const output = program.output();
  expect(output.match(/"msg":"request"/g)).toHaveLength(17);
  for (const secret of [good, bad, token, id, ...Object.values(db.urls).map(passwordOf)]) {
    expect(output).not.toContain(secret);
    expect(output).not.toContain(Buffer.from(`x:${secret}`).toString('base64'));
  }
});

test('a login that the database refuses is logged in full, without its password', async () => {
  const url = new URL(db.urls.api);
  url.password = 'hush-hush';
  const logins = {
    API_DATABASE_URL: url.toString(),
    QUEUE_DATABASE_URL: url.toString(),
    METABASE_DATABASE_URL: url.toString(),
    OPS_DATABASE_URL: url.toString(),
  };
  const program = await startProgram(logins);
  await expect.poll(program.output, { timeout: 20_000 }).toContain('"listening"');
  const answer = await fetch(`${program.url}/v1/metrics`, { headers: { authorization: `Bearer ${tenant.keys.read}` } });
  expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('mirante_api')]);
  await program.child.stop();
  expect(program.output()).toMatch(
    /"err":\{"type":"DatabaseError","message":"password authentication failed .+"request failed"/,
  );
  expect(program.output()).not.toMatch(/hush|mir_read_.{5}/);
});

test.each(['postgres://mirante_api:hush-hush@host:port/db', 'mirante_api:hush-hush@host'])(
  'an invalid URL is reported by its setting, not by its value: %s',
  async (url) => {
    const program = await startProgram({ API_DATABASE_URL: url });
    await program.child.gone;
    expect(program.output()).toContain('"API_DATABASE_URL" must be a URL');
    expect(program.output()).not.toContain('hush');
  },
);
