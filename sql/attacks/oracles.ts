import { EVERYBODY, type Oracle, spelt, type Target } from './attack.ts';

const WRONG = '0123456789abcdef0123456789abcdef';

/**
 * Questions that a plan's estimates or a conflict might answer: does another tenant have such a type, rule or id, and how often?
 */
export function oracleAttacks({ victim }: Target): Oracle[] {
  const word = { right: victim.word, wrong: WRONG };
  const id = { right: victim.id, wrong: '01234567-89ab-4def-8123-456789abcdef' };
  const plan = (view: string, condition: string) => [
    `explain (verbose) select * from ${view} where ${condition}`,
    `explain (verbose) select count(*), max(v::text) from ${view} v where ${condition} group by v::text`,
    `explain (analyze, verbose, timing off, summary off, costs off, buffers off) select * from ${view} where ${condition}`,
  ];
  const estimate = (
    view: string,
    table: string,
    condition: (guess: string) => string,
    as: Oracle['as'] = ['api', 'sql'],
  ): Oracle => ({
    name: `estimates of ${view} where ${condition('…')}`,
    as,
    guesses: word,
    ask: (guess) => plan(view, condition(guess)),
    alive: (guess) => [`select count(*) from ${table} where tenant_id = ${spelt(victim.id)}::uuid and ${condition(guess)}`],
  });
  const same = (view: string, condition: (guess: string) => string, as?: Oracle['as']) =>
    estimate(`app.${view}`, `private.${view}`, condition, as);
  return [
    same('events', (guess) => `type = 'canary.${guess}.v1'`),
    same('events', (guess) => `type like 'canary.${guess}%'`),
    same('events', (guess) => `type >= 'canary.${guess}' and type < 'canary.${guess}~'`),
    same('events', (guess) => `type in ('canary.${guess}.v1', 'none')`),
    same('events', (guess) => `source = '${guess}'`),
    same('events', (guess) => `subject = '${guess}'`),
    same('events', (guess) => `data ->> 'marketplace' = '${guess}'`),
    same('events', (guess) => `data @> '{"marketplace": "${guess}"}'`),
    same('rule_hits', (guess) => `rule = '${guess}'`),
    same('rule_hits', (guess) => `marketplace = '${guess}'`),
    same('events_hourly', (guess) => `type = 'canary.${guess}.v1'`),
    same('events_daily', (guess) => `type = 'canary.${guess}.v1'`),
    same('latency_hourly', (guess) => `type = 'canary.${guess}.v1'`),
    same('validations_hourly', (guess) => `marketplace = '${guess}'`),
    same('rules_hourly', (guess) => `rule = '${guess}'`),
    same('corrections_hourly', (guess) => `marketplace = '${guess}'`),
    same('event_types', (guess) => `type = 'canary.${guess}.v1'`),
    same('quarantine', (guess) => `type = 'canary.${guess}.v1'`, ['api']),
    {
      ...same('event_types', (guess) => `tenant_id = '${guess}'`),
      guesses: id,
    },
    {
      name: 'is there such a tenant',
      as: ['sql', 'api'],
      guesses: id,
      ask: (guess) => [...plan('app.tenant', `id = '${guess}'`), `select * from app.tenant where id = '${guess}'`],
      alive: (guess) => [`select count(*) from private.tenants where id = '${guess}'`],
    },
    {
      name: 'is there such an event type of anybody',
      as: ['api'],
      writes: true,
      guesses: word,
      ask: (guess) => [
        `insert into app.event_types (tenant_id, type, version, schema, mode)
         select id, 'canary.${guess}.v1', 7, '{}', 'observe' from app.tenant`,
        `insert into app.event_types (tenant_id, type, version, schema, mode) values (${spelt(victim.id)}::uuid, 'canary.${guess}.v1', 1, '{}', 'observe')`,
        `insert into app.event_types (tenant_id, type, version, schema, mode) values (${spelt(victim.id)}::uuid, 'canary.${guess}.v1', 1, '{}', 'observe') on conflict do nothing`,
      ],
      alive: (guess) => [
        `select count(*) from private.event_types where tenant_id = ${spelt(victim.id)}::uuid and type = 'canary.${guess}.v1'`,
      ],
    },
    {
      name: 'is there such a relation, by how it is refused',
      as: EVERYBODY,
      oneStance: true,
      guesses: id,
      ask: (guess) => [
        `select * from private.events where tenant_id = '${guess}'`,
        `select count(*) from private.tenants where id = '${guess}'`,
      ],
      alive: (guess) => [`select count(*) from private.tenants where id = '${guess}'`],
    },
  ];
}
