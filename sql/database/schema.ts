import type { Client } from './db.ts';

const HEADER = `-- What a fully migrated database holds on plain PostgreSQL 17, as its own catalogue tells it: a list to compare with, not to
-- run. Written by \`npm run schema\`; a test fails where it differs. Partitions are left out, because today's date makes them.
`;

// One row for each line of the dump: its object, its position among that object's lines, and the text.
const CATALOGUE = `
with schemas as (
    select oid, nspname, nspowner, nspacl from pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'public', 'bullmq', 'migrations')
), relations as (
    select c.*, format('%I.%I', s.nspname, c.relname) as name
    from pg_class c join schemas s on s.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
), functions as (
    select p.*, format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as name
    from pg_proc p join schemas s on s.oid = p.pronamespace
), grants as (
    select 0 as kind, nspname::text as name, nspowner as owner, coalesce(nspacl, acldefault('n', nspowner)) as acl from schemas
    union all
    select 1, name, relowner, coalesce(relacl, acldefault('r', relowner)) from relations
    union all
    select 1, format('%s (%I)', r.name, a.attname), r.relowner, a.attacl
    from pg_attribute a join relations r on r.oid = a.attrelid where a.attacl is not null
    union all
    select 2, name, proowner, coalesce(proacl, acldefault('f', proowner)) from functions
), lines as (
    select 0 as kind, nspname::text as name, 0 as part, '' as place,
        format('schema %I owner %s', nspname, nspowner::regrole) as line
    from schemas
    union all
    select 1, name, 0, '',
        case when relkind in ('v', 'm') then 'view ' else 'table ' end || name || ' owner ' || relowner::regrole
            || case when relkind = 'p' then ' partition by ' || pg_get_partkeydef(oid) else '' end
            || coalesce(' with (' || array_to_string(reloptions, ', ') || ')', '')
            || case when relrowsecurity then ', row security' else '' end
            || case when relforcerowsecurity then ' forced' else '' end
    from relations
    union all
    select 1, r.name, 1, to_char(a.attnum, 'FM0000'),
        format('    %I %s', a.attname, format_type(a.atttypid, a.atttypmod))
            || case when a.attnotnull then ' not null' else '' end
            || case when a.attidentity <> '' then ' identity' else '' end
            || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
    from pg_attribute a join relations r on r.oid = a.attrelid left join pg_attrdef d on (d.adrelid, d.adnum) = (r.oid, a.attnum)
    where a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p')
    union all
    select 1, r.name, 1, '', pg_get_viewdef(r.oid) from relations r where r.relkind in ('v', 'm')
    union all
    select 1, r.name, 2, c.conname, format('    constraint %I %s', c.conname, pg_get_constraintdef(c.oid))
    from pg_constraint c join relations r on r.oid = c.conrelid where c.contype <> 'n'
    union all
    select 1, r.name, 3, i.indexrelid::regclass::text, '    ' || pg_get_indexdef(i.indexrelid)
    from pg_index i join relations r on r.oid = i.indrelid
    where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = i.indrelid)
    union all
    select 1, r.name, 4, t.tgname, '    ' || pg_get_triggerdef(t.oid)
    from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
    union all
    select 1, r.name, 5, p.polname,
        format('    policy %I for %s to %s', p.polname,
            case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
            (select string_agg(case o when 0 then 'public' else o::regrole::text end, ', ' order by o::regrole::text)
             from unnest(p.polroles) o))
            || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
            || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
    from pg_policy p join relations r on r.oid = p.polrelid
    union all
    select 2, f.name, 0, '',
        format('function %I.%I(%s) returns %s language %s %s%s%s owner %s%s, body %s', s.nspname, f.proname,
            pg_get_function_arguments(f.oid), pg_get_function_result(f.oid), l.lanname,
            case f.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
            case when f.proisstrict then ' strict' else '' end,
            case when f.prosecdef then ' security definer' else '' end, f.proowner::regrole,
            coalesce(' set ' || array_to_string(f.proconfig, '; '), ''), md5(f.prosrc))
    from functions f join pg_language l on l.oid = f.prolang join schemas s on s.oid = f.pronamespace
    union all
    select g.kind, split_part(g.name, ' (', 1), 6, '',
        format('    grant %s%s to %s', string_agg(lower(e.privilege_type), ', ' order by e.privilege_type),
            coalesce(' (' || nullif(split_part(g.name, ' (', 2), ''), ''),
            case e.grantee when 0 then 'public' else e.grantee::regrole::text end)
    from grants g, aclexplode(g.acl) e
    where e.grantee <> g.owner and g.kind < 2
    group by g.kind, g.name, e.grantee
    union all
    select g.kind, g.name, 6, '',
        format('    grant execute to %s', case e.grantee when 0 then 'public' else e.grantee::regrole::text end)
    from grants g, aclexplode(g.acl) e
    where e.grantee <> g.owner and g.kind = 2
)
select part, line from lines order by kind, name collate "C", part, place collate "C", line collate "C"`;

/** Returns every object that migrations and views create, one after the other. The same schema yields the same text. */
export async function dumpSchema(client: Pick<Client, 'query'>): Promise<string> {
  const { rows } = await client.query<{ part: number; line: string }>(CATALOGUE);
  return HEADER + rows.map(({ part, line }) => (part === 0 ? `\n${line}\n` : `${line}\n`)).join('');
}
