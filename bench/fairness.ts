import { randomUUID } from 'node:crypto';
import { caughtUp, fillHistory } from './history.ts';
import { type Answer, get, load, post, quantile } from './http-load.ts';
import { HOTTEST } from './queries.ts';
import type { Stage } from './stage.ts';

const SECONDS = 10;
const HOUR_MS = 3600_000;
const DAYS = 30;
const RULES = 40;
const ATTACKERS = [12, 40];
const CARDS = ['validations-trend', 'error-rate-trend', 'duration-trend', 'top-rules', 'marketplaces'];

type Round = Record<'metrics' | 'ingest' | 'cards', { p95_ms: number; failed: number }>;
type Load = { perSecond: number; durations: Float64Array };

/**
 * p95 of quiet tenants that read figures, send events and look at cards, without and with another tenant that asks for long
 * windows in many groups from 12 and from 40 connections, never the same twice; and the ratios of the two.
 */
export async function benchFairness(stage: Stage, events: number, note: (sentence: string) => void) {
  await fillHistory(stage, events, { from: DAYS, to: 0 }, note);
  await fillRules(stage);
  await quiet(stage, 3);
  const before = await quiet(stage, SECONDS);
  const attacked: Record<string, unknown> = {};
  const rounds: [number, Round, Record<string, unknown>][] = [];
  for (const connections of ATTACKERS) {
    note(`${connections} connections of the attacker`);
    const counts = new Map<number, number>();
    const [round, attack] = await Promise.all([quiet(stage, SECONDS), attackWith(stage, connections, counts)]);
    rounds.push([connections, round, { answers_per_second: attack.perSecond, statuses: Object.fromEntries(counts) }]);
  }
  const after = await quiet(stage, SECONDS);
  const calm = (name: keyof Round) => (before[name].p95_ms + after[name].p95_ms) / 2;
  for (const [connections, round, attack] of rounds) {
    const names = Object.keys(round) as (keyof Round)[];
    attacked[`${connections} connections`] = {
      ...Object.fromEntries(names.map((name) => [name, { ...round[name], ratio: round[name].p95_ms / calm(name) }])),
      attacker: attack,
    };
  }
  return { quiet: { before, after }, attacked };
}

// Of the attacker: every hour has every rule in every marketplace.
async function fillRules({ owner, tenants, ...stage }: Stage): Promise<void> {
  await owner.query(
    `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
     select $1, date_trunc('hour', now(), 'UTC') - h * interval '1 hour' + interval '5 minutes', gen_random_uuid(), 'rule-' || r, 'market-' || m, 1 + r
     from generate_series(1, $2::integer * 24 - 1) h, generate_series(1, $3::integer) r, generate_series(1, 5) m`,
    [tenants[0]?.id, DAYS, RULES],
  );
  await owner.query(
    `insert into private.dirty_hours (hour)
     select date_trunc('hour', now(), 'UTC') - h * interval '1 hour' from generate_series(1, $1::integer * 24) h`,
    [DAYS],
  );
  await caughtUp({ owner, tenants, ...stage });
}

const hoursAgo = (hours: number) => new Date(Math.floor(Date.now() / HOUR_MS - hours) * HOUR_MS).toISOString();

function attackWith({ tenants, url }: Stage, connections: number, counts: Map<number, number>): Promise<Load> {
  const ask = (turn: number) => {
    const window = `from=${hoursAgo(DAYS * 24 - 1 - (turn % 20))}&to=${hoursAgo(Math.floor(turn / 20) % 100)}`;
    const path = `/v1/metrics/validations.by_rule?interval=hour&group_by=rule,marketplace&limit=25&${window}`;
    return get(path, tenants[0]?.read ?? '');
  };
  return load(url, connections, SECONDS, ask, ({ status }) => counts.set(status, (counts.get(status) ?? 0) + 1));
}

async function quiet({ tenants, url }: Stage, seconds: number): Promise<Round> {
  const others = tenants.slice(1);
  const tenantOf = (turn: number) => others[(turn * 7) % others.length] as (typeof others)[number];
  const failed = { metrics: 0, ingest: 0, cards: 0 };
  const count = (name: keyof Round) => (answer: Answer) => {
    if (answer.status >= 300) failed[name]++;
  };
  const metrics = load(
    url,
    3,
    seconds,
    (turn) => get(`/v1/metrics/${HOTTEST[turn % HOTTEST.length]?.replace('DAY_AGO', hoursAgo(24))}`, tenantOf(turn).read),
    count('metrics'),
    40,
  );
  const event = () => `{"id":"${randomUUID()}","type":"shop.order.created.v1","source":"bench","data":{"duration_ms":20}}`;
  const ingest = load(
    url,
    2,
    seconds,
    (turn) => post('/v1/events', tenantOf(turn).ingest, `[${Array.from({ length: 10 }, event)}]`),
    count('ingest'),
    40,
  );
  const cards = load(
    url,
    2,
    seconds,
    (turn) => {
      const path = `/v1/dashboards/validations-overview/cards/${CARDS[turn % CARDS.length]}`;
      return get(`${path}?from=${hoursAgo(400 + (turn % 300))}`, tenantOf(turn).read);
    },
    count('cards'),
    40,
  );
  const done = { metrics: await metrics, ingest: await ingest, cards: await cards };
  const roundOf = (name: keyof Round) => ({ p95_ms: quantile(done[name].durations, 0.95), failed: failed[name] });
  return { metrics: roundOf('metrics'), ingest: roundOf('ingest'), cards: roundOf('cards') };
}
