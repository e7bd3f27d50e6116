import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { v4 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../lib/embedded-postgres.ts';
import { type TestApi, useApi } from './support/api.ts';
import { makeTenant, need, type TestDatabase, useDatabase } from './support/harness.ts';

const program = need('redis-server');

describe.skipIf(!program)('Redis stops and restarts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-redis-'));
  let db: TestDatabase;
  let api: TestApi;
  let port: number;
  let redis: ChildProcess;

  async function startRedis(): Promise<ChildProcess> {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
    const child = spawn(program as string, flags, { stdio: ['ignore', 'pipe', 'ignore'] });
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('Ready to accept')) break;
    child.stdout.resume();
    return child;
  }

  async function stopRedis(): Promise<void> {
    const gone = once(redis, 'exit');
    redis.kill('SIGTERM');
    await gone;
  }

  beforeAll(async () => {
    db = await useDatabase();
    port = await freePort();
    redis = await startRedis();
    api = await useApi(db, { REDIS_URL: `redis://127.0.0.1:${port}` });
  });
  afterAll(async () => {
    await api.close();
    await stopRedis();
    rmSync(folder, { recursive: true, force: true });
  });

  test('events are accepted throughout, and limits and quotas apply again after the restart', async () => {
    const tenant = await makeTenant(db, { limits: { events_per_month: 40 } });
    const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
    const send = (count: number) =>
      api.call(
        'POST',
        '/v1/events',
        tenant.keys.ingest,
        Array.from({ length: count }, () => ({ id: v4(), type: 'a', time: hourAgo() })),
      );
    // The first commands may run before the connection is ready; they are counted in the process.
    await expect
      .poll(async () => (await api.call('GET', '/readyz')).body.checks['queue:rollups']?.waiting, { timeout: 60_000 })
      .toEqual(expect.any(Number));
    expect((await send(10)).body.accepted).toBe(10);

    await stopRedis();
    for (let n = 0; n < 5; n++) {
      const answer = await send(1);
      expect([answer.status, answer.body.accepted]).toEqual([202, 1]);
      expect(answer.headers.get('ratelimit')).toMatch(/^"requests";r=\d+/);
    }
    const away = await api.call('GET', '/readyz');
    expect([away.status, away.body.status]).toEqual([200, 'degraded']);

    redis = await startRedis();
    const waiting = async () => (await api.call('GET', '/readyz')).body.checks['queue:rollups'].waiting;
    await expect.poll(waiting, { timeout: 20_000 }).toEqual(expect.any(Number));
    expect((await send(30)).status).toBe(202);
    await expect.poll(async () => (await send(1)).body.code, { timeout: 60_000, interval: 200 }).toBe('quota-exceeded');
    const { rows } = await db.owner.query<{ n: number }>('select count(*) as n from private.events where tenant_id = $1', [
      tenant.id,
    ]);
    expect(rows[0]?.n).toBeGreaterThanOrEqual(45);
  }, 60_000);
});
