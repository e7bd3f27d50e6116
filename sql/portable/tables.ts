import { NAMED } from '../archive/restored.ts';
import type { Client } from '../database/db.ts';

/**
 * Tables that are not exported with a tenant, each with the reason. Every other table with a tenant_id is exported, including
 * future ones.
 */
export const LEFT: Record<string, string> = {
  pseudonym_keys: 'a secret; only --with-pseudonym-key exports it',
  withdrawal_keys: 'a secret; only --with-pseudonym-key exports it',
  privacy_versions: 'numbers that only this server compares',
  idempotency_keys: 'answers kept for a day for repeated requests to this server',
  offboardings: 'the removal of the tenant from this server',
  dashboard_links: 'links to pages of this server, which do not work elsewhere',
  bookmarks: 'stars and views of people, whose keys do not work elsewhere',
  support_access: 'a permission for the operators of this server',
  support_visits: 'visits of the operators of this server; the exported audit log has them',
  sessions: 'browsers that are signed in to this server',
  login_codes: 'links to sign in to this server',
  import_differences: 'can be computed again',
  replayed_scans: 'scans of documents that are being read again',
  export_jobs: 'files that can be requested again',
  export_parts: 'files that can be requested again',
  export_files: 'files that can be requested again',
  export_manifests: 'files that can be requested again',
};

/** Of these tables, those that --with-pseudonym-key exports. */
export const KEYS = ['pseudonym_keys', 'withdrawal_keys'];

/** Columns that would reveal a secret, and are left out of their table. */
export const HIDDEN: Record<string, string[]> = {
  api_keys: ['hash'],
  channel_connectors: ['secret'],
  imports: ['object', 'sealed_key', 'sealed_with'],
};

/** Tables of which only matching rows are exported. A file that is not live is useless without the run that continues with it. */
export const ONLY: Record<string, string> = { archive_files: "status = 'live'" };

/** Tables that are exported as a record and not imported, each with the reason. */
export const RECORDS: Record<string, string> = {
  audit_log:
    'each row of a log is bound to the row before, so none of another platform fits in; the import is noted in its stead',
};

export type TableColumn = {
  name: string;
  /** The type's name in PostgreSQL. */
  type: string;
  nullable: boolean;
  description: string | null;
};

export type PortableTable = {
  name: string;
  kind: 'table' | 'roll-up';
  description: string | null;
  columns: TableColumn[];
  /** Columns that identify a row, and the order of rows; empty if none do. */
  key: string[];
};

type Found = PortableTable & { tenant_column: string };

/**
 * Everything that is exported with a tenant, from the catalogue: its own row, every table with a tenant_id, and every roll-up.
 * Without restored parts of the archive, which are dropped after a week. Each table comes after those that it refers to.
 */
export async function portableTables(client: Client, withPseudonymKey: boolean): Promise<Found[]> {
  const { rows } = await client.query<Found & { after: string[] }>(
    `with rollups as (
         select name, format('private.%I', name)::regclass as oid, storage.rollup_rows(name) as rows_in from storage.rollups
     ), relations as (
         select c.oid, c.relname::text as name, 'table' as kind from pg_class c
         where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
             and c.oid not in (select rows_in from rollups) and not (${NAMED})
         union all
         select oid, name, 'roll-up' from rollups
     )
     select r.name, r.kind, obj_description(r.oid, 'pg_class') as description, t.tenant_column,
         (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                 'nullable', not a.attnotnull, 'description', col_description(r.oid, a.attnum)) order by a.attnum)
             from pg_attribute a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = '') as columns,
         coalesce((select array_agg(a.attname::text order by k.at) from pg_index i, unnest(i.indkey) with ordinality k (num, at)
                 join pg_attribute a on a.attnum = k.num
             where i.indrelid = r.oid and i.indisprimary and a.attrelid = r.oid and a.attidentity = ''), '{}') as key,
         array(select f.confrelid::regclass::text from pg_constraint f where f.conrelid = r.oid and f.contype = 'f' and f.confrelid <> r.oid) as after
     from relations r,
         lateral (select case when r.name = 'tenants' then 'id' else 'tenant_id' end as tenant_column) t
     where exists (select from pg_attribute a where a.attrelid = r.oid and a.attname = t.tenant_column)
     order by r.kind, r.name`,
  );
  const kept = rows.filter(({ name }) => !Object.hasOwn(LEFT, name) || (withPseudonymKey && KEYS.includes(name)));
  return inOrder(kept).map(({ after: _, ...table }) => {
    const columns = table.columns.filter(({ name }) => !HIDDEN[table.name]?.includes(name));
    return { ...table, columns, key: table.kind === 'roll-up' ? columns.map(({ name }) => name) : table.key };
  });
}

function inOrder<T extends { name: string; after: string[] }>(tables: T[]): T[] {
  const done: T[] = [];
  let rest = tables;
  while (rest.length > 0) {
    const waiting = new Set(rest.map(({ name }) => `private.${name}`));
    const ready = rest.filter(({ after }) => !after.some((name) => waiting.has(name)));
    if (ready.length === 0) throw new Error(`These tables refer to each other: ${[...waiting].join(', ')}.`);
    done.push(...ready);
    rest = rest.filter((table) => !ready.includes(table));
  }
  return done;
}

/** SQL of values that must change on import, by table and column. */
export const CHANGED: Record<string, Record<string, string>> = {
  // Nobody holds these keys. Readers of quarantined input can still see which key sent it.
  api_keys: { hash: 'sha256(uuid_send(gen_random_uuid()))', revoked_at: 'coalesce(revoked_at, now())' },
  sql_logins: { revoked_at: 'coalesce(revoked_at, now())', ended_at: 'coalesce(ended_at, now())' },
  // The bodies stay in the vault of the former platform, whose secret encrypts them. What is known of them is kept.
  imports: {
    object: 'null::text',
    sealed_key: "''::bytea",
    sealed_with: "''",
    status: "case status when 'running' then 'stored' else status end",
    claim: 'null::uuid',
    due_at: 'null::timestamptz',
    destroyed_at: 'coalesce(destroyed_at, now())',
  },
  import_runs: {
    status: "case when status in ('completed', 'failed') then status else 'failed' end",
    claim: 'null::uuid',
    due_at: 'null::timestamptz',
  },
  // The tenant's former platform sends these.
  alert_deliveries: {
    status: "case status when 'waiting' then 'failed' else status end",
    ended_at: "case status when 'waiting' then now() else ended_at end",
    error: "case status when 'waiting' then 'taken over from another platform' else error end",
  },
};
