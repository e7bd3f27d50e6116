import { type Pool, withTenant } from '../database/db.ts';

/** Where a dashboard was drawn: on Mirante's own page, in Metabase, or by a program that asked for its cards. */
export type Surface = 'mirante' | 'metabase' | 'api';

/** Counts one open of a dashboard for a tenant, today in UTC. */
export async function noteOpened(pool: Pool, tenantId: string, dashboard: string, surface: Surface): Promise<void> {
  const values = [dashboard, surface];
  await withTenant(pool, tenantId, (client) => client.query('select door.note_opened($1, $2)', values), 'login');
}
