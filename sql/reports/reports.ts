import { v7 as uuidv7 } from 'uuid';
import { backOff } from '../database/back-off.ts';
import type { Client, Pool } from '../database/db.ts';

export const MEASURES = [
  'user_satisfaction',
  'completion_rate_period',
  'completion_rate_cohort',
  'digital_take_up',
  'cost_per_transaction',
] as const;
export type MeasureName = (typeof MEASURES)[number];

/** One figure of a report. */
export type Measure = {
  /** In percent, or in units of the currency; null if it cannot be computed. */
  value: number | null;
  numerator: number | null;
  denominator: number | null;
  /** Whether it can still change: the period or the cohort is open. */
  provisional: boolean;
  flags: string[];
  parameters: Record<string, unknown>;
};
export type Measures = Record<MeasureName, Measure>;

/** What a figure needs and did not have. */
export type MissingInput = {
  input: 'channel_counts' | 'costs' | 'assisted_digital' | 'journeys';
  period: string;
  reason: string;
};

/** How the figures are computed, in words. */
export type ReportMethod = { version: string; measures: Record<MeasureName, string>; assumptions: string[] };

/** A figure that differs from the revision before. */
export type ReportChange = {
  measure: MeasureName;
  before: number | null;
  after: number | null;
  numerator_before: number | null;
  numerator_after: number | null;
  denominator_before: number | null;
  denominator_after: number | null;
  provisional: boolean;
};

export type Report = {
  id: string;
  service: string;
  period: string;
  cause: 'request' | 'schedule';
  publish: boolean;
  status: 'queued' | 'running' | 'completed' | 'failed';
  error: string | null;
  requested_at: Date;
  completed_at: Date | null;
  measures: Measures | null;
  method: ReportMethod | null;
  missing: MissingInput[] | null;
  /** Number among the published reports of its period; null: never published. */
  revision: number | null;
  published_at: Date | null;
  withdrawn_at: Date | null;
  changes: ReportChange[] | null;
};

/** A report to make now. */
export type DueReport = Pick<Report, 'id' | 'service' | 'period' | 'cause' | 'publish'> & {
  tenant_id: string;
  assisted_digital: boolean | null;
  notify: string[] | null;
  attempts: number;
};

const COLUMNS = `id, service, period, cause, publish, status, error, requested_at, completed_at, measures, method, missing, revision, published_at,
    withdrawn_at, changes`;

/** Unfinished reports of one tenant. */
export const MAX_UNFINISHED = 100;

export type NewReport = {
  service: string;
  period: string;
  publish: boolean;
  assistedDigital: boolean | null;
  notify: string[] | null;
};

/** Requests a report for the transaction's tenant. Undefined: it has MAX_UNFINISHED unfinished ones. */
export async function createReport(client: Client, tenantId: string, report: NewReport): Promise<Report | undefined> {
  const { service, period, publish, assistedDigital, notify } = report;
  const { rows } = await client.query<Report>(
    `insert into app.performance_reports (id, tenant_id, service, period, assisted_digital, cause, publish, notify, status, attempts, requested_at,
         due_at)
     select $1, $2, $3, $4, $5, 'request', $6, $7, 'queued', 0, now(), now()
     where (select count(*) from app.performance_reports where status in ('queued', 'running')) < $8::bigint
     returning ${COLUMNS}`,
    [uuidv7(), tenantId, service, period, assistedDigital, publish, notify, MAX_UNFINISHED],
  );
  return rows[0];
}

export async function findReport(client: Client, id: string): Promise<Report | undefined> {
  const { rows } = await client.query<Report>(`select ${COLUMNS} from app.performance_reports where id = $1`, [id]);
  return rows[0];
}

/** The tenant's reports, newest first, of one service if it is named. */
export async function listReports(
  client: Client,
  service: string | undefined,
  before: string | undefined,
  limit: number,
): Promise<Report[]> {
  const { rows } = await client.query<Report>(
    `select ${COLUMNS} from app.performance_reports
     where ($1::text is null or service = $1) and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [service ?? null, before ?? null, limit],
  );
  return rows;
}

/** Publishes a completed report of the transaction's tenant. Undefined: it is not completed. */
export async function publishReport(client: Client, id: string): Promise<Report | undefined> {
  return (await client.query<Report>(`select ${COLUMNS} from door.publish_report($1)`, [id])).rows[0];
}

/** Withdraws a published report of the transaction's tenant. Undefined: it is not published. */
export async function withdrawReport(client: Client, id: string): Promise<Report | undefined> {
  return (await client.query<Report>(`select ${COLUMNS} from door.withdraw_report($1)`, [id])).rows[0];
}

/** Leases a report to make for ten minutes. Tenants take turns. Undefined: none is due. */
export async function claimReport(pool: Pool, now: Date): Promise<DueReport | undefined> {
  const { rows } = await pool.query<DueReport>(
    `update private.performance_reports r set status = 'running', attempts = r.attempts + 1, due_at = $1::timestamptz + interval '10 minutes'
     where r.id = (
       select d.id from private.performance_reports d join private.tenants t on t.id = d.tenant_id
       where d.status in ('queued', 'running') and d.due_at <= $1 and t.offboarding_at is null
       order by (select max(l.completed_at) from private.performance_reports l where l.tenant_id = d.tenant_id) nulls first, d.requested_at
       limit 1 for update of d skip locked
     )
     returning r.id, r.tenant_id, r.service, r.period, r.cause, r.publish, r.assisted_digital, r.notify, r.attempts`,
    [now],
  );
  return rows[0];
}

/**
 * Completes a report, and publishes it if that was asked for, or if it restates a published period. Undefined: another worker
 * has the lease.
 */
export async function completeReport(
  client: Client,
  { id, tenant_id, attempts, publish }: DueReport,
  result: { measures: Measures; method: ReportMethod; missing: MissingInput[]; publish: boolean },
  now: Date,
): Promise<Report | undefined> {
  const { rows } = await client.query<Report>(
    `update private.performance_reports set status = 'completed', error = null, completed_at = $3, measures = $4, method = $5, missing = $6
     where id = $1 and attempts = $2 and status = 'running' returning ${COLUMNS}`,
    [id, attempts, now, JSON.stringify(result.measures), JSON.stringify(result.method), JSON.stringify(result.missing)],
  );
  if (!rows[0] || !(publish || result.publish)) return rows[0];
  const published = await client.query<Report>(`select ${COLUMNS} from private.publish_report($1, $2, $3)`, [
    tenant_id,
    id,
    now,
  ]);
  return published.rows[0];
}

/** Fails a report for good, or lets it be tried again later. */
export async function failReport(
  client: Client | Pool,
  { id, attempts }: DueReport,
  error: string,
  isFinal: boolean,
  now: Date,
): Promise<void> {
  await client.query(
    `update private.performance_reports set status = case when $3 then 'failed' else 'queued' end, error = $4,
         completed_at = case when $3 then $5::timestamptz end, due_at = $5::timestamptz + ${backOff('attempts')}
     where id = $1 and attempts = $2 and status = 'running'`,
    [id, attempts, isFinal, error, now],
  );
}

/** The newest completed report of a period before this one, and whether the period has a published revision. */
export async function lastReport(
  client: Client | Pool,
  { tenant_id, service, period, id }: DueReport,
): Promise<{ measures: Measures | null; missing: MissingInput[] | null; is_published: boolean }> {
  const { rows } = await client.query<{ measures: Measures; missing: MissingInput[]; is_published: boolean }>(
    `select last.measures, last.missing, exists (
         select from private.performance_reports p
         where p.tenant_id = $1 and p.service = $2 and p.period = $3 and p.published_at is not null and p.withdrawn_at is null
       ) as is_published
     from (select) one left join lateral (
       select measures, missing from private.performance_reports
       where tenant_id = $1 and service = $2 and period = $3 and status = 'completed' and id <> $4 and assisted_digital is null
       order by completed_at desc limit 1
     ) last on true`,
    [tenant_id, service, period, id],
  );
  return rows[0] as { measures: Measures; missing: MissingInput[]; is_published: boolean };
}

/** Deletes a scheduled report whose figures are those of the report before. */
export async function dropUnchanged(client: Client, { id, attempts }: DueReport): Promise<void> {
  await client.query(`delete from private.performance_reports where id = $1 and attempts = $2 and status = 'running'`, [
    id,
    attempts,
  ]);
}
