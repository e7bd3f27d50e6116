import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';
import type { Channel } from '../performance/services.ts';

/** Counts of completed transactions of a month; null is not known. `online` null: the journeys completed in the month. */
export type ChannelCounts = Record<Channel, number | null> & {
  /** How many of those online were completed with help. */
  assisted_digital: number | null;
  /** What each channel cost in the month, in units of the currency. */
  costs: ChannelCosts | null;
};
export type ChannelCosts = { currency: string } & Partial<Record<Channel, number>>;

export type ChannelSource = 'manual' | 'connector' | 'import';

export type ChannelMonth = ChannelCounts & {
  service: string;
  /** The month, e.g. `2026-10`. */
  period: string;
  /** From 1. A greater one: the month was restated, and the earlier numbers are kept. */
  revision: number;
  source: ChannelSource;
  /** The document of the vault that brought the numbers. */
  import_id: string | null;
  recorded_at: Date;
};

/** Counts to store, of any months. */
export type NewChannelMonth = Partial<ChannelCounts> & { period: string };

/** What became of one month: new, the same numbers again, or other numbers than before. */
export type StoredMonth = { period: string; revision: number; outcome: 'created' | 'unchanged' | 'restated' };

const COLUMNS =
  'service, period, revision, online, paper, phone, other, assisted_digital, costs, source, import_id, recorded_at';
const VIEWS = { tenant: 'app.channel_counts', owner: 'private.channel_counts' };

/**
 * Stores counts of months of one service, as the tenant of this transaction or as the owner of all. The same numbers again are
 * not stored again; other numbers become a new revision. The transaction must hold lockService(). Returns an outcome per row.
 */
export async function putChannelCounts(
  client: Client,
  as: keyof typeof VIEWS,
  { tenantId, service, source, document }: { tenantId: string; service: string; source: ChannelSource; document?: string },
  months: NewChannelMonth[],
): Promise<StoredMonth[]> {
  const { rows } = await client.query<{ period: string; revision: number; is_same: boolean | null; is_new: boolean }>(
    `with n as (
       select distinct on (period) * from jsonb_to_recordset($4::jsonb)
           as n (at integer, id uuid, period text, online bigint, paper bigint, phone bigint, other bigint, assisted_digital bigint, costs jsonb)
       order by period, at desc
     ), judged as (
       select n.*, last.revision, (last.online, last.paper, last.phone, last.other, last.assisted_digital, last.costs)
             is not distinct from (n.online, n.paper, n.phone, n.other, n.assisted_digital, n.costs) and last.revision is not null as is_same
       from n left join lateral (
         select * from ${VIEWS[as]} c where c.tenant_id = $1 and c.service = $2 and c.period = n.period order by c.revision desc limit 1
       ) last on true
     ), stored as (
       insert into ${VIEWS[as]} (id, tenant_id, service, period, revision, online, paper, phone, other, assisted_digital, costs, source,
           import_id, recorded_at)
       select id, $1, $2, period, coalesce(revision, 0) + 1, online, paper, phone, other, assisted_digital, costs, $3, $5::uuid, now()
       from judged where not is_same
     )
     select period, case when is_same then revision else coalesce(revision, 0) + 1 end as revision, is_same, revision is null as is_new
     from judged order by period`,
    [tenantId, service, source, JSON.stringify(months.map((month, at) => ({ at, id: uuidv7(), ...month }))), document ?? null],
  );
  return rows.map(({ period, revision, is_same, is_new }) => ({
    period,
    revision,
    outcome: is_same ? 'unchanged' : is_new ? 'created' : 'restated',
  }));
}

/** Newest revision of each month of a service that has counts, newest first. `before` and `limit` page through them. */
export async function listChannelMonths(
  client: Client,
  service: string,
  { months, before, limit = 1_000 }: { months?: string[]; before?: string | undefined; limit?: number } = {},
): Promise<ChannelMonth[]> {
  const { rows } = await client.query<ChannelMonth>(
    `select distinct on (period) ${COLUMNS} from app.channel_counts
     where service = $1 and ($2::text[] is null or period = any ($2)) and ($3::text is null or period < $3)
     order by period desc, revision desc limit $4`,
    [service, months ?? null, before ?? null, limit],
  );
  return rows;
}

/** The newest counts of each month of a service, for the owner of all tenants' rows. */
export async function newestCounts(client: Client | Pool, tenantId: string, service: string): Promise<NewChannelMonth[]> {
  const { rows } = await client.query<NewChannelMonth>(
    `select distinct on (period) period, online, paper, phone, other, assisted_digital, costs
     from private.channel_counts where tenant_id = $1 and service = $2 order by period, revision desc`,
    [tenantId, service],
  );
  return rows;
}

/** All revisions of one month, newest first. */
export async function listChannelRevisions(client: Client, service: string, period: string): Promise<ChannelMonth[]> {
  const { rows } = await client.query<ChannelMonth>(
    `select ${COLUMNS} from app.channel_counts where service = $1 and period = $2 order by revision desc`,
    [service, period],
  );
  return rows;
}

const SERVICES = { tenant: 'app.services', owner: 'private.services' };

/** Lets one transaction at a time number revisions of a service. Returns its time zone; undefined if the tenant has no such service. */
export async function lockService(
  client: Client,
  as: keyof typeof SERVICES,
  tenantId: string,
  service: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ timezone: string }>(
    `select timezone from ${SERVICES[as]} where tenant_id = $1 and slug = $2 for no key update`,
    [tenantId, service],
  );
  return rows[0]?.timezone;
}
