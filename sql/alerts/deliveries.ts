import { v7 as uuidv7 } from 'uuid';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import type { Rule, RuleState } from './rules.ts';
import { SERVICE_MESSAGE_TYPES, type ServiceMessage } from './service-messages.ts';

export type NoticeType = 'alert.firing' | 'alert.recovered' | 'alert.test';
/** All message types. Messages about exports, performance reports and connectors are delivered the same way. */
export const DELIVERY_TYPES = [
  'alert.firing',
  'alert.recovered',
  'alert.test',
  'export.completed',
  'export.failed',
  ...SERVICE_MESSAGE_TYPES,
] as const;

/** The body of a webhook, and the source of an e-mail. A metric's value is the only thing it contains of events. */
export type Message = {
  type: NoticeType;
  /** When the change was found, not when the message is sent. */
  timestamp: string;
  data: {
    rule: Pick<
      Rule,
      'id' | 'name' | 'metric' | 'filter' | 'condition' | 'threshold' | 'window_seconds' | 'for_seconds' | 'no_data'
    >;
    value: number | null;
    /** Since when the condition has held, or has no longer held. */
    since: string;
  };
};

/** The body of a webhook about an ended export. Files are fetched with a key; no message gives access to one. */
export type ExportMessage = {
  type: 'export.completed' | 'export.failed';
  timestamp: string;
  data: {
    export: {
      id: string;
      status: 'completed' | 'failed';
      error: string | null;
      dataset: string;
      format: string;
      from: string;
      to: string;
      files: number;
      rows: number;
      bytes: number;
      url: string;
    };
  };
};

export type Delivery = {
  id: string;
  rule_id: string | null;
  endpoint_id: string;
  type: (typeof DELIVERY_TYPES)[number];
  status: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  created_at: Date;
  /** When the next attempt is due; null if the delivery has ended. */
  due_at: Date | null;
  ended_at: Date | null;
  response_code: number | null;
  error: string | null;
};

/** A delivery to attempt now, with everything needed for it. */
export type DueDelivery = {
  id: string;
  tenant_id: string;
  endpoint_id: string;
  /** Attempts so far, including this one. */
  attempts: number;
  /** JSON text of a Message. */
  message: string;
  kind: 'webhook' | 'email';
  target: string;
  secret_version: number;
  old_secret_until: Date | null;
  tenant: string;
  locale: string;
  timezone: string;
};

/** The message about a rule. */
export function messageOf(type: NoticeType, rule: Rule, found: Pick<RuleState, 'value' | 'since'>, at: Date): Message {
  const { id, name, metric, filter, condition, threshold, window_seconds, for_seconds, no_data } = rule;
  const about = { id, name, metric, filter, condition, threshold, window_seconds, for_seconds, no_data };
  return {
    type,
    timestamp: at.toISOString(),
    data: { rule: about, value: found.value, since: found.since.toISOString() },
  };
}

export type NewDelivery = { tenantId: string; endpointId: string; message: Message | ExportMessage | ServiceMessage };

const TABLES = { tenant: 'app.alert_deliveries', owner: 'private.alert_deliveries' };

/**
 * Adds deliveries, which are sent once the transaction has committed, as the tenant or as the owner of all. Returns their ids.
 */
export async function addDeliveries(client: Client, as: keyof typeof TABLES, deliveries: NewDelivery[]): Promise<string[]> {
  const ids = deliveries.map(() => uuidv7());
  await client.query(
    `insert into ${TABLES[as]} (id, tenant_id, endpoint_id, rule_id, type, message, status, attempts, created_at, due_at)
     select n.id, n.tenant_id, n.endpoint_id, (n.message #>> '{data,rule,id}')::uuid, n.message ->> 'type', n.message, 'waiting', 0,
         (n.message ->> 'timestamp')::timestamptz, (n.message ->> 'timestamp')::timestamptz
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::json[]) n (id, tenant_id, endpoint_id, message)`,
    [
      ids,
      deliveries.map(({ tenantId }) => tenantId),
      deliveries.map(({ endpointId }) => endpointId),
      deliveries.map(({ message }) => JSON.stringify(message)),
    ],
  );
  return ids;
}

/** Whether the tenant of this transaction has requested a test message within the last minute. */
export async function testedLately(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ lately: boolean }>(
    `select exists (
       select from app.alert_deliveries where type = 'alert.test' and created_at > now() - interval '1 minute'
     ) as lately`,
  );
  return rows[0]?.lately ?? false;
}

/** The tenant's deliveries, newest first. */
export async function listDeliveries(client: Client, before: string | undefined, limit: number): Promise<Delivery[]> {
  const { rows } = await client.query<Delivery>(
    `select id, rule_id, endpoint_id, type, status, attempts, created_at, case when status = 'waiting' then due_at end as due_at, ended_at,
         response_code, error
     from app.alert_deliveries where $1::uuid is null or id < $1 order by id desc limit $2`,
    [before ?? null, limit],
  );
  return rows;
}

/** Maximum deliveries sent to one tenant's endpoints at once, so that slow endpoints do not block other tenants. */
const MAX_PER_TENANT = 5;

/**
 * Leases one due delivery for a minute, which is longer than any attempt. The tenant with the fewest running deliveries comes
 * first, then the one whose last turn was longest ago. Returns undefined if none is due.
 */
export async function claimDelivery(pool: Pool, now: Date): Promise<DueDelivery | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    // One lease at a time, so that each worker sees which tenants the others serve.
    await client.query("select from storage.locks where name = 'alert deliveries' for update");
    const { rows } = await client.query<DueDelivery>(
      `with due as (
       select distinct on (d.tenant_id) d.tenant_id, d.id, d.due_at
       from private.alert_deliveries d join private.alert_endpoints e on e.id = d.endpoint_id
       where d.status = 'waiting' and d.due_at <= $1 and d.claimed_until <= $1 and e.disabled_at is null
       order by d.tenant_id, d.due_at, d.id
     ), claimed as (
       update private.alert_deliveries
       set attempts = attempts + 1, claimed_at = clock_timestamp(), claimed_until = $1::timestamptz + interval '1 minute'
       where id = (
         select due.id
         from due left join (
             select tenant_id, count(*) as n from private.alert_deliveries
             where status = 'waiting' and claimed_until > $1 group by tenant_id
           ) busy using (tenant_id),
           lateral (select max(claimed_at) as at from private.alert_deliveries l where l.tenant_id = due.tenant_id) last
         where coalesce(busy.n, 0) < ${MAX_PER_TENANT}
         order by coalesce(busy.n, 0), last.at nulls first, due.due_at, due.id
         limit 1
       ) and status = 'waiting' and claimed_until <= $1
       returning id, tenant_id, endpoint_id, attempts, message::text as message
     )
     select c.*, e.kind, e.target, e.secret_version, e.old_secret_until, t.name as tenant, t.locale, t.timezone
     from claimed c join private.alert_endpoints e on e.id = c.endpoint_id join private.tenants t on t.id = c.tenant_id`,
      [now],
    );
    return rows[0];
  });
}

export type DeliveryOutcome = {
  status: Delivery['status'];
  dueAt: Date | null;
  responseCode: number | null;
  error: string | null;
};

/** Records how an attempt ended, unless the delivery has ended or another attempt has begun since it was leased. */
export async function settleDelivery(
  client: Client | Pool,
  { id, attempts }: Pick<DueDelivery, 'id' | 'attempts'>,
  outcome: DeliveryOutcome,
  now: Date,
): Promise<void> {
  await client.query(
    `update private.alert_deliveries
     set status = $2, due_at = coalesce($3, due_at), response_code = $4, error = $5, claimed_until = '-infinity',
         ended_at = case when $2 <> 'waiting' then $6::timestamptz end
     where id = $1 and status = 'waiting' and attempts = $7`,
    [id, outcome.status, outcome.dueAt, outcome.responseCode, outcome.error, now, attempts],
  );
}

/**
 * Disables the endpoint of this attempt, because it answered 410. Fails its waiting deliveries; nothing is sent to it any more.
 */
export async function disableEndpoint(client: Client, due: DueDelivery, outcome: DeliveryOutcome, now: Date): Promise<void> {
  // The endpoint first, so that two attempts with the same answer do not wait for each other.
  await client.query('update private.alert_endpoints set disabled_at = coalesce(disabled_at, $2) where id = $1', [
    due.endpoint_id,
    now,
  ]);
  await settleDelivery(client, due, outcome, now);
  await client.query(
    `update private.alert_deliveries set status = 'failed', error = $2, ended_at = $3
     where endpoint_id = $1 and status = 'waiting'`,
    [due.endpoint_id, outcome.error, now],
  );
}

/** Fails deliveries that were added while their endpoint was being disabled. */
export async function failUnreachable(pool: Pool, now: Date): Promise<void> {
  await pool.query(
    `update private.alert_deliveries d set status = 'failed', error = 'gone', ended_at = $1
     from private.alert_endpoints e
     where e.id = d.endpoint_id and e.disabled_at is not null and d.status = 'waiting' and d.due_at <= $1`,
    [now],
  );
}

/** When the next delivery becomes due; null if none will. Deliveries that are due already are left to running senders. */
export async function nextDelivery(pool: Pool, now: Date): Promise<Date | null> {
  const { rows } = await pool.query<{ due_at: Date | null }>(
    "select min(due_at) as due_at from private.alert_deliveries where status = 'waiting' and due_at > $1",
    [now],
  );
  return rows[0]?.due_at ?? null;
}

/** Counts over all tenants for operations: firing rules, and deliveries of the last thirty days by status. */
export async function countAlerts(pool: Pool): Promise<{ firing: number; deliveries: Record<Delivery['status'], number> }> {
  const { rows } = await pool.query<{ firing: number } & Record<Delivery['status'], number>>(
    'select firing, waiting, delivered, failed from door.alert_counts()',
  );
  const { firing = 0, waiting = 0, delivered = 0, failed = 0 } = rows[0] ?? {};
  return { firing, deliveries: { waiting, delivered, failed } };
}
