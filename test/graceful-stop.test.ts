import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, makeTenant, type TestDatabase, type TestTenant } from './harness.ts';
import { startProgram } from './program.ts';

const CLIENTS = 8;

let db: TestDatabase;
let tenant: TestTenant;

beforeAll(async () => {
  db = await createDatabase();
  tenant = await makeTenant(db);
});
afterAll(() => db.drop());

/** Clients that ask again as soon as they are answered, over connections that they keep, until there is nobody any more. */
function startAsking(url: string) {
  const answered = { ingest: 0, read: 0 };
  const last = new Set<string | null>();
  let stopping = false;
  async function client(name: keyof typeof answered, path: string, init: RequestInit): Promise<void> {
    const headers = { authorization: `Bearer ${tenant.keys[name]}`, 'content-type': 'application/json' };
    for (;;) {
      const response = await fetch(url + path, { ...init, headers }).catch(() => undefined);
      if (!response) return;
      await response.arrayBuffer();
      answered[name]++;
      if (stopping) last.add(response.headers.get('connection'));
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    n % 2 === 0
      ? client('ingest', '/v1/events', { method: 'POST', body: '{"type":"test.sent.v1"}' })
      : client('read', '/v1/metrics/events.count?interval=total', { method: 'GET' }),
  );
  return {
    answered,
    last,
    stopping: () => {
      stopping = true;
    },
    over: Promise.all(clients),
  };
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

test('SIGTERM under load: ends within five seconds with 0, and what it has counted is kept', async () => {
  const program = await startProgram({
    API_DATABASE_URL: db.urls.api,
    QUEUE_DATABASE_URL: db.urls.queue,
    METABASE_DATABASE_URL: db.urls.metabase,
    OPS_DATABASE_URL: db.urls.ops,
  });
  await expect.poll(program.output, { timeout: 20_000 }).toContain('"listening"');
  const asking = startAsking(program.url);
  await expect.poll(() => Math.min(...Object.values(asking.answered)), { timeout: 20_000 }).toBeGreaterThan(50);
  const asked = performance.now();
  asking.stopping();
  const stopped = program.child.stop();
  expect(await program.child.gone).toBe('exit code 0');
  expect(performance.now() - asked).toBeLessThan(6_000);
  await Promise.all([stopped, asking.over]);
  expect([...asking.last]).toContain('close');
  expect(await countedBy(tenant.keyIds.ingest)).toBeGreaterThanOrEqual(asking.answered.ingest);
  expect(await countedBy(tenant.keyIds.read)).toBeGreaterThanOrEqual(asking.answered.read);
  expect(await storedOf('test.sent.v1')).toBeGreaterThanOrEqual(asking.answered.ingest);
  expect(await storedOf('mirante.http.request.v1')).toBeGreaterThanOrEqual(asking.answered.ingest + asking.answered.read);
});
