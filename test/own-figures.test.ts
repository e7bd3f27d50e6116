import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createCards } from '../api/dashboards/cards.ts';
import { loadDashboards } from '../api/dashboards/dashboards.ts';
import type { Card, Dashboard } from '../api/dashboards/definition.ts';
import type { CardParameters } from '../api/dashboards/query.ts';
import { createAnswers } from '../api/http/answers.ts';
import { measureObjectives } from '../jobs/platform/measure-objectives.ts';
import { noteOpened } from '../sql/dashboards/opens.ts';
import { saveProbes } from '../sql/objectives/probes.ts';
import { noteUsed } from '../sql/tenants/feature-uses.ts';
import { makeOperatorKey, makeTenant, useDatabase } from './support/harness.ts';

type Row = Record<string, unknown>;

const HOUR = 3_600_000;
const DASHBOARDS = loadDashboards();
const TO = new Date(Math.floor(Date.now() / HOUR) * HOUR + HOUR);
const WINDOW = {
  from: new Date(TO.getTime() - 240 * HOUR).toISOString(),
  to: TO.toISOString(),
  interval: 'day',
} as CardParameters;

const db = await useDatabase();
await makeOperatorKey(db);

async function read(path: string): Promise<Row[]> {
  const [slug, name] = path.split('/');
  const dashboard = DASHBOARDS.get(slug as string) as Dashboard;
  const card = dashboard.cards.find((one) => one.name === name) as Card;
  const reader = { tenantId: '00000000-0000-0000-0000-000000000000', timezone: 'UTC' };
  return (await createCards(db, createAnswers()).read(reader, dashboard, card, WINDOW)).rows;
}

test('cards of objectives agree with the probes, computed by hand', async () => {
  const probes = (['ready', 'ingest', 'query', 'arrival'] as const).flatMap((probe) =>
    Array.from({ length: 60 }, (_, n) => ({
      probe,
      at: new Date(Date.now() - n * 60_000),
      ok: n % 20 !== 0,
      milliseconds: 100 * (1 + n),
      detail: null,
    })),
  );
  await saveProbes(db.owner, probes);
  const config = { STORAGE_USD_PER_GB_MONTH: 0.08, RAW_RETENTION_DAYS: 90, AGGREGATE_RETENTION_DAYS: 730 };
  await measureObjectives({ pool: db.jobs, log: pino({ level: 'silent' }), config });
  expect((await read('objectives/available'))[0]?.share).toBeCloseTo(57 / 60, 9);
  expect(await read('objectives/behind')).toEqual([{ behind: 5.7 }]);
  expect((await read('objectives/failed-trend'))[1]?.failed).toBe(12);
  expect((await read('objectives/failed')).reduce((sum, { failed }) => sum + Number(failed), 0)).toBe(12);
  const promises = await read('objectives/promises');
  expect(promises).toHaveLength(14);
  expect(promises[0]).toMatchObject({
    objective: 'availability',
    measured: '0.95',
    target: '0.999',
    status: 'missed',
    budget_left: 0,
    alert: 'fast-burn',
  });
  // 3 of 60 are 5 %, and the budget is 0.1 %.
  expect((await read('objectives/burn-rates'))[0]?.burn_1h).toBeCloseTo(50, 6);
});

test('shared insight counts what viewers opened and read, not the calls of programs', async () => {
  const [acme, rival] = [await makeTenant(db, { slug: 'acme' }), await makeTenant(db, { slug: 'rival' })];
  await makeTenant(db, { features: { benchmarks: false } });
  for (const [{ id }, reads] of [
    [acme, 2],
    [rival, 1],
  ] as const) {
    await noteOpened(db.api, id, 'error-patterns', 'api');
    for (const surface of ['mirante', 'mirante', 'metabase'] as const) await noteOpened(db.api, id, 'error-patterns', surface);
    for (let n = 0; n < reads; n++) await noteUsed(db.api, id, 'benchmarks');
    await noteUsed(db.api, id, 'exports');
  }
  expect((await read('business/insights')).map(({ kind, insights }) => [kind, insights])).toEqual([
    ['benchmarks', 3],
    ['dashboards', 6],
  ]);
  expect(await read('business/benchmark-use')).toMatchObject([{ readers: 2, switched_on: 2, share: 1, reads: 3 }]);
  const features = await read('business/features');
  expect(features).toContainEqual({ feature: 'benchmarks', customers: 3, switched_on: 2, used_by: 2 });
  expect(features).toContainEqual({ feature: 'exports', customers: 3, switched_on: 3, used_by: 2 });
  await db.owner.query(
    `insert into private.dashboard_opens
     select $1, (date_trunc('month', now()) - make_interval(months => n))::date + 9, 'error-patterns', 'mirante', 40 - 10 * n
     from generate_series(1, 2) n`,
    [acme.id],
  );
  const growth = await read('business/growth');
  expect(growth.map(({ insights }) => insights)).toEqual([20, 30, 9]);
  expect(growth[1]?.growth).toBeCloseTo(0.5, 9);
  expect([growth[0]?.growth, growth[2]?.growth]).toEqual([null, null]);
});
