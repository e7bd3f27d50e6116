import { type Attack, spelt, type Target } from './attack.ts';

/** Every function that Metabase may run. Each takes a grant, a window and a width. */
export const FUNCTIONS = [
  'benchmarks',
  'corrections',
  'data_quality',
  'events',
  'freshness',
  'latency',
  'quarantined',
  'rules',
  'test_findings',
  'test_quartiles',
  'test_results',
  'validations',
  'week_hours',
] as const;
/** Functions whose rows may have no word of the victim, with another that proves its data. Documents of a canary may be older than the window. */
const WITHOUT_WORDS: Record<string, string> = {
  benchmarks: 'validations',
  test_findings: 'test_results',
  test_quartiles: 'test_results',
};
const WINDOW = "now() - interval '400 days', now() + interval '1 day'";

/** Attempts to make a function of bi show another tenant than the one whose grant was given. */
export function grantAttacks({ own, victim }: Target): Attack[] {
  const become = `set_config('app.tenant_id', ${spelt(victim.id)}, false) is null`;
  const read = (name: string, grant: string) => `select * from bi.${name}(${grant}, ${WINDOW}, 'total')`;
  const mine = `'${own.grant}'`;
  const [version, secret, , expiry, signature] = own.grant.split('.') as [string, string, string, string, string];
  const swapped = `'${version}.${secret}.' || ${spelt(victim.id)} || '.${expiry}.${signature}'`;
  const attack = (name: string, title: string, statements: string[], more: Partial<Attack> = {}): Attack => ({
    name: `${title} bi.${name}`,
    as: ['metabase'],
    statements,
    alive: [read(WITHOUT_WORDS[name] ?? name, `'${victim.grant}'`)],
    aliveAs: 'metabase',
    ...more,
  });
  return [
    ...FUNCTIONS.flatMap((name) => [
      attack(name, 'own grant, other tenant set, for', [
        `select ${become}`,
        read(name, mine),
        `select f.* from (select ${become} as done offset 0) s, lateral bi.${name}(case when s.done is not null then ${mine} end, ${WINDOW}, 'total') f`,
        read(name, `case when ${become} then null else ${mine} end`),
        `select * from bi.${name}(${mine}, case when ${become} then now() else now() - interval '400 days' end, now() + interval '1 day', 'total')`,
        `select * from bi.${name}(${mine}, ${WINDOW}, case when ${become} then 'hour' else 'day' end)`,
        `with s as materialized (select ${become} as done), f as (${read(name, mine)}) select * from s, f`,
        `select (bi.${name}(${mine}, ${WINDOW}, 'hour')).*, ${become}`,
        `${read(name, mine)} f where ${become} is not null and f::text is not null order by ${become}`,
      ]),
      attack(name, 'cursor over', [
        `declare mine cursor for ${read(name, mine)}`,
        'fetch 1 from mine',
        `select ${become}`,
        'fetch all from mine',
        `do $$ begin perform bi.${name}(${mine}, ${WINDOW}, 'fortnight'); exception when others then perform ${become}; end $$`,
        read(name, mine),
      ]),
      attack(name, 'joins and traps over', [
        `select * from bi.${name}(${mine}, ${WINDOW}, 'total') a full join bi.${name}(${mine}, ${WINDOW}, 'day') b on true`,
        `select f::text::integer from bi.${name}(${mine}, ${WINDOW}, 'total') f`,
        `select query_to_xml('select * from bi.${name}(''${own.grant}'', ${WINDOW.replaceAll("'", "''")}, ''hour'')', true, true, '')`,
        `explain (analyze, verbose, buffers) ${read(name, mine)}`,
        `copy (${read(name, mine)}) to stdout`,
      ]),
      attack(
        name,
        'no valid grant for',
        [
          ...['null', "''", "' '", "'{}'", "'[]'", "'null'", swapped, `lower('${own.grant}') || ' '`, `'["${own.grant}"]'`].map(
            (grant) => read(name, grant),
          ),
          read(name, `array['${own.grant}']`),
          read(name, `'${own.grant.slice(0, -1)}'`),
          read(name, `'${version}.${secret}..${expiry}.${signature}'`),
          read(name, `'none.${secret}.' || ${spelt(victim.id)} || '.${expiry}.'`),
          `select * from bi.${name}(${WINDOW}, 'total')`,
          `select * from bi.${name}(${swapped}, '1990-01-01', '1990-01-02', 'total')`,
        ],
        { refused: true },
      ),
    ]),
    attack(
      'events',
      'tables beneath',
      [
        `select private.open_grant(${mine})`,
        'select private.current_tenant()',
        'select * from private.grant_secrets',
        'select private.rotate_grant_secret()',
        `select private.hmac('', '', '')`,
        `select storage.whole_days(now(), now(), 'day', 'UTC')`,
        `select storage.bucket_of(now(), storage.starts(now(), now(), 'day', 'UTC'))`,
        'select * from app.events limit 1',
        'select * from app.events_hourly limit 1',
        `select door.sign_grant(now() + interval '1 hour')`,
        'select * from door.tenants(null, null, 10)',
      ],
      { refused: true },
    ),
  ];
}
