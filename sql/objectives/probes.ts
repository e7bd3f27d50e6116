import { v7 as uuidv7 } from 'uuid';
import { type Pool, withTenant } from '../database/db.ts';
import { createKey } from '../tenants/tenants.ts';

/** `arrival` measures an acknowledged event: `milliseconds` until it was counted, or, if not ok, how long was waited. */
export const PROBES = ['ready', 'ingest', 'query', 'arrival'] as const;

export type Probe = { probe: (typeof PROBES)[number]; at: Date; ok: boolean; milliseconds: number; detail: string | null };

/** Type of the probes' events. No other event of their tenant has it. */
export const CANARY_TYPE = 'mirante.canary.v1';

/** The tenant of the probes, created if missing. It is a canary, but not one of the isolation audit's. */
export async function findProbeTenant(pool: Pool): Promise<string> {
  const find = async () =>
    (
      await pool.query<{ id: string }>(
        `select id from private.tenants
         where kind = 'canary' and starts_with(slug, 'probe-') and offboarding_at is null order by id limit 1`,
      )
    ).rows[0]?.id;
  const found = await find();
  if (found) return found;
  const id = uuidv7();
  await pool.query(
    `insert into private.tenants (id, slug, name, kind)
     values ($1::uuid, 'probe-' || replace($1::text, '-', ''), 'Probes of the platform', 'canary')`,
    [id],
  );
  return (await find()) as string;
}

/**
 * Creates a key for the probes, valid until `until`, stored only as its hash. Removes keys that have expired, but no other
 * process's.
 */
export async function makeProbeKey(pool: Pool, tenantId: string, until: Date): Promise<string> {
  return withTenant(
    pool,
    tenantId,
    async (client) => {
      await client.query('delete from private.api_keys where tenant_id = $1 and expires_at <= now()', [tenantId]);
      const { key } = await createKey(client, tenantId, { name: 'probe', scopes: ['ingest', 'read'], expires_at: until });
      return key;
    },
    'login',
  );
}

/** Number of stored canary events in [from, to]. An answer that counts the last of them must have reached it. */
export async function countCanaries(pool: Pool, tenantId: string, from: Date, to: Date): Promise<number> {
  const { rows } = await pool.query<{ canaries: number }>(
    'select count(*) as canaries from private.events where tenant_id = $1 and time between $2 and $3 and type = $4',
    [tenantId, from, to, CANARY_TYPE],
  );
  return rows[0]?.canaries ?? 0;
}

/** Stores results, and the totals for counters. */
export async function saveProbes(pool: Pool, probes: readonly Probe[]): Promise<void> {
  await pool.query(
    `with taken as (
         insert into private.probes (probe, at, ok, milliseconds, detail)
         select * from unnest($1::text[], $2::timestamptz[], $3::boolean[], $4::double precision[], $5::text[])
         on conflict do nothing
         returning probe, at, ok, milliseconds
     )
     insert into private.probe_totals as t (probe, taken, failed, at, milliseconds)
     select probe, count(*), count(*) filter (where not ok), max(at), (array_agg(milliseconds order by at desc))[1]
     from taken group by probe order by probe
     on conflict (probe) do update set taken = t.taken + excluded.taken, failed = t.failed + excluded.failed,
         at = greatest(t.at, excluded.at), milliseconds = excluded.milliseconds`,
    [
      probes.map(({ probe }) => probe),
      probes.map(({ at }) => at),
      probes.map(({ ok }) => ok),
      probes.map(({ milliseconds }) => milliseconds),
      probes.map(({ detail }) => detail),
    ],
  );
}

export type ProbeTotal = { probe: Probe['probe']; taken: number; failed: number; at: Date; milliseconds: number };

/** Totals of all probes ever taken, and how long the last of each kind took, for operations. */
export async function readProbeTotals(pool: Pool): Promise<ProbeTotal[]> {
  const { rows } = await pool.query<ProbeTotal>('select probe, taken, failed, at, milliseconds from ops.probe_totals');
  return rows;
}
