import type { Client } from '../database/db.ts';
import type { CatalogueRelation, Party, Target, View } from './attack.ts';

const UNDEFINED_TABLE = '42P01';

/** Everything in the catalogue that can hold rows, by qualified name: tables, partitions, chunks, aggregates, views. */
async function findRelations(client: Client, victimId: string): Promise<CatalogueRelation[]> {
  const { rows } = await client.query<CatalogueRelation>(
    `select n.nspname as schema, format('%I.%I', n.nspname, c.relname) as name, c.relkind::text as kind, c.relowner::regrole::text as owner,
         case when n.nspname = 'private' and c.relname = 'tenants' then 'id'
             else (select a.attname from pg_attribute a
                 where a.attrelid = c.oid and a.attname = 'tenant_id' and a.atttypid = 'uuid'::regtype) end as key,
         false as holds
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname not in ('pg_catalog', 'pg_toast', 'information_schema', 'app') and n.nspname !~ '^pg_(temp|toast_temp)_'
         and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
     union all
     select n.nspname, format('%I.%I', n.nspname, c.relname), 'partition', c.relowner::regrole::text,
         (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'), false
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relispartition and c.relkind = 'r' and n.nspname not in ('pg_catalog', 'app')
     order by 2`,
  );
  for (const relation of rows) {
    if (!relation.key || relation.owner !== 'mirante_owner') continue;
    relation.holds = await holdsRow(client, relation.name, relation.key, victimId);
  }
  return rows;
}

// False if retention has dropped the partition since the catalogue was read.
async function holdsRow(client: Client, relation: string, key: string, tenantId: string): Promise<boolean> {
  try {
    return (await client.query(`select from ${relation} where ${key} = $1 limit 1`, [tenantId])).rowCount === 1;
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return false;
    throw error;
  }
}

/** The views of app, with the logins that may read each. */
async function findViews(client: Client): Promise<View[]> {
  const { rows } = await client.query<View>(
    `select format('app.%I', c.relname) as name,
         case when exists (select from aclexplode(c.relacl) g
                 where g.grantee <> c.relowner and g.privilege_type = 'SELECT') then format('app.%I', c.relname)
             else (select format('(select %s from app.%I)', string_agg(quote_ident(a.attname), ', ' order by a.attnum), c.relname)
                 from pg_attribute a where a.attrelid = c.oid and a.attacl is not null) end as from,
         array(select g.grantee::regrole::text from aclexplode(c.relacl) g where g.privilege_type = 'SELECT'
             union select g.grantee::regrole::text from pg_attribute a, aclexplode(a.attacl) g
             where a.attrelid = c.oid and g.privilege_type = 'SELECT') as readers
     from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind = 'v' order by 1`,
  );
  return rows;
}

/** Every role of the server, except SQL logins and PostgreSQL's predefined roles. */
async function findRoles(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(rolname) as name from pg_roles where rolname !~ '^(pg_|mirante_sql)' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Everything that can be attacked, from the current catalogue. The connection must act as mirante_owner. */
export async function aim(owner: Client, own: Party, victim: Party): Promise<Target> {
  const [relations, views, roles] = [await findRelations(owner, victim.id), await findViews(owner), await findRoles(owner)];
  return { own, victim, relations, views, roles };
}
