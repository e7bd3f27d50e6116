import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';

/** Maximum endpoints of one tenant. Two concurrent requests can exceed it by one. */
export const MAX_ENDPOINTS = 20;

export type NewEndpoint = { kind: 'webhook' | 'email'; target: string; description: string | null };

export type Endpoint = NewEndpoint & {
  id: string;
  secret_version: number;
  /** Until when the previous secret signs too. */
  old_secret_until: Date | null;
  /** When the endpoint answered 410. Nothing is sent to it since. */
  disabled_at: Date | null;
  created_at: Date;
};

const COLUMNS = 'id, kind, target, description, secret_version, old_secret_until, disabled_at, created_at';

/** Creates an endpoint of this transaction's tenant. Returns undefined if the tenant has MAX_ENDPOINTS already. */
export async function createEndpoint(client: Client, tenantId: string, endpoint: NewEndpoint): Promise<Endpoint | undefined> {
  const { rows } = await client.query<Endpoint>(
    `insert into app.alert_endpoints (id, tenant_id, kind, target, description, secret_version, created_at)
     select $1, $2, $3, $4, $5, 1, now() where (select count(*) from app.alert_endpoints) < $6::bigint
     returning ${COLUMNS}`,
    [uuidv7(), tenantId, endpoint.kind, endpoint.target, endpoint.description, MAX_ENDPOINTS],
  );
  return rows[0];
}

export async function findEndpoint(client: Client, id: string): Promise<Endpoint | undefined> {
  const { rows } = await client.query<Endpoint>(`select ${COLUMNS} from app.alert_endpoints where id = $1`, [id]);
  return rows[0];
}

/** The tenant's enabled webhook with that URL, if it has one. */
export async function findWebhook(client: Client, target: string): Promise<Endpoint | undefined> {
  const { rows } = await client.query<Endpoint>(
    `select ${COLUMNS} from app.alert_endpoints where kind = 'webhook' and target = $1 and disabled_at is null order by id limit 1`,
    [target],
  );
  return rows[0];
}

export async function listEndpoints(client: Client, after: string | undefined, limit: number): Promise<Endpoint[]> {
  const { rows } = await client.query<Endpoint>(
    `select ${COLUMNS} from app.alert_endpoints where $1::uuid is null or id > $1 order by id limit $2`,
    [after ?? null, limit],
  );
  return rows;
}

/** Returns those of `ids` that are no endpoint of the tenant. */
export async function unknownEndpoints(client: Client, ids: string[]): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    'select id from unnest($1::uuid[]) n (id) where not exists (select from app.alert_endpoints e where e.id = n.id)',
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Removes an endpoint from every rule and deletes it, with its deliveries. */
export async function deleteEndpoint(client: Client, id: string): Promise<boolean> {
  await client.query(
    'update app.alert_rules set notify = array_remove(notify, $1::uuid), updated_at = now() where $1::uuid = any (notify)',
    [id],
  );
  const { rowCount } = await client.query('delete from app.alert_endpoints where id = $1', [id]);
  return rowCount === 1;
}

/** Creates the next version of a webhook's secret. The previous one signs too for a day. Undefined: there is no such webhook. */
export async function rotateEndpointSecret(client: Client, id: string): Promise<Endpoint | undefined> {
  const { rows } = await client.query<Endpoint>(
    `update app.alert_endpoints set secret_version = secret_version + 1, old_secret_until = now() + interval '24 hours'
     where id = $1 and kind = 'webhook' returning ${COLUMNS}`,
    [id],
  );
  return rows[0];
}
