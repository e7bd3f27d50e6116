import { addDeliveries } from '../../sql/alerts/deliveries.ts';
import type { ServiceMessage } from '../../sql/alerts/service-messages.ts';
import { listOpenEndpoints } from '../../sql/alerts/states.ts';
import type { Client } from '../../sql/database/db.ts';

/** Adds a message for the endpoints of a tenant, or for those that are named. It is sent after the commit. */
export async function tellTenant(
  client: Client,
  tenantId: string,
  named: string[] | null,
  message: ServiceMessage,
): Promise<void> {
  const endpoints = await listOpenEndpoints(client, tenantId, named);
  await addDeliveries(
    client,
    'owner',
    endpoints.map((endpointId) => ({ tenantId, endpointId, message })),
  );
}
