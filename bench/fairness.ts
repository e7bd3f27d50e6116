import { randomUUID } from 'node:crypto';
import { caughtUp, fillHistory } from './history.ts';
import { type Answer, get, load, post, quantile } from './http-load.ts';
import { HOTTEST } from './queries.ts';
import type { Stage } from './stage.ts';

const ROUNDS = 5;
const SECONDS = 5;
const HOUR_MS = 3600_000;
const DAYS = 30;
const RULES = 40;
const PAUSE_MS = 40;
/** Connections of the attacker; 0: no attacker. */
const ATTACKERS = [0, 12, 40];
const CARDS = ['validations-trend', 'error-rate-trend', 'duration-trend', 'top-rules', 'marketplaces'];

type Name = 'metrics' | 'ingest' | 'cards';
type Scene = { times: Record<Name, number[]>; failed: number; attack: Map<number, number> };

/**
 * p95 of quiet tenants that read metrics, send events and read cards, with and without another tenant that requests long
 * windows with many groups from 12 and from 40 connections, never the same twice; and the ratios of both. Short alternating
 * rounds, so that other work on the machine affects all of them.
 */
export async function benchFairness(stage: Stage, events: number, note: (sentence: string) => void) {
  await fillHistory(stage, events, { from: DAYS, to: 0 }, note);
  await fillRules(stage);
  const scenes = ATTACKERS.map((): Scene => ({ times: { metrics: [], ingest: [], cards: [] }, failed: 0, attack: new Map() }));
  for (let round = 0; round < ROUNDS; round++) {
    note(`round ${round + 1} of ${ROUNDS}`);
    for (const [at, connections] of ATTACKERS.entries()) {
      const scene = scenes[at] as Scene;
      await Promise.all([quiet(stage, scene), connections && attackWith(stage, connections, round, scene.attack)]);
    }
  }
  const p95 = ({ times }: Scene, name: Name) => quantile(Float64Array.from(times[name]).sort(), 0.95);
  const [calm, ...attacked] = scenes as [Scene, ...Scene[]];
  const names = Object.keys(calm.times) as Name[];
  const each = <T>(figure: (name: Name) => T) => Object.fromEntries(names.map((name) => [name, figure(name)]));
  return {
    quiet: { ...each((name) => ({ p95_ms: p95(calm, name) })), failed: calm.failed },
    ...Object.fromEntries(
      attacked.map((scene, at) => [
        `attacker with ${ATTACKERS[at + 1]} connections`,
        {
          ...each((name) => ({ p95_ms: p95(scene, name), ratio: p95(scene, name) / p95(calm, name) })),
          failed: scene.failed,
          'answers to the attacker': Object.fromEntries(scene.attack),
        },
      ]),
    ),
  };
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

async function attackWith({ tenants, url }: Stage, connections: number, round: number, statuses: Map<number, number>) {
  const ask = (turn: number) => {
    const window = `from=${hoursAgo(DAYS * 24 - 1 - (turn % 20))}&to=${hoursAgo(round * 20 + (Math.floor(turn / 20) % 20))}`;
    const path = `/v1/metrics/validations.by_rule?interval=hour&group_by=rule,marketplace&limit=25&${window}`;
    return get(path, tenants[0]?.read ?? '');
  };
  await load(url, connections, SECONDS, ask, ({ status }) => statuses.set(status, (statuses.get(status) ?? 0) + 1));
}

async function quiet({ tenants, url }: Stage, scene: Scene): Promise<void> {
  const others = tenants.slice(1);
  const tenantOf = (turn: number) => others[(turn * 7) % others.length] as (typeof others)[number];
  const ask = async (name: Name, connections: number, next: (turn: number) => string) => {
    const check = ({ status }: Answer) => {
      if (status >= 300) scene.failed++;
    };
    const { durations } = await load(url, connections, SECONDS, next, check, PAUSE_MS);
    scene.times[name].push(...durations);
  };
  const event = () => `{"id":"${randomUUID()}","type":"shop.order.created.v1","source":"bench","data":{"duration_ms":20}}`;
  await Promise.all([
    ask('metrics', 3, (turn) => {
      const call = HOTTEST[turn % HOTTEST.length]?.replace('DAY_AGO', hoursAgo(24));
      return get(`/v1/metrics/${call}`, tenantOf(turn).read);
    }),
    ask('ingest', 2, (turn) => post('/v1/events', tenantOf(turn).ingest, `[${Array.from({ length: 10 }, event)}]`)),
    ask('cards', 2, (turn) => {
      const path = `/v1/dashboards/validations-overview/cards/${CARDS[turn % CARDS.length]}`;
      return get(`${path}?from=${hoursAgo(400 + (turn % 300))}`, tenantOf(turn).read);
    }),
  ]);
}
