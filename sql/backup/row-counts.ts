import type { Client } from '../database/db.ts';

/** Rows of each table, including its partitions and chunks, and of each roll-up as stored: `roll-up <name>`. */
export type RowCounts = Record<string, number>;

// Every migrate rebuilds the views; these schemas contain everything else that has rows.
const SCHEMAS = ['private', 'storage', 'limits', 'migrations', 'bullmq'];

/** Counts every row. The login must see all rows (see seesAll()). The counts are from one snapshot if the transaction has one. */
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
 * Whether this login sees every row. Row security silently hides rows from a dump and from a count, so the right to read every
 * table is not enough.
 */
export async function seesAll(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ sees: boolean }>(
    `select rolsuper or rolbypassrls or pg_has_role(oid, 'mirante_owner', 'usage') as sees from pg_roles where rolname = current_user`,
  );
  return rows[0]?.sees ?? false;
}
