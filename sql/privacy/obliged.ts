import type { Client, Pool } from '../database/db.ts';

/** Condition on an event `e`: its type, in its newest version, is processed under a legal obligation (LGPD art. 16, I). */
export const OBLIGED = `coalesce((select t.processing ->> 'legal_basis' = 'legal_obligation' from private.event_types t
    where t.tenant_id = e.tenant_id and t.type = e.type order by t.version desc limit 1), false)`;

/** The tenant's types that are processed under a legal obligation: an erasure keeps their events. */
export async function obligedTypes(pool: Pool | Client, tenantId: string): Promise<string[]> {
  const { rows } = await pool.query<{ type: string }>(
    `select e.type from (select distinct tenant_id, type from private.event_types where tenant_id = $1) e where ${OBLIGED} order by 1`,
    [tenantId],
  );
  return rows.map(({ type }) => type);
}

/** Why a certificate names kept events of a type. */
export const keptBecause = (type: string) => `legal_obligation (LGPD art. 16, I): events of the type ${type}`;
