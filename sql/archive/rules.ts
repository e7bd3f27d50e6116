import type { Client, Pool } from '../database/db.ts';

export type ArchiveRule = {
  id: string;
  /** Null: every tenant without a rule of its own. */
  tenant_id: string | null;
  /** Null: every type without a rule of its own. */
  type: string | null;
  tier: string;
  keep_days: number;
};

const COLUMNS = 'id, tenant_id, type, tier, keep_days';

/** All rules, the default first. */
export async function listArchiveRules(client: Client | Pool): Promise<ArchiveRule[]> {
  const { rows } = await client.query<ArchiveRule>(`select ${COLUMNS} from door.archive_rules()`);
  return rows;
}

/** Creates or changes the rule of a tenant and type. Returns undefined if there is no such tenant. */
export async function setArchiveRule(client: Client, rule: Omit<ArchiveRule, 'id'>): Promise<ArchiveRule | undefined> {
  const { rows } = await client.query<ArchiveRule>(`select ${COLUMNS} from door.set_archive_rule($1, $2, $3, $4)`, [
    rule.tenant_id,
    rule.type,
    rule.tier,
    rule.keep_days,
  ]);
  return rows[0];
}

/** Removes a rule, except the default. Returns false if there is no such rule. */
export async function removeArchiveRule(client: Client, id: string): Promise<boolean> {
  const { rows } = await client.query<{ removed: boolean }>('select door.remove_archive_rule($1) as removed', [id]);
  return rows[0]?.removed ?? false;
}

/** A tenant by its slug or id. */
export async function findTenantByName(client: Client | Pool, name: string): Promise<{ id: string; slug: string } | undefined> {
  const { rows } = await client.query<{ id: string; slug: string }>(
    'select id, slug from private.tenants where slug = $1 or id::text = $1',
    [name],
  );
  return rows[0];
}

export type ArchiveTotal = {
  slug: string;
  type: string;
  files: number;
  rows: number;
  bytes: number;
  first_day: string;
  last_day: string;
};

/** The archived events that the database no longer has, by tenant and type. */
export async function archiveTotals(pool: Pool, tenantId: string | undefined): Promise<ArchiveTotal[]> {
  const { rows } = await pool.query<ArchiveTotal>(
    `select coalesce(t.slug, f.tenant_id::text) as slug, f.type, count(*) as files, sum(f.rows) as rows, sum(f.bytes) as bytes,
       to_char(min(f.day), 'YYYY-MM-DD') as first_day, to_char(max(f.day), 'YYYY-MM-DD') as last_day
     from private.archive_files f left join private.tenants t on t.id = f.tenant_id
     where f.status = 'live' and ($1::uuid is null or f.tenant_id = $1) and t.kind is distinct from 'canary'
     group by 1, 2 order by 1, 2`,
    [tenantId ?? null],
  );
  return rows;
}
