import { type Attack, EVERYBODY, spelt, type Target } from './attack.ts';

/** Attempts to become another role, or to make the gates check something other than what they name. */
export function sessionAttacks({ victim, roles }: Target): Attack[] {
  const id = spelt(victim.id);
  const theirs = [`select * from private.events where tenant_id = ${id}::uuid limit 3`];
  const reads = [
    'select * from app.events',
    'select * from app.tenant',
    'select * from app.events_hourly',
    'select * from private.events',
  ];
  const become = `set_config('app.tenant_id', ${id}, false) is null`;
  return [
    ...roles
      .filter((role) => !/^mirante_(api|metabase)$/.test(role))
      .map(
        (role): Attack => ({
          name: `become ${role}`,
          as: EVERYBODY,
          oneStance: true,
          refused: true,
          statements: [
            `set role ${role}`,
            `set local role ${role}`,
            `set session authorization ${role}`,
            `select set_config('role', '${role.replaceAll('"', '')}', false)`,
          ],
          alive: [],
        }),
      ),
    {
      name: 'become the two logins whose setting proves a tenant',
      as: ['sql'],
      refused: true,
      statements: ['api', 'metabase'].flatMap((name) => [
        `set role mirante_${name}`,
        `set session authorization mirante_${name}`,
      ]),
      alive: [],
    },
    {
      name: 'set the tenant',
      // The API's own statements name their tenant: their text is Mirante's.
      as: ['sql', 'metabase'],
      statements: [
        ...[`select ${become}`, `select set_config('app.tenant_id', ${id}, true) is null`].flatMap((set) => [set, ...reads]),
        `select * from app.events where ${become}`,
        `with s as materialized (select ${become} as done) select e.* from s, app.events e`,
        `select e.* from (select ${become} as done offset 0) s, lateral (select * from app.events where s.done is not null) e`,
        `do $$ begin perform ${become}; end $$`,
        ...reads,
        'reset session authorization',
        'reset role',
        'set role none',
        `select ${become}`,
        ...reads,
        'set role mirante_sql',
        ...reads,
      ],
      alive: theirs,
    },
    {
      name: 'forget the tenant',
      as: EVERYBODY,
      statements: [
        'reset all',
        ...reads,
        'reset app.tenant_id',
        ...reads,
        `select set_config('app.tenant_id', '', false)`,
        ...reads,
        `set app.tenant_id = 'null'`,
        ...reads,
      ],
      alive: theirs,
    },
    {
      name: 'shadow what the gates call',
      as: EVERYBODY,
      statements: [
        'set search_path = pg_temp, app, private, public, pg_catalog',
        `create function pg_temp.current_tenant() returns uuid language sql as $$ select ${id}::uuid $$`,
        `create function pg_temp.uuid_eq(uuid, uuid) returns boolean language sql as $$ select true $$`,
        'create operator pg_temp.= (leftarg = uuid, rightarg = uuid, function = pg_catalog.uuid_ne)',
        'create temp table tenants as select 1 as id',
        'create temp view events as select 1 as id',
        'create schema attacker',
        `create function public.now() returns timestamptz language sql as $$ select 'infinity'::timestamptz $$`,
        ...reads,
        'set search_path = private, app',
        'select * from events limit 3',
        'select * from tenants limit 3',
      ],
      alive: theirs,
    },
    {
      name: 'make a function that leaks',
      as: EVERYBODY,
      refused: true,
      oneStance: true,
      statements: ['pg_temp', 'public', 'app', 'private', 'bi', 'door', 'ops', 'storage'].map(
        (schema) =>
          `create function ${schema}.leak(text) returns boolean language plpgsql cost 0.00000001 as $$ begin raise notice '%', $1; return true; end $$`,
      ),
      alive: [],
    },
    {
      name: 'run blocks, cursors and prepared statements',
      as: EVERYBODY,
      statements: [
        `do $$ declare r record; begin for r in select e::text as t from app.events e loop raise notice '%', r.t; end loop; end $$`,
        `do $$ declare r record; begin for r in select e::text as t from private.events e loop raise notice '%', r.t; end loop; end $$`,
        `do $$ begin execute 'set local role mirante_owner'; perform from private.events; end $$`,
        'declare mine cursor for select * from app.events',
        'fetch all from mine',
        `select cursor_to_xml('mine', 100, true, true, '')`,
        'prepare p as select * from app.events',
        'execute p',
        'select * from pg_prepared_statements',
        'select * from pg_cursors',
      ],
      alive: theirs,
    },
  ];
}
