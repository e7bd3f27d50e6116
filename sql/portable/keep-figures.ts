import type { Client } from '../database/db.ts';
import type { TenantManifest } from './manifest.ts';

/**
 * A late event recomputes its hour from raw events, for all tenants. An imported tenant that brings metrics without their events
 * would lose them. So this stops recomputing those hours, which loses nothing if no other tenant has sent anything; otherwise it
 * throws.
 */
export async function keepFigures(client: Client, { raw_since }: TenantManifest, givenDays: number): Promise<void> {
  // On plain PostgreSQL, roll-ups show all their rows to the owner only.
  await client.query('set local role mirante_owner');
  // The settings that the jobs program has recorded take precedence over those of this command.
  const { rows } = await client.query<{ exposed: boolean; days: number }>(
    `select coalesce($1::timestamptz > greatest(min(retained_from), now() - make_interval(days => days)), false) as exposed, days
     from storage.hypertables,
       (select coalesce((select value::integer from private.settings where name = 'RAW_RETENTION_DAYS'), $2::integer) as days) kept
     where name in ('events', 'rule_hits') group by days`,
    [raw_since, givenDays],
  );
  const { exposed, days } = rows[0] as { exposed: boolean; days: number };
  if (exposed) {
    if (await hasFigures(client))
      throw new Error(
        `The folder only has raw events since ${raw_since}. Late events of other tenants are accepted for ${days} days here and would recompute older metrics without them. Import into a Mirante whose customers have no events, or lower RAW_RETENTION_DAYS of the API, the jobs and this command.`,
      );
    await client.query(
      "update storage.hypertables set retained_from = greatest(retained_from, $1::timestamptz) where name in ('events', 'rule_hits')",
      [raw_since],
    );
  }
  await client.query('reset role');
}

// A customer that has sent nothing, such as a new Mirante's first one, loses nothing.
async function hasFigures(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ name: string }>('select name from storage.rollups order by name');
  const found = ['events', 'rule_hits', ...rows.map(({ name }) => name)].map(
    (name) => `exists (select from private."${name}" r where r.tenant_id = t.id)`,
  );
  const { rowCount } = await client.query(
    `select from private.tenants t where kind = 'customer' and (${found.join(' or ')}) limit 1`,
  );
  return rowCount === 1;
}
