import type { Client } from '../database/db.ts';

/** Rows of each table, partitions and chunks within their whole, and of each roll-up as it is kept: `roll-up <name>`. */
export type RowCounts = Record<string, number>;

// Views are made anew by every migrate; everything else that holds rows lies in these.
const SCHEMAS = ['private', 'storage', 'limits', 'migrations', 'bullmq'];

/** Counts every row, as a login that sees all (see seesAll); in one snapshot where the transaction has one. */
export async function countRows(client: Client): Promise<RowCounts> {
  const { rows } = await client.query<{ name: string; relation: string }>(
    `with rollups as (select 'roll-up ' || name as name, storage.rollup_rows(name)::oid as relation from storage.rollups)
     select name, relation::regclass::text as relation from rollups
     union all
     select format('%s.%s', n.nspname, c.relname), c.oid::regclass::text
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ($1) and c.relkind in ('r', 'p') and not c.relispartition and c.oid not in (select relation from rollups)
     order by 1`,
    [SCHEMAS],
  );
  const counts: RowCounts = {};
  for (const { name, relation } of rows) {
    const { rows: counted } = await client.query<{ n: number }>(`select count(*)::double precision as n from ${relation}`);
    counts[name] = counted[0]?.n ?? 0;
  }
  return counts;
}

/**
 * Whether this login sees every row. Row security hides rows without a word, from a dump as from a count, so that a login that may read
 * every table is not enough.
 */
export async function seesAll(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ sees: boolean }>(
    `select rolsuper or rolbypassrls or pg_has_role(oid, 'mirante_owner', 'usage') as sees from pg_roles where rolname = current_user`,
  );
  return rows[0]?.sees ?? false;
}
