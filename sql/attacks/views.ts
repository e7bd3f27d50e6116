import { CHECKS } from '../data-quality/quality-checks.ts';
import type { View } from './attack.ts';
import { type Attack, type AttackLogin, spelt, type Target } from './attack.ts';

// Views whose table has another name. All others have the name of their table.
const BENEATH: Record<string, string> = {
  'app.tenant': 'private.tenants',
  'app.data_quality': 'private.quality_results',
  'app.events_in_order': 'private.events',
  'app.events_newest_first': 'private.events',
};

// Rows without anything of their own tenant: types that all tenants share, audit entries other than those on event types, and
// records that jobs write for every tenant alike.
const UNMARKED: Record<string, string> = {
  'app.audit_log': '(tenant|key|alert_rule|alert_endpoint|sql_login|pseudonym_key|privacy_request|offboarding)[.]',
  'app.data_quality': `,(${CHECKS.map(({ name }) => name).join('|')}),`,
  'app.reconciliations': ',0,[)]$',
  'app.restatements': '_daily,',
};

/** Reads through the views, and all tricks to see a row before the view's own filter has removed it. */
export function viewAttacks(target: Target): Attack[] {
  return target.views.flatMap((view) => attacksOn(view, target));
}

function attacksOn({ name, from: readable, readers }: View, { own, victim }: Target): Attack[] {
  const as: AttackLogin[] = [
    ...(readers.includes('mirante_api') ? (['api'] as const) : []),
    ...(readers.includes('mirante_sql') ? (['sql'] as const) : []),
  ];
  const table = BENEATH[name] ?? name.replace('app.', 'private.');
  const theirs = `(select * from ${table} where ${table === 'private.tenants' ? 'id' : 'tenant_id'} = ${spelt(victim.id)}::uuid limit 1000) v`;
  // Fails for a row that contains nothing of the attacker's own and whose type is not shared by all tenants.
  const strange = `v::text !~ '${own.word}|${own.id}|${UNMARKED[name] ?? '"?br[.]validahub[.]'}'`;
  const traps = {
    cast: `case when ${strange} then v::text::integer else 1 end`,
    divide: `case when ${strange} then 1 / (length(v::text) - length(v::text)) else 1 end`,
    xml: `case when ${strange} then length(xmlparse(document '<a' || v::text)::text) else 1 end`,
    regexp: `case when ${strange} then length(regexp_replace('x', '(' || v::text, '')) else 1 end`,
    json: `case when ${strange} then length(('{' || v::text)::json::text) else 1 end`,
  };
  const places = {
    where: (trap: string, from: string) => `select count(*) from ${from} where (${trap}) = 1`,
    'order by': (trap: string, from: string) => `select 1 from ${from} order by ${trap} limit 5`,
    aggregate: (trap: string, from: string) => `select sum(${trap}), count(*) filter (where (${trap}) = 1) from ${from}`,
    'group by': (trap: string, from: string) => `select 1 from ${from} group by ${trap} having max(${trap}) > 0`,
    window: (trap: string, from: string) => `select sum(${trap}) over (order by ${trap}) from ${from} limit 5`,
    join: (trap: string, from: string) => `select count(*) from ${from} join generate_series(1, 2) n on n = (${trap})`,
    lateral: (trap: string, from: string) =>
      `select count(*) from ${from}, lateral (select ${trap} as n offset 0) l where l.n = 1`,
    exists: (trap: string, from: string) => `select 1 where exists (select from ${from} where (${trap}) = 2)`,
    case: (trap: string, from: string) =>
      `select count(*) from ${from} where case when true then (${trap}) = 1 else false end or random() < 0`,
  };
  const named = `${readable} v`;
  const attack = (title: string, statements: string[], more: Partial<Attack> = {}): Attack => ({
    name: `${title} ${name}`,
    as,
    statements,
    alive: [`select * from ${theirs}`],
    ...more,
  });
  return [
    attack('read', [
      `select * from ${readable} v`,
      `table ${name}`,
      `select v, to_jsonb(v), row_to_json(v) from ${named}`,
      `copy (select * from ${readable} v) to stdout`,
      `select query_to_xml('select * from ${readable} v', true, true, '')`,
      `with recursive r as (select v::text as t, 1 as n from ${named} union all select t, n + 1 from r where n < 2) select * from r limit 2000`,
      `select * from ${readable} v for share`,
      `select v.tableoid::regclass, v.ctid from ${named}`,
    ]),
    attack('explain', [
      `explain (analyze, verbose, buffers) select * from ${readable} v`,
      `explain (verbose, settings, format json) select count(*) from ${readable} v`,
    ]),
    ...Object.entries(traps).map(([kind, trap]) => {
      // One kind in every place, the others where a planner is most likely to move them.
      const chosen = Object.values(places).slice(0, kind === 'cast' ? undefined : 2);
      return attack(
        `a ${kind} that fails on strange rows of`,
        chosen.map((place) => place(trap, named)),
        { quiet: true, oneStance: true, alive: chosen.map((place) => place(trap, theirs)) },
      );
    }),
    attack(
      'plans forced over',
      [
        'enable_indexscan',
        'enable_bitmapscan',
        'enable_indexonlyscan',
        'enable_hashjoin',
        'enable_mergejoin',
        'enable_material',
        'enable_partition_pruning',
      ]
        .map((setting) => `set ${setting} = off`)
        .concat(Object.values(places).map((place) => place(traps.cast, named)))
        // After the others: by then the gates' own queries are planned, and need not start parallel workers for each row.
        .concat(
          'set cpu_operator_cost = 1000',
          'set parallel_setup_cost = 0',
          'set parallel_tuple_cost = 0',
          'set min_parallel_table_scan_size = 0',
        )
        .concat(Object.values(places).map((place) => place(traps.cast, named))),
      { quiet: true, oneStance: true, alive: Object.values(places).map((place) => place(traps.cast, theirs)) },
    ),
    attack('row security switched off for', ['set row_security = off', `select * from ${readable} v`]),
    attack(
      'change',
      [
        `insert into ${name} select * from ${name}`,
        `delete from ${name} returning *`,
        `merge into ${name} t using (select 1) s on true when matched then delete`,
      ],
      { writes: true },
    ),
  ];
}
