import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { makeTenant, useDatabase } from './support/harness.ts';
import { startProgram } from './support/program.ts';

const CLIENTS = 48;

const db = await useDatabase();
const tenant = await makeTenant(db);
afterAll(async () => {
  agent.destroy();
});

const agent = new Agent({ keepAlive: true });

/**
 * Sends one request over a keep-alive connection. Returns the Connection header of the answer, or undefined if there was no
 * answer. The body is sent after `bodyAfterMs`.
 */
function ask(method: string, url: string, key: string, body = '', bodyAfterMs = 0): Promise<string | undefined> {
  return new Promise((done) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const sent = request(url, { method, agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => done(answer.headers.connection));
      answer.on('error', () => done(undefined));
    });
    sent.on('error', () => done(undefined));
    if (bodyAfterMs === 0) sent.end(body);
    else {
      sent.flushHeaders();
      setTimeout(() => sent.end(body), bodyAfterMs);
    }
  });
}

/** Clients that send again after each answer, until the server is gone. */
function startAsking(url: string) {
  const answered = { ingest: 0, read: 0 };
  async function client(name: keyof typeof answered, method: string, path: string, body?: string): Promise<void> {
    for (;;) {
      const connection = await ask(method, url + path, tenant.keys[name], body);
      if (connection === undefined) return;
      answered[name]++;
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    n % 2 === 0
      ? client('ingest', 'POST', '/v1/events', '{"type":"test.sent.v1"}')
      : client('read', 'GET', '/v1/metrics/events.count?interval=total'),
  );
  return { answered, over: Promise.all(clients) };
}

async function countedBy(key: string): Promise<number> {
  const { rows } = await db.owner.query<{ counted: number }>(
    'select coalesce(sum(requests), 0) as counted from private.access_log where key_id = $1',
    [key],
  );
  return rows[0]?.counted ?? 0;
}

async function storedOf(type: string): Promise<number> {
  const { rows } = await db.owner.query<{ stored: number }>('select count(*) as stored from private.events where type = $1', [
    type,
  ]);
  return rows[0]?.stored ?? 0;
}

test('SIGTERM under load: the API exits within five seconds with 0 and keeps its counts', async () => {
  const program = await startProgram({
    API_DATABASE_URL: db.urls.api,
    QUEUE_DATABASE_URL: db.urls.queue,
    METABASE_DATABASE_URL: db.urls.metabase,
    OPS_DATABASE_URL: db.urls.ops,
  });
  await expect.poll(program.output, { timeout: 20_000 }).toContain('"listening"');
  const asking = startAsking(program.url);
  await expect.poll(() => Math.min(...Object.values(asking.answered)), { timeout: 20_000 }).toBeGreaterThan(50);
  const open = ask('POST', `${program.url}/v1/events`, tenant.keys.ingest, '{"type":"test.sent.v1"}', 600);
  await sleep(200);
  const asked = performance.now();
  const stopped = program.child.stop();
  expect(await program.child.gone).toBe('exit code 0');
  expect(performance.now() - asked).toBeLessThan(6_000);
  await Promise.all([stopped, asking.over]);
  expect(await open).toBe('close');
  expect(await countedBy(tenant.keyIds.ingest)).toBeGreaterThanOrEqual(asking.answered.ingest);
  expect(await countedBy(tenant.keyIds.read)).toBeGreaterThanOrEqual(asking.answered.read);
  expect(await storedOf('test.sent.v1')).toBeGreaterThanOrEqual(asking.answered.ingest);
  expect(await storedOf('mirante.http.request.v1')).toBeGreaterThanOrEqual(asking.answered.ingest + asking.answered.read);
});
