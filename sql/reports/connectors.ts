import { backOff } from '../database/back-off.ts';
import type { Client, Pool } from '../database/db.ts';
import type { Channel } from '../performance/services.ts';

/** Where in the fetched document each count is, as JSON Pointers. */
export type ChannelMapping = Partial<Record<Channel | 'assisted_digital' | 'period', string>> & {
  costs?: { currency: string } & Partial<Record<Channel, string>>;
};

export type ConnectorSettings = {
  /** The address; `{period}` in it is replaced by the month. */
  url: string;
  mapping: ChannelMapping;
  schedule: 'daily' | 'monthly';
  /** The day of the month from which the month before is fetched. */
  day: number;
  /** The first month that is fetched. */
  first_period: string;
  enabled: boolean;
};

/** How the last attempt ended. */
export type ConnectorState = {
  state: 'waiting' | 'fresh' | 'failing';
  error: string | null;
  detail: string | null;
  /** Failed attempts since the last success. */
  attempts: number;
  tried_at: Date | null;
  fetched_at: Date | null;
  fetched_period: string | null;
  due_at: Date;
};

export type Connector = ConnectorSettings & ConnectorState & { service: string; has_authorization: boolean; updated_at: Date };

/** A connector that is due, leased to this worker. */
export type DueConnector = ConnectorSettings & {
  tenant_id: string;
  service: string;
  secret: string | null;
  state: ConnectorState['state'];
  timezone: string;
  /** The end of the lease. */
  due_at: Date;
};

const COLUMNS = `service, url, mapping, schedule, day, first_period, enabled, state, error, detail, attempts, tried_at, fetched_at, fetched_period,
    due_at, secret is not null as has_authorization, updated_at`;

/** What a connector's secret is sealed for. */
export const sealedUse = (tenantId: string, service: string) => `connector ${tenantId} ${service}`;

/**
 * Creates or replaces the connector of a service of the transaction's tenant. It is due at once. `sealed` undefined keeps the
 * stored header.
 */
export async function putConnector(
  client: Client,
  tenantId: string,
  service: string,
  settings: ConnectorSettings,
  sealed: string | null | undefined,
): Promise<Connector> {
  const { url, mapping, schedule, day, first_period, enabled } = settings;
  const { rows } = await client.query<Connector>(
    `insert into app.channel_connectors as c (tenant_id, service, url, secret, mapping, schedule, day, first_period, enabled,
         state, attempts, due_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, now(), now(), now())
     on conflict (tenant_id, service) do update set url = excluded.url, mapping = excluded.mapping, schedule = excluded.schedule,
         day = excluded.day, first_period = excluded.first_period, enabled = excluded.enabled, due_at = now(), updated_at = now(),
         secret = case when $10 then c.secret else excluded.secret end
     returning ${COLUMNS}`,
    [
      tenantId,
      service,
      url,
      sealed ?? null,
      JSON.stringify(mapping),
      schedule,
      day,
      first_period,
      enabled,
      sealed === undefined,
    ],
  );
  return rows[0] as Connector;
}

export async function findConnector(client: Client, service: string): Promise<Connector | undefined> {
  const { rows } = await client.query<Connector>(`select ${COLUMNS} from app.channel_connectors where service = $1`, [service]);
  return rows[0];
}

/** Makes the connector due now. Undefined: the service has none that is on. */
export async function hurryConnector(client: Client, service: string): Promise<Connector | undefined> {
  const { rows } = await client.query<Connector>(
    `update app.channel_connectors set due_at = now() where service = $1 and enabled returning ${COLUMNS}`,
    [service],
  );
  return rows[0];
}

export async function deleteConnector(client: Client, service: string): Promise<boolean> {
  const { rowCount } = await client.query('delete from app.channel_connectors where service = $1', [service]);
  return rowCount === 1;
}

/**
 * Leases a connector that is due, for ten minutes: of the tenant whose turn was longest ago, so that slow systems of one tenant delay
 * no other tenant's by more than one run. Undefined: none is due.
 */
export async function claimConnector(pool: Pool, now: Date): Promise<DueConnector | undefined> {
  const { rows } = await pool.query<DueConnector>(
    `update private.channel_connectors c set due_at = $1::timestamptz + interval '10 minutes', tried_at = $1
     from private.services s
     where s.tenant_id = c.tenant_id and s.slug = c.service and (c.tenant_id, c.service) = (
       select d.tenant_id, d.service from private.channel_connectors d join private.tenants t on t.id = d.tenant_id
       where d.enabled and d.due_at <= $1 and t.offboarding_at is null and t.kind <> 'canary'
       order by (select max(o.tried_at) from private.channel_connectors o where o.tenant_id = d.tenant_id) nulls first, d.due_at
       limit 1 for update of d skip locked
     )
     returning c.tenant_id, c.service, c.url, c.secret, c.mapping, c.schedule, c.day, c.first_period, c.enabled, c.state, c.due_at, s.timezone`,
    [now],
  );
  return rows[0];
}

/** Months, oldest first, from `first` to `last`, of which the service has no counts. */
export async function monthsWithout(pool: Pool, { tenant_id, service }: DueConnector, months: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ period: string }>(
    `select period from unnest($3::text[]) m (period)
     where not exists (select from private.channel_counts c where c.tenant_id = $1 and c.service = $2 and c.period = m.period)
     order by period`,
    [tenant_id, service, months],
  );
  return rows.map(({ period }) => period);
}

/** Records a success, and when the connector is due again. False: it was changed, hurried or deleted since it was claimed. */
export async function settleFresh(
  client: Client,
  { tenant_id, service, due_at }: DueConnector,
  period: string,
  now: Date,
  dueAt: Date,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update private.channel_connectors set state = 'fresh', error = null, detail = null, attempts = 0, fetched_at = $4, fetched_period = $5,
         due_at = $6
     where tenant_id = $1 and service = $2 and due_at = $3`,
    [tenant_id, service, due_at, now, period, dueAt],
  );
  return rowCount === 1;
}

/** Records a failure; the next attempt waits longer each time. False as for settleFresh(). */
export async function settleFailing(
  client: Client,
  { tenant_id, service, due_at }: DueConnector,
  error: string,
  detail: string,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update private.channel_connectors set state = 'failing', error = $4, detail = $5, attempts = attempts + 1,
         due_at = $6::timestamptz + ${backOff('attempts + 1')}
     where tenant_id = $1 and service = $2 and due_at = $3`,
    [tenant_id, service, due_at, error, detail, now],
  );
  return rowCount === 1;
}
