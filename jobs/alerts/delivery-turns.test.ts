import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { claimDelivery, type DueDelivery, settleDelivery } from '../../sql/alerts/deliveries.ts';
import { makeTenant, testSecret, useDatabase } from '../../test/support/harness.ts';
import { asThePathSays, type Receiver, useReceiver } from '../../test/support/receiver.ts';
import { createDeliveryRunner, type DeliverDeps } from './deliver.ts';

type Answering = (response: ServerResponse, path: string) => void;

let answer: Answering;
let receiver: Receiver;
let now: number;

const db = await useDatabase();
beforeEach(async () => {
  now = Date.now();
  answer = asThePathSays;
  receiver = await useReceiver((response, path) => answer(response, path));
});

const deps = (): DeliverDeps => ({
  pool: db.jobs,
  log: pino({ level: 'silent' }),
  clock: () => new Date(now),
  secret: testSecret,
  config: { ALERTS_ALLOW_PRIVATE_NETWORKS: ['127.0.0.0/8'], ALERTS_FROM: undefined, SMTP_URL: undefined },
});

/** Adds a delivery to a new endpoint of the tenant. */
const put = (tenantId: string, path: string, at: number) =>
  db.owner.query(
    `with e as (
       insert into private.alert_endpoints (id, tenant_id, kind, target) values (gen_random_uuid(), $1, 'webhook', $2) returning id
     )
     insert into private.alert_deliveries (id, tenant_id, endpoint_id, type, message, created_at, due_at)
     select gen_random_uuid(), $1, id, 'alert.test', '{}', $3, $3 from e`,
    [tenantId, `${receiver.url}${path}`, new Date(at)],
  );

test('an attempt that ends after another worker has taken over changes nothing', async () => {
  await put((await makeTenant(db)).id, '/200', now);
  const late = await claimDelivery(db.jobs, new Date(now));
  now += 60_000;
  await createDeliveryRunner(deps())();
  const outcome = { status: 'waiting', dueAt: new Date(now), responseCode: null, error: 'timeout' } as const;
  await settleDelivery(db.jobs, late as DueDelivery, outcome, new Date(now));
  const { rows } = await db.owner.query('select status, attempts, error from private.alert_deliveries');
  expect(rows).toEqual([{ status: 'delivered', attempts: 2, error: null }]);
});

test('many tenants with slow endpoints block neither another tenant nor a second call', async () => {
  const waiting: ServerResponse[] = [];
  const held: Answering = (response, path) => (path === '/slow' ? void waiting.push(response) : asThePathSays(response, path));
  answer = held;
  for (let n = 0; n < 10; n += 1) {
    const { id } = await makeTenant(db);
    for (let k = 0; k < 6; k += 1) await put(id, '/slow', now - 60_000);
  }
  const run = createDeliveryRunner(deps());
  const under = run();
  await expect.poll(() => waiting.length).toBe(40);
  const rival = await makeTenant(db);
  await put(rival.id, '/204', now);
  // It returns although forty attempts are running.
  await run();
  expect(receiver.received.map(({ path }) => path)).not.toContain('/204');
  waiting.shift()?.end();
  await expect.poll(() => receiver.received.map(({ path }) => path)).toContain('/204');
  answer = asThePathSays;
  for (const response of waiting) response.end();
  await under;
  expect((await db.owner.query("select from private.alert_deliveries where status <> 'delivered'")).rowCount).toBe(0);
});
