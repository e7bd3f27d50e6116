import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { createLog } from '../lib/log.ts';
import { useApi } from '../test/support/api.ts';
import { makeTenant, need, useDatabase } from '../test/support/harness.ts';
import { sendAll } from './batches.ts';
import { createClient } from './client.ts';
import { novaLines } from './sample/nova-file.ts';

const file = need('nova-log');

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const dataDir = await mkdtemp(join(tmpdir(), 'mirante-test-'));

afterAll(async () => {
  await rm(dataDir, { recursive: true });
});

const client = () => createClient(api.url, tenant.keys.ingest);

test('lines are sent unchanged, and the receipts of all batches are summed', async () => {
  const time = new Date().toISOString();
  const lines = [...Array(1500).keys()].map((id) =>
    JSON.stringify({ type: 'test.line.v1', source: 'test', id: `${id}`, time }),
  );
  const receipt = await sendAll(client(), [...lines, '', '{"no":"type"}', lines[0] as string]);
  expect(receipt).toEqual({ received: 1502, accepted: 1500, duplicates: 1, conflicts: 0, quarantined: 0, rejected: 1 });
});

test('an unknown key is an error with a message', async () => {
  await expect(sendAll(createClient(api.url, 'mir_ingest_none'), ['{}'])).rejects.toThrow(
    /^POST \/v1\/events failed with 401: A valid key is required/,
  );
});

describe.skipIf(!file)('the real nova-api log', () => {
  const log = file as string;

  it('is stored once, however often it is sent', async () => {
    const first = await sendAll(client(), novaLines(dataDir, log));
    expect(first).toMatchObject({ received: 1017, accepted: 1017 });
    const again = await sendAll(client(), novaLines(dataDir, log, Date.now() + 60_000));
    expect(again).toMatchObject({ received: 1017, accepted: 0, duplicates: 1017 });
  });

  it('is moved so that it ends now', () => {
    const times = [...novaLines(dataDir, log)].map((line) => Date.parse(JSON.parse(line).time));
    expect(Date.now() - Math.max(...times)).toBeLessThan(60_000);
    expect(Math.max(...times) - Math.min(...times)).toBe(14 * 60_000 + 47_687 - 8);
  });

  it('has the percentiles that its own text says', async () => {
    const deps = { pool: db.jobs, engine: db.engine, log: createLog('test', 'silent'), clock: () => new Date() };
    await refreshRollups(deps);
    const durations = [...readFileSync(log, 'utf8').matchAll(/^nova-api.* time: ([\d.]+)$/gm)].map(([, s]) => Number(s) * 1000);
    const sorted = durations.sort((a, b) => a - b);
    expect(await metric('events.count')).toBe(sorted.length);
    for (const [name, known, quantile] of [
      ['latency.p50', 259, 0.5],
      ['latency.p95', 385, 0.95],
      ['latency.p99', 505, 0.99],
    ] as const) {
      const exact = sorted[Math.ceil(quantile * sorted.length) - 1] as number;
      expect(Math.round(exact)).toBe(known);
      expect(Math.abs((await metric(name)) / exact - 1)).toBeLessThanOrEqual(0.02);
    }
  });

  async function metric(name: string): Promise<number> {
    const path = `/v1/metrics/${name}?interval=total&filter[type]=mirante.http.request.v1`;
    const answer = await api.call('GET', path, tenant.keys.read);
    return answer.body.data[0].value;
  }
});
