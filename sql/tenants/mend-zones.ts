import type pg from 'pg';
import { canonicalZone, faultOfZone, isKnown } from './zones.ts';

/**
 * Fixes tenants whose time zone PostgreSQL and Node understand differently: they get the name that Node uses, because their
 * metrics were computed by it, or UTC if Node does not know the zone. Returns a sentence for each zone, also for one that stays
 * because only an update of PostgreSQL or Node can help.
 */
export async function mendZones(client: Pick<pg.ClientBase, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ zone: string; slugs: string[] }>(
    'select timezone as zone, array_agg(slug order by slug) as slugs from private.tenants group by 1 order by 1',
  );
  const said: string[] = [];
  for (const { zone, slugs } of rows) {
    const fault = await faultOfZone(client, zone);
    if (!fault) continue;
    const whose = `Time zone ${zone} of ${slugs.join(', ')}`;
    const name = isKnown(zone) ? canonicalZone(zone) : 'UTC';
    if (name === zone || (await faultOfZone(client, name))) {
      said.push(`${whose} is kept, but should be changed. ${fault}`);
      continue;
    }
    await client.query('update private.tenants set timezone = $2, updated_at = now() where timezone = $1', [zone, name]);
    said.push(`${whose} is now ${name}. ${fault}`);
  }
  return said;
}
