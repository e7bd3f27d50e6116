import { pino } from 'pino';
import { expect, test } from 'vitest';
import { openQueue, openWorker, QUEUES } from '../../jobs/queues.ts';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, redisUrl, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const operator = await makeOperatorKey(db);

test('a job that failed permanently is shown with its reason', async () => {
  const urls = { redisUrl: redisUrl(), queueDatabaseUrl: db.urls.queue };
  const log = pino({ level: 'silent' });
  const queue = openQueue(urls, 'upkeep', log);
  const failed = new Promise<void>((done) => {
    const worker = openWorker(urls, 'upkeep', () => Promise.reject(new Error('the disk is full')), { concurrency: 1 });
    worker.on('failed', () => worker.close().then(done));
  });
  const job = await queue.add('run-retention', {});
  await failed;
  await queue.close();

  const answer = await api.call('GET', '/ops/dead-letters', operator);
  expect(answer.status).toBe(200);
  expect(answer.body.data).toContainEqual({
    queue: 'upkeep',
    id: job.id,
    name: 'run-retention',
    reason: 'the disk is full',
    attempts: 1,
    failed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

test('only the operator sees failed jobs', async () => {
  expect((await api.call('GET', '/ops/dead-letters')).status).toBe(401);
  expect((await api.call('GET', '/ops/dead-letters', tenant.keys.tenant_admin)).status).toBe(403);
});

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`operator:${key}`).toString('base64')}` });

test('the board asks a browser for the operator key', async () => {
  const refused = await api.call('GET', '/ops/queues');
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toBe('Basic realm="mirante"');
  expect((await api.call('GET', '/ops/queues', undefined, undefined, basic(tenant.keys.tenant_admin))).status).toBe(403);
  expect((await api.call('GET', '/ops/queues/api/queues', tenant.keys.read)).status).toBe(403);
});

test.each([
  ['Basic', () => basic(operator)],
  ['Bearer', () => ({ authorization: `Bearer ${operator}` })],
])('with the key as %s the board loads its own files and lists every queue', async (_, headers) => {
  const page = await api.call('GET', '/ops/queues', undefined, undefined, headers());
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(page.text).toContain('Mirante');
  const files = [...page.text.matchAll(/(?:src|href)="(static\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    expect((await api.call('GET', `/ops/queues/${file}`, undefined, undefined, headers())).status, file).toBe(200);
  }
  const list = await api.call('GET', '/ops/queues/api/queues', undefined, undefined, headers());
  expect(list.body.queues.map((queue: { name: string }) => queue.name)).toEqual([...QUEUES]);
});

test('another site cannot use the key that a browser has stored', async () => {
  const headers = { ...basic(operator), 'sec-fetch-site': 'cross-site' };
  expect((await api.call('PUT', '/ops/queues/api/queues/upkeep/pause', undefined, undefined, headers)).status).toBe(403);
});
