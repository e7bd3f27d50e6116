import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestApi, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, redisUrl, type TestTenant, useDatabase } from '../../test/support/harness.ts';
import { type LoginLinkRequest, openQueue } from '../queues.ts';
import { sendLoginLink } from './send-login-link.ts';

const PUBLIC = 'https://mirante.example';
const log = pino({ level: 'silent' });

const db = await useDatabase();
const urls = { redisUrl: redisUrl(), queueDatabaseUrl: db.urls.queue };
const sent: { to: string[]; text: string }[] = [];
let server: SMTPServer;
let settings: { SMTP_URL: string; ALERTS_FROM: string };
let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const text = Buffer.concat(chunks)
          .toString('utf8')
          .replace(/=\r\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
        sent.push({ to: envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.server.address() as AddressInfo;
  settings = { SMTP_URL: `smtp://127.0.0.1:${port}`, ALERTS_FROM: 'alerts@mirante.example' };
  api = await useApi(db, { ...settings, API_URL: `${PUBLIC}/` });
  // Refusals are in the log of the platform itself.
  await makeOperatorKey(db);
  tenant = await makeTenant(db, { name: 'Loja & Cia', locale: 'pt-BR' });
  await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email: 'ada@loja.example', role: 'admin' });
});
afterAll(() => new Promise<void>((done) => server.close(done)));

async function ask(email: string, headers: Record<string, string> = {}, next = '/app/alerts?x=1') {
  const response = await fetch(`${api.url}/login/email`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams({ email, next }),
  });
  return { status: response.status, location: response.headers.get('location'), text: await response.text() };
}

// The API does not wait for its queue.
async function takeJobs(wanted: number): Promise<LoginLinkRequest[]> {
  const queue = openQueue(urls, 'alerts', log);
  const list = async () => (await queue.getJobs(['waiting', 'delayed'])).filter(({ name }) => name === 'send-login-link');
  await expect.poll(async () => (await list()).length, { timeout: 10_000 }).toBe(wanted);
  const jobs = await list();
  const told = jobs.map(({ data }) => data as LoginLinkRequest);
  for (const job of jobs) await job.remove();
  await queue.close();
  return told;
}

const run = (request: LoginLinkRequest) =>
  sendLoginLink({ pool: db.jobs, config: { ...settings, ALERTS_ALLOW_PRIVATE_NETWORKS: [] } }, request);

test('a member gets a link that signs in once; the queue holds nothing that does', async () => {
  expect(await ask('Ada@Loja.example ', { host: 'evil.example' })).toMatchObject({
    status: 303,
    location: `/login?notice=sent&next=${encodeURIComponent('/app/alerts?x=1')}`,
  });
  const [request] = await takeJobs(1);
  expect(request).toEqual({ member: expect.any(String), url: PUBLIC, next: '/app/alerts?x=1' });
  await run(request as LoginLinkRequest);
  expect(sent.at(-1)?.to).toEqual(['ada@loja.example']);
  const text = sent.at(-1)?.text ?? '';
  expect(text).toContain('Ele funciona uma vez');
  expect(text).toContain('Loja &amp; Cia');
  const link = /https:\/\/mirante\.example(\/login\?code=([\w-]+)&next=\S+)/.exec(text);
  expect(text.slice(0, text.indexOf('\r\n\r\n'))).not.toContain(link?.[2]);
  const visit = () => fetch(api.url + link?.[1], { redirect: 'manual' });
  const first = await visit();
  expect([first.status, first.headers.get('location')]).toEqual([303, '/app/alerts?x=1']);
  expect((await visit()).status).toBe(401);
  // A member who has gone is sent nothing.
  await api.call('DELETE', `/v1/members/${request?.member}`, tenant.keys.tenant_admin);
  await run(request as LoginLinkRequest);
  expect(sent).toHaveLength(1);
});

test('an address that nobody has gets the same answer, and no mail; members of several tenants get one each', async () => {
  await api.call('POST', '/v1/members', await makeOperatorKey(db), { email: 'grace@loja.example' });
  for (const one of [tenant, await makeTenant(db, { locale: 'en', name: 'Second' })])
    await api.call('POST', '/v1/members', one.keys.tenant_admin, { email: 'grace@loja.example', role: 'viewer' });
  const known = await ask('grace@loja.example');
  expect(await ask('nobody@loja.example')).toEqual(known);
  const requests = await takeJobs(3);
  for (const request of requests) await run(request);
  const mails = sent.filter(({ to }) => to[0] === 'grace@loja.example');
  expect(mails.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]).join()).toContain('Sign in to Mirante: Second');
});

test('a mailbox is sent three links in ten minutes, an address may ask for twenty', async () => {
  await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email: 'often@loja.example', role: 'viewer' });
  for (let n = 0; n < 5; n++) expect((await ask('often@loja.example')).status).toBe(303);
  await takeJobs(3);
  const statuses = [];
  for (let n = 0; n < 20; n++) statuses.push((await ask(`x${n}@loja.example`)).status);
  expect(statuses).toContain(429);
  expect(statuses[0]).toBe(303);
});

test('the form is there only where mail can be sent, and takes no request of another site', async () => {
  const form = async (one: TestApi) => (await fetch(`${one.url}/login`)).text();
  expect(await form(api)).toContain('action="/login/email"');
  expect((await ask('a@b.example', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  const silent = await useApi(db, settings);
  expect(await form(silent)).not.toContain('action="/login/email"');
  const refused = await fetch(`${silent.url}/login/email`, {
    method: 'POST',
    body: new URLSearchParams({ email: 'a@b.example' }),
  });
  expect(refused.status).toBe(404);
});
