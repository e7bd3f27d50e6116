import { pino } from 'pino';
import { collectAllJourneys } from '../jobs/performance/collect-journeys.ts';
import { get, load, quantile } from './http-load.ts';
import type { Stage } from './stage.ts';

const JOURNEYS = 1_000_000;
const RATINGS = 100_000;
const RUNS = 5;
const SECONDS = 10;
const BOTS = 40;
const PEOPLE = 2;
const EVERY_MS = 40;

const SERVICE = { name: 'Bench', journey: { started: 'bench.started.v1', completed: 'bench.created.v1', id: '/data/journey' } };
const feedback = (service: string, network: string) => {
  const body = JSON.stringify({ service, rating: 5 });
  return `POST /v1/feedback HTTP/1.1\r\nhost: bench\r\nx-forwarded-for: ${network}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
};

/**
 * Seconds for the measures of a year over a million journeys and 100,000 ratings; journeys collected from events per second; and what a flood of
 * feedback from ten networks does to people of other networks and to another call. It needs TRUSTED_PROXIES=127.0.0.1.
 */
export async function benchPerformance(stage: Stage, note: (sentence: string) => void) {
  const { owner, tenants, url } = stage;
  const [tenant] = tenants as [Stage['tenants'][number]];
  await owner.query(
    `insert into private.services (tenant_id, slug, name, locales, timezone, started, completed, journey_id, draft_limit_days, channels, costs,
         comment_retention_days)
     select $1, slug, $2, '{en}', 'UTC', $3, $4, $5, 90, '{online}', '{"currency": "GBP"}', 365 from unnest(array['events', 'year', 'flood']) slug`,
    [tenant.id, SERVICE.name, SERVICE.journey.started, SERVICE.journey.completed, SERVICE.journey.id],
  );
  note(`${JOURNEYS} journeys and ${RATINGS} ratings`);
  await owner.query(
    `insert into private.journeys (tenant_id, service, id, started_at, completed_at)
     select $1, 'year', gen_random_uuid(), t, case when random() < 0.8 then t + random() * interval '40 days' end
     from (select now() - random() * interval '365 days' as t from generate_series(1, $2)) s`,
    [tenant.id, JOURNEYS],
  );
  await owner.query("update private.services set collected_to = now(), journeys_to = now() where slug = 'year'");
  await owner.query(
    `insert into private.feedback (id, tenant_id, service, received_at, rating, locale)
     select gen_random_uuid(), $1, 'year', now() - random() * interval '365 days', 1 + floor(random() * 5)::integer, 'en'
     from generate_series(1, $2)`,
    [tenant.id, RATINGS],
  );
  await owner.query('vacuum (analyze) private.journeys, private.feedback');
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const started = performance.now();
    const answer = await fetch(`${url}/v1/services/year/measures`, { headers: { authorization: `Bearer ${tenant.read}` } });
    if (!answer.ok) throw new Error(await answer.text());
    times.push((performance.now() - started) / 1000);
  }

  const events = JOURNEYS / 5;
  note(`${events} events`);
  await owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, data)
     select $1, now() - random() * interval '30 days', gen_random_uuid(), now(),
         case when n % 2 = 0 then $3 else $4 end, 'bench', 100, jsonb_build_object('journey', n / 2)
     from generate_series(1, $2::integer) n`,
    [tenant.id, events, SERVICE.journey.started, SERVICE.journey.completed],
  );
  await owner.query("update private.services set journeys_to = null, collected_to = null where slug = 'events'");
  const began = performance.now();
  await collectAllJourneys({ pool: owner, log: pino({ level: 'silent' }), clock: () => new Date() });
  const collecting = (performance.now() - began) / 1000;

  note('a flood of feedback');
  const slug = (await owner.query<{ slug: string }>('select slug from private.tenants where id = $1', [tenant.id])).rows[0]
    ?.slug;
  const service = `${slug}/flood`;
  const answers = new Map<number, number>();
  const other = () => get('/v1/services/flood', tenant.read);
  const calm = await load(url, PEOPLE, SECONDS, other, () => undefined, EVERY_MS);
  const people = { sent: 0, stored: 0 };
  const [bots, , flooded] = await Promise.all([
    load(
      url,
      BOTS,
      SECONDS,
      (turn) => feedback(service, `10.0.${turn % 10}.1`),
      ({ status }) => answers.set(status, (answers.get(status) ?? 0) + 1),
      EVERY_MS,
    ),
    load(
      url,
      PEOPLE,
      SECONDS,
      (turn) => feedback(service, `172.${16 + (turn >> 8)}.${turn & 255}.1`),
      ({ status }) => {
        people.sent++;
        if (status === 202) people.stored++;
      },
      EVERY_MS,
    ),
    load(url, PEOPLE, SECONDS, other, () => undefined, EVERY_MS),
  ]);
  return {
    year_s: times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)],
    events_per_second: events / collecting,
    flood: {
      per_second: bots.perSecond,
      answers: Object.fromEntries(answers),
      people,
      other_p95_ms: quantile(flooded.durations, 0.95),
      calm_p95_ms: quantile(calm.durations, 0.95),
    },
  };
}
