import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { createPool, isDatabaseAway, type Pool } from '../sql/database/db.ts';
import { migrate } from '../sql/database/migrate.ts';
import { roleUrl } from '../sql/database/roles.ts';
import { type Answer, type TestApi, useApi } from './support/api.ts';
import { makeTenant, type TestTenant, testSecret } from './support/harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'mirante-frozen-'));
let server: EmbeddedPostgres;
let api: TestApi;
let owner: Pool;
let setup: Pool;
let tenant: TestTenant;
let unseen: TestTenant;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  server = await startEmbeddedPostgres(folder);
  await migrate(server.url, testSecret);
  const urls = {
    api: roleUrl(server.url, testSecret, 'mirante_api'),
    jobs: roleUrl(server.url, testSecret, 'mirante_jobs'),
    queue: roleUrl(server.url, testSecret, 'mirante_queue'),
    metabase: roleUrl(server.url, testSecret, 'mirante_metabase'),
    ops: roleUrl(server.url, testSecret, 'mirante_ops'),
  };
  owner = createPool(server.url, { max: 2, name: 'test owner', role: 'mirante_owner', statementTimeoutMs: 500 });
  setup = createPool(urls.api, { max: 1, name: 'test setup' });
  api = await useApi({ urls });
  tenant = await makeTenant({ api: setup });
  unseen = await makeTenant({ api: setup });
});
afterAll(async () => {
  await api.close();
  await Promise.all([owner.end(), setup.end()]);
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** All processes of the server; the first is the parent. */
function processesOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return [parent, ...pairs.filter(([, ppid]) => ppid === parent).map(([pid]) => pid as number)];
}

/** Pauses every process of the server until `work` has ended, like a hung disk or a paused machine. */
async function whileFrozen<T>(work: () => Promise<T>): Promise<T> {
  process.kill(server.pid, 'SIGSTOP');
  const frozen = processesOf(server.pid);
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const pid of frozen.reverse()) process.kill(pid, 'SIGCONT');
  }
}

async function timed(work: Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const started = performance.now();
  const answer = await work;
  return { answer, ms: performance.now() - started };
}

const send = (to: TestTenant, body: unknown, headers = {}) => api.call('POST', '/v1/events', to.keys.ingest, body, headers);
const event = () => ({ id: v4(), type: 'test.sent.v1', time: new Date().toISOString() });

describe.skipIf(process.platform === 'win32')('a frozen database', () => {
  test('ingestion returns 503 within five seconds, /readyz within one, and nothing is lost when the database resumes', async () => {
    const [known, fresh] = [event(), event()];
    expect((await send(tenant, event())).status).toBe(202);
    expect((await api.call('GET', '/v1/events', tenant.keys.read)).status).toBe(200);
    expect((await api.call('GET', '/readyz')).status).toBe(200);

    await whileFrozen(async () => {
      const refused = [
        send(tenant, known),
        send(unseen, fresh),
        send(tenant, event(), { 'idempotency-key': v4() }),
        send(tenant, '{"broken'),
        api.call('GET', '/v1/events', unseen.keys.read),
      ].map(timed);
      for (let n = 0; n < 4; n++) {
        const ready = await timed(api.call('GET', '/readyz'));
        expect(ready.answer.status).toBe(503);
        expect(ready.ms).toBeLessThan(1_200);
      }
      for (const { answer, ms } of await Promise.all(refused)) {
        expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
        expect(ms).toBeLessThan(5_000);
      }
      expect((await api.call('GET', '/livez')).status).toBe(200);
    });

    await expect.poll(async () => (await api.call('GET', '/readyz')).status, { timeout: 10_000 }).toBe(200);
    for (const [to, one] of [
      [tenant, known],
      [unseen, fresh],
    ] as const) {
      await expect.poll(async () => (await send(to, one)).status, { timeout: 10_000 }).toBe(202);
    }
    const { rows } = await owner.query<{ id: string }>(
      "select id from private.events where type = 'test.sent.v1' and id = any ($1)",
      [[known.id, fresh.id]],
    );
    expect(rows.map(({ id }) => id).sort()).toEqual([known.id, fresh.id].sort());
  });

  test('a statement ends at the limit of its client, and its connection is not reused', async () => {
    await owner.query('select 1');
    await whileFrozen(async () => {
      const started = performance.now();
      const [outcome] = await Promise.allSettled([owner.query('select 1')]);
      expect(outcome.status === 'rejected' && isDatabaseAway(outcome.reason)).toBe(true);
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(owner.totalCount).toBe(0);
    });
    expect((await owner.query('select 1')).rowCount).toBe(1);
  });
});
