import type { Client } from '../database/db.ts';

/** The dashboard's number in Metabase, or undefined if Metabase does not have it. */
export async function findMetabaseDashboard(client: Client, slug: string): Promise<number | undefined> {
  const { rows } = await client.query<{ id: number | null }>('select door.metabase_dashboard($1) as id', [slug]);
  return rows[0]?.id ?? undefined;
}

/** Takes the lock for changes to Metabase, and holds it until the transaction ends. */
export async function takeMetabaseLock(client: Client): Promise<void> {
  await client.query("select storage.take_lock('metabase')");
}

/** Replaces all known dashboard numbers with these. Returns whether any has changed. */
export async function replaceMetabaseDashboards(client: Client, ids: Map<string, number>): Promise<boolean> {
  const gone = await client.query('delete from private.metabase_dashboards where slug <> all ($1)', [[...ids.keys()]]);
  const put = await client.query(
    `insert into private.metabase_dashboards as m (slug, dashboard_id) select * from unnest($1::text[], $2::integer[])
     on conflict (slug) do update set dashboard_id = excluded.dashboard_id where m.dashboard_id <> excluded.dashboard_id`,
    [[...ids.keys()], [...ids.values()]],
  );
  return (gone.rowCount ?? 0) + (put.rowCount ?? 0) > 0;
}

/** Ids of tenants by their slugs, or of the two canaries if no slug is given. */
export async function findSmokeTenants(
  client: Pick<Client, 'query'>,
  slugs: string[],
): Promise<{ id: string; slug: string }[]> {
  const { rows } = await client.query<{ id: string; slug: string }>(
    `select id, slug from private.tenants
     where case when cardinality($1::text[]) = 0 then kind = 'canary' and starts_with(slug, 'canary-') else slug = any ($1) end and offboarding_at is null
     order by id limit 2`,
    [slugs],
  );
  return rows;
}
