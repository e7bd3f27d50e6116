import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Child, startChild } from '../cli/up/children.ts';
import { environmentWith } from '../lib/config.ts';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { createPool, type Pool } from '../sql/database/db.ts';
import { migrate } from '../sql/database/migrate.ts';
import { roleUrl } from '../sql/database/roles.ts';
import { type TestApi, useApi } from './support/api.ts';
import { makeTenant, redisUrl, type TestDatabase, type TestTenant, testSecret, useDatabase } from './support/harness.ts';
import { type Load, startLoad } from './support/load.ts';

/** Ids of all rows in the table, with duplicates. */
async function storedIds(owner: Pool, tenants: TestTenant[]): Promise<string[]> {
  const ids = tenants.map(({ id }) => id);
  const { rows } = await owner.query<{ id: string }>('select id from private.events where tenant_id = any ($1)', [ids]);
  return rows.map(({ id }) => id);
}

async function expectAllStoredOnce(load: Load, owner: Pool, tenants: TestTenant[]): Promise<void> {
  const stored = await storedIds(owner, tenants);
  expect(stored).toHaveLength(load.sent.size);
  expect(new Set(stored)).toEqual(load.sent);
  expect(load.acknowledged).toEqual(load.sent);
}

const reach = (load: Load, events: number) =>
  expect.poll(() => load.acknowledged.size, { timeout: 30_000 }).toBeGreaterThan(events);

describe('the database stops during a load and restarts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-restart-'));
  chmodSync(folder, 0o755);
  let server: EmbeddedPostgres;
  let port: number;
  let api: TestApi;
  let owner: Pool;
  let setup: Pool;

  beforeAll(async () => {
    port = await freePort();
    server = await startEmbeddedPostgres(folder, { port });
    await migrate(server.url, testSecret);
    const urls = {
      api: roleUrl(server.url, testSecret, 'mirante_api'),
      jobs: roleUrl(server.url, testSecret, 'mirante_jobs'),
      queue: roleUrl(server.url, testSecret, 'mirante_queue'),
      metabase: roleUrl(server.url, testSecret, 'mirante_metabase'),
      ops: roleUrl(server.url, testSecret, 'mirante_ops'),
    };
    owner = createPool(server.url, { max: 2, name: 'test owner', role: 'mirante_owner' });
    setup = createPool(urls.api, { max: 1, name: 'test setup' });
    api = await useApi({ urls });
  });
  afterAll(async () => {
    await api.close();
    await Promise.all([owner.end(), setup.end()]);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  // A killed server breaks connections in the middle of a statement; a stopped one closes them with a message.
  const ends = { stopped: () => server.stop(), killed: () => void process.kill(server.pid, 'SIGKILL') };

  test.each(['stopped', 'killed'] as const)(
    '%s: every acknowledged event is stored once, and the API needs no restart',
    async (how) => {
      const tenant = await makeTenant({ api: setup });
      const tenants = [tenant, await makeTenant({ api: setup })];
      const load = startLoad(
        api.url,
        tenants.map(({ keys }) => keys.ingest),
        12,
      );
      const reads = startReading(api, tenant.keys.read);
      await reach(load, 1_000);
      await ends[how]();
      await expect.poll(() => load.statuses.get(503) ?? 0, { timeout: 20_000 }).toBeGreaterThan(10);
      const away = await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'test.away.v1' });
      expect([away.status, away.body.code, away.headers.get('retry-after')]).toEqual([503, 'unavailable', '1']);
      expect((await api.call('GET', '/readyz')).status).toBe(503);
      expect((await api.call('GET', '/livez')).status).toBe(200);
      server = await startEmbeddedPostgres(folder, { port });
      await reach(load, load.acknowledged.size + 1_000);
      await load.finish();
      expect([...load.statuses.keys()].sort()).toEqual([202, 503]);
      expect(await reads.finish()).toEqual([200, 503]);
      await expectAllStoredOnce(load, owner, tenants);
      expect((await api.call('GET', '/readyz')).status).toBe(200);
      expect((await api.call('GET', '/v1/events?type=test.away.v1', tenant.keys.read)).body.data).toEqual([]);
    },
    90_000,
  );
});

/** Reads beside the load, each in its own transaction. Returns the statuses. */
function startReading(api: TestApi, key: string): { finish: () => Promise<number[]> } {
  const seen = new Set<number>();
  let finishing = false;
  async function reader(): Promise<void> {
    while (!finishing) seen.add((await api.call('GET', '/v1/events?limit=500', key)).status);
  }
  const readers = [reader(), reader(), reader()];
  return {
    async finish() {
      finishing = true;
      await Promise.all(readers);
      return [...seen].sort();
    },
  };
}

describe('the API is killed during a load', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await useDatabase();
  });

  function startProcess(port: number): { child: Child; listening: Promise<void> } {
    const settings = {
      PORT: String(port),
      METRICS_PORT: '0',
      API_DATABASE_URL: db.urls.api,
      QUEUE_DATABASE_URL: db.urls.queue,
      METABASE_DATABASE_URL: db.urls.metabase,
      OPS_DATABASE_URL: db.urls.ops,
      MIRANTE_SECRET: testSecret,
      REDIS_URL: redisUrl(),
      LOG_LEVEL: 'info',
    };
    let child: Child | undefined;
    const listening = new Promise<void>((done, fail) => {
      child = startChild('api', 'api/server.ts', environmentWith(settings), (line) => {
        if (line.includes('"listening"')) done();
      });
      void child.gone.then((how) => fail(new Error(`The API ended before it listened: ${how}`)));
    });
    listening.catch(() => undefined);
    return { child: child as Child, listening };
  }

  test('every acknowledged event is stored, and retries store nothing twice', async () => {
    const tenants = [await makeTenant(db), await makeTenant(db)];
    const port = await freePort();
    const first = startProcess(port);
    onTestFinished(first.child.kill);
    await first.listening;
    const load = startLoad(
      `http://127.0.0.1:${port}`,
      tenants.map(({ keys }) => keys.ingest),
      12,
    );
    await reach(load, 1_000);
    first.child.kill();
    await first.child.gone;
    const acknowledged = [...load.acknowledged];
    const stored = new Set(await storedIds(db.owner, tenants));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    const second = startProcess(port);
    onTestFinished(second.child.stop);
    await second.listening;
    await reach(load, acknowledged.length + 1_000);
    await load.finish();
    expect([...load.statuses.keys()].sort()).toEqual([0, 202]);
    await expectAllStoredOnce(load, db.owner, tenants);
  }, 60_000);
});
