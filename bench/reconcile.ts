import { pino } from 'pino';
import { checkDataQuality } from '../jobs/metrics/check-data-quality.ts';
import { reconcile } from '../jobs/metrics/reconcile.ts';
import { load, post } from './http-load.ts';
import type { Stage } from './stage.ts';

const RUNS = 5;
const config = { AGGREGATE_RETENTION_DAYS: 730 };
const clock = () => new Date();
const body = () =>
  `[${Array.from({ length: 100 }, () => `{"type":"shop.order.paid.v1","source":"bench","data":{"n":1}}`).join(',')}]`;

/** Seconds (median) of the nightly reconciliation over all events, idle and during ingestion, and of the hourly checks. */
export async function benchReconcile(stage: Stage) {
  const { owner, tenants, url } = stage;
  const { rows } = await owner.query<{ n: number }>('select count(*) as n from private.events');
  const idle = await median(() => prove(stage));
  const busy = median(() => prove(stage));
  const { perSecond } = await load(
    url,
    4,
    10,
    (turn) => post('/v1/events', tenants[turn % tenants.length]?.ingest ?? '', body()),
    ({ status, body }) => {
      if (status !== 202) throw new Error(`Answer ${status}: ${body}`);
    },
    100,
  );
  const checks = await median(() => checkDataQuality({ pool: owner, log: pino({ level: 'silent' }), clock }));
  return {
    events: rows[0]?.n,
    reconcile_s: idle,
    reconcile_while_ingesting_s: await busy,
    ingested_per_second: perSecond * 100,
    quality_checks_s: checks,
  };
}

async function prove({ owner }: Stage): Promise<void> {
  const { first } = await reconcile({ pool: owner, config, clock });
  if (first) throw new Error(`A difference where there is none: ${JSON.stringify(first)}`);
}

async function median(work: () => Promise<void>): Promise<number> {
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    await work();
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds.sort((a, b) => a - b)[Math.floor(RUNS / 2)] as number;
}
