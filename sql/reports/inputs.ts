import type { Client } from '../database/db.ts';
import { SERVICE_COLUMNS, type Service } from '../performance/services.ts';
import type { ChannelMonth } from './channels.ts';

/** A service as the owner of all tables reads it, and whether its connector fails. Throws if there is none. */
export async function serviceForReport(
  client: Client,
  tenantId: string,
  slug: string,
): Promise<{ service: Service; connectorFails: boolean }> {
  const { rows } = await client.query<Service & { connector_fails: boolean }>(
    `select ${SERVICE_COLUMNS}, exists (
       select from private.channel_connectors c
       where c.tenant_id = s.tenant_id and c.service = s.slug and c.enabled and c.state = 'failing'
     ) as connector_fails
     from private.services s where tenant_id = $1 and slug = $2`,
    [tenantId, slug],
  );
  const [found] = rows;
  if (!found) throw new Error('The service of a report does not exist.');
  const { connector_fails: connectorFails, ...service } = found;
  return { service, connectorFails };
}

/** The newest counts of these months, by month. */
export async function newestCounts(
  client: Client,
  tenantId: string,
  service: string,
  months: string[],
): Promise<Map<string, ChannelMonth>> {
  const { rows } = await client.query<ChannelMonth>(
    `select distinct on (period) service, period, revision, online, paper, phone, other, assisted_digital, costs, source, recorded_at
     from private.channel_counts where tenant_id = $1 and service = $2 and period = any ($3) order by period, revision desc`,
    [tenantId, service, months],
  );
  return new Map(rows.map((row) => [row.period, row]));
}

/** When the first journey of a service began; null: it has none. Before it, journeys are not known, which is not none. */
export async function firstJourney(client: Client, tenantId: string, service: string): Promise<Date | null> {
  const { rows } = await client.query<{ at: Date | null }>(
    `select least((select min(started_at) from private.journeys where tenant_id = $1 and service = $2),
       (select min(completed_at) from private.journeys where tenant_id = $1 and service = $2)) as at`,
    [tenantId, service],
  );
  return rows[0]?.at ?? null;
}
