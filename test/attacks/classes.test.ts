import { beforeAll, expect, test } from 'vitest';
import { PLANTED } from '../../sql/tenants/canaries.ts';
import { useDatabase } from '../support/harness.ts';

type Relation = {
  schema: string;
  name: string;
  kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S';
  owner: string;
  tenant: boolean;
  forced: boolean;
  locked: boolean;
  part: boolean;
  rollup: boolean;
  barrier: boolean;
  text: string | null;
  grantees: string[];
};

let relations: Relation[];

const SCHEMAS = ['private', 'app', 'bi', 'ops', 'door', 'storage', 'limits', 'bullmq', 'migrations', 'public'];
const LOGINS = ['mirante_api', 'mirante_metabase', 'mirante_ops', 'mirante_queue', 'mirante_sql', 'mirante_jobs', 'public'];

const db = await useDatabase();

beforeAll(async () => {
  relations = (
    await db.migrator.query<Relation>(
      `select n.nspname as schema, c.relname as name, c.relkind as kind, c.relowner::regrole::text as owner,
           c.relforcerowsecurity as forced, c.relrowsecurity as locked, c.relispartition as part,
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as tenant,
           c.relkind = 'v' and n.nspname = 'private' and exists (select from storage.rollups r where r.name = c.relname) as rollup,
           coalesce(c.reloptions @> '{security_barrier=true}', false) as barrier,
           case when c.relkind = 'v' then pg_get_viewdef(c.oid) end as text,
           array(select distinct case when g.grantee = 0 then 'public' else g.grantee::regrole::text end
               from aclexplode(c.relacl) g where g.grantee <> c.relowner) as grantees
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and (n.nspname = any ($1) or n.nspname = '_timescaledb_internal'
           and c.relowner = 'mirante_owner'::regrole)
         and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
      [SCHEMAS],
    )
  ).rows;
});

const only = (relation: Relation, ...allowed: string[]) => relation.grantees.every((name) => allowed.includes(name));

// Tables of the platform, without rows of tenants.
const PLATFORM = [
  'benchmark_builds',
  'benchmark_panels',
  'benchmark_secrets',
  'benchmark_snapshots',
  'benchmark_units',
  'erasure_ledger',
  'grant_secrets',
  'heartbeats',
  'incidents',
  'ingest_gate',
  'isolation_audits',
  'metabase_dashboards',
  'objectives',
  'restore_drills',
  'roles_to_drop',
  'probe_totals',
  'probes',
  'settings',
];

/** The classes of a relation, with what must hold for each. The first that matches applies. */
const CLASSES: [string, (r: Relation) => boolean, (r: Relation) => boolean][] = [
  [
    'part of a table',
    (r) => (r.schema === 'private' && r.part) || r.schema === '_timescaledb_internal',
    (r) => only(r, 'mirante_views'),
  ],
  ['sequence', (r) => r.kind === 'S', (r) => only(r)],
  ['roll-up', (r) => r.rollup, (r) => r.tenant && only(r, 'mirante_views')],
  [
    'tenant rows',
    (r) => r.schema === 'private' && (r.tenant || r.name === 'tenants') && (r.kind === 'r' || r.kind === 'p'),
    (r) => r.forced && r.locked && only(r, 'mirante_views'),
  ],
  ['platform', (r) => r.schema === 'private' && PLATFORM.includes(r.name), (r) => only(r)],
  ['declarations', (r) => r.schema === 'private' && r.name === 'benchmarks', (r) => !r.tenant && only(r, 'mirante_views')],
  [
    'view with gate',
    (r) => r.schema === 'app' && r.kind === 'v',
    (r) =>
      r.barrier &&
      /current_tenant\(\)/.test(r.text ?? '') &&
      r.owner === 'mirante_views' &&
      only(r, 'mirante_api', 'mirante_sql'),
  ],
  ['operations', (r) => r.schema === 'ops' && r.kind === 'v', (r) => r.barrier && only(r, 'mirante_ops')],
  ['engine port', (r) => r.schema === 'storage', (r) => only(r, 'mirante_views')],
  ['rate limits', (r) => r.schema === 'limits' && r.name === 'counters', (r) => only(r, 'mirante_api')],
  ['queues', (r) => r.schema === 'bullmq', (r) => r.owner === 'mirante_queue' && only(r)],
  ['bookkeeping of migrations', (r) => r.schema === 'migrations', (r) => only(r)],
];

test('every relation has a class and meets its requirements', () => {
  const wrong = relations.flatMap((relation) => {
    const found = CLASSES.find(([, fits]) => fits(relation));
    const name = `${relation.schema}.${relation.name}`;
    if (!found) return [`${name} has no class: say in this test what it is`];
    return found[2](relation) ? [] : [`${name} is not what ${found[0]} promises`];
  });
  expect(wrong).toEqual([]);
  expect(relations.length).toBeGreaterThan(30);
});

test('every table of tenant rows has canary rows, else the audit could not test it', () => {
  const tables = relations.filter(
    (r) =>
      r.schema === 'private' &&
      r.tenant &&
      !r.part &&
      (r.kind === 'r' || r.kind === 'p') &&
      (r.name === 'import_rows' || !r.name.endsWith('_rows')),
  );
  expect(tables.map(({ name }) => `private.${name}`).sort()).toEqual([...Object.keys(PLANTED), 'private.audit_log'].sort());
});

test('row security has the two policies of storage.protect, and no other policy allows a row', async () => {
  const { rows } = await db.migrator.query<{ table: string; policies: (string | null)[] }>(
    `select tablename as table, array_agg(policyname || ' ' || array_to_string(roles, ',') || ' ' || qual order by policyname) as policies
     from pg_policies where schemaname = 'private' group by 1`,
  );
  const tenant = (column: string) => [
    'all_tenants mirante_owner true',
    `one_tenant mirante_views (${column} = ( SELECT private.current_tenant() AS current_tenant))`,
  ];
  // The owner of the audit log may insert, and nobody may update or delete.
  const more: Record<string, (string | null)[]> = { audit_log: [null] };
  for (const { table, policies } of rows) {
    const expected = [...tenant(table === 'tenants' ? 'id' : 'tenant_id'), ...(more[table] ?? [])];
    expect(policies.toSorted(), table).toEqual(expected.toSorted());
  }
});

test('no login has a privilege on a hypertable, an aggregate, or a chunk', async () => {
  const { rows } = await db.migrator.query(
    `select c.oid::regclass::text as relation, r.rolname as login
     from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r
     where (n.nspname = 'private' or n.nspname = '_timescaledb_internal' and c.relowner = 'mirante_owner'::regrole)
       and c.relkind in ('r', 'p', 'v', 'm') and r.rolname = any ($1) and r.rolname <> 'mirante_jobs'
       and has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references')`,
    [LOGINS],
  );
  expect(rows).toEqual([]);
});

// Who may run the functions of each schema. Functions of private that views and roll-ups need are listed, and the one of
// app.
const CALLERS: Record<string, string[]> = {
  bi: ['mirante_metabase'],
  door: ['mirante_api', 'mirante_owner'],
  ops: ['mirante_ops'],
  storage: ['mirante_views', 'public'],
  migrations: [],
};
// Returns no rows: with the grant of a canary it keeps the errors of a session out of the server's log.
const READERS = ['read_corrections', 'read_events', 'read_latency', 'read_rules', 'read_validations'];
// Only the owners, whose functions call them.
const READERS_OF_NOBODY: Record<string, string[]> = Object.fromEntries(READERS.map((name) => [name, []]));
const APP: Record<string, string[]> = { silence_audit: ['mirante_api', 'mirante_sql'], ...READERS_OF_NOBODY };
const PRIVATE: Record<string, string[]> = {
  ...READERS_OF_NOBODY,
  silence_audit: ['mirante_views'],
  current_tenant: ['mirante_api', 'mirante_sql', 'mirante_views'],
  latency_bin: ['mirante_api', 'mirante_sql', 'mirante_views', 'public'],
  latency_estimate: ['mirante_api', 'mirante_views'],
  reaches_percentile: ['mirante_api', 'mirante_views'],
  sane_count: ['mirante_api', 'mirante_sql', 'mirante_views', 'public'],
  hmac: ['public'],
  open_grant: ['mirante_views'],
  rotate_grant_secret: [],
  append_audit: [],
  add_test_scans: [],
  best_results: [],
  better_result: [],
  hold_tests: [],
  judge_tests: [],
  audit_change: [],
  audit_value: [],
  audit_filter: [],
  audit_incident: [],
  business_days_after: [],
  keep_incident: [],
  key_mark: [],
  note_in_ledger: [],
  promised_types: [],
  raise_privacy_version: [],
  term_level: [],
  newcomers: [],
  archive_keep_days: [],
  audit_archive_rule: [],
  own_archive_keep_days: ['mirante_api'],
  ask_for_due_benchmarks: [],
  benchmark_answers: ['mirante_views'],
  benchmark_cell: [],
  benchmark_figures: [],
  benchmark_lags: [],
  benchmark_member: [],
  benchmark_period: ['mirante_views'],
  build_benchmark: [],
  completion: [],
  form_benchmark_blocks: [],
  journeys_watermark: [],
  judge_benchmark: [],
  judge_benchmarks: [],
  latest_benchmark: ['mirante_views'],
  legal_terms: [],
  make_benchmark_secret: [],
  part_benchmark_blocks: [],
  publish_report: [],
  round_benchmark: [],
  satisfaction: [],
  scopes_of_role: [],
  is_visit_open: [],
  end_visits: [],
  whole_benchmark_blocks: [],
  // Trigger functions, which cannot be called.
  refuse_change: ['public'],
};

type Routine = { schema: string; name: string; owner: string; definer: boolean; settings: string[] | null; callers: string[] };

test('every function has a class, and security definer functions set their search path', async () => {
  const { rows } = await db.migrator.query<Routine>(
    `select n.nspname as schema, p.proname as name, p.proowner::regrole::text as owner, p.prosecdef as definer, p.proconfig as settings,
         array(select distinct case when g.grantee = 0 then 'public' else g.grantee::regrole::text end
             from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee <> p.proowner) as callers
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any ($1) and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`,
    [SCHEMAS.filter((schema) => schema !== 'bullmq')],
  );
  const wrong = rows.flatMap(({ schema, name, definer, settings, callers }) => {
    const allowed = { ...CALLERS, private: PRIVATE[name], app: APP[name] }[schema];
    if (!allowed) return [`${schema}.${name} has no class: say in this test who may run it`];
    const strangers = callers.filter((caller) => !allowed.includes(caller));
    const loose = definer && !settings?.some((setting) => /^search_path=pg_catalog, pg_temp$/.test(setting));
    const open = definer && callers.includes('public');
    return [
      ...strangers.map((caller) => `${schema}.${name} may be run by ${caller}`),
      ...(loose ? [`${schema}.${name} runs with its owner's rights and no pinned search_path`] : []),
      ...(open ? [`${schema}.${name} runs with its owner's rights for everybody`] : []),
    ];
  });
  expect(wrong).toEqual([]);
});

test('who may use which schema; nobody may connect or create temporary tables by default', async () => {
  const { rows } = await db.migrator.query<{ schema: string; logins: string[] }>(
    `select n.nspname as schema, array_agg(r.rolname::text order by 1) as logins
     from pg_namespace n, pg_roles r
     where n.nspname = any ($1) and n.nspname <> 'public' and r.rolname = any ($2) and has_schema_privilege(r.oid, n.oid, 'usage')
     group by 1 order by 1`,
    [SCHEMAS, LOGINS],
  );
  expect(Object.fromEntries(rows.map(({ schema, logins }) => [schema, logins.sort()]))).toEqual({
    app: ['mirante_api', 'mirante_sql'],
    bi: ['mirante_metabase'],
    bullmq: ['mirante_queue'],
    door: ['mirante_api'],
    limits: ['mirante_api'],
    ops: ['mirante_ops'],
    private: ['mirante_api'],
  });
  const made = await db.migrator.query(
    `select r.rolname from pg_roles r
     where r.rolname = any ($1) and (has_database_privilege(r.oid, current_database(), 'temp, create')
       or exists (select from pg_namespace n where n.nspname = any ($2) and r.rolname <> 'mirante_queue'
           and has_schema_privilege(r.oid, n.oid, 'create')))`,
    [LOGINS, SCHEMAS],
  );
  expect(made.rows).toEqual([]);
  expect(
    (await db.migrator.query('select from pg_database, aclexplode(datacl) where datname = current_database() and grantee = 0'))
      .rowCount,
  ).toBe(0);
});
