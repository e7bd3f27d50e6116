import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import { monthsBetween, shiftMonth } from '../../lib/months.ts';
import { unseal } from '../../lib/sealed-text.ts';
import type { ServiceMessage } from '../../sql/alerts/service-messages.ts';
import { type Client, type Pool, withTransaction } from '../../sql/database/db.ts';
import { periodAt } from '../../sql/performance/periods.ts';
import { lockService, type NewChannelMonth, putChannelCounts } from '../../sql/reports/channels.ts';
import {
  claimConnector,
  type DueConnector,
  monthsWithout,
  sealedUse,
  settleFailing,
  settleFresh,
} from '../../sql/reports/connectors.ts';
import { type FetchFault, fetchCounts } from './fetch-counts.ts';
import { tellTenant } from './notify.ts';

export type PullDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  secret: string;
  signal?: AbortSignal | undefined;
  config: Pick<Config, 'ALERTS_ALLOW_PRIVATE_NETWORKS'>;
};

/** Months that one run fetches of one connector. The next run fetches the others. */
const MAX_MONTHS = 24;
/** How long a run goes on to a further connector, and to a further month of one. Other jobs of the queue need its place. */
const RUN_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Fetches the counts of connectors that are due, tenants in turn, for about a minute; the next run goes on. The first failure of a connector is told to the tenant's endpoints, and so
 * is its recovery. Returns the number of messages added.
 */
export async function pullChannels(deps: PullDeps): Promise<number> {
  let told = 0;
  const until = performance.now() + RUN_MS;
  for (let due = await claimConnector(deps.pool, deps.clock()); due; due = await claimConnector(deps.pool, deps.clock())) {
    if (await pull(deps, due)) told++;
    if (deps.signal?.aborted || performance.now() > until) break;
  }
  return told;
}

async function pull(deps: PullDeps, due: DueConnector): Promise<boolean> {
  const now = deps.clock();
  const last = shiftMonth(periodAt(now, due.timezone).name, -1);
  const wanted = await monthsWithout(deps.pool, due, monthsBetween(due.first_period, last));
  // The last closed month again, because its numbers may have been corrected since.
  const months = [...new Set([...wanted.slice(0, MAX_MONTHS), last])];
  const about = { tenant: due.tenant_id, service: due.service };
  const authorization = due.secret ? unseal(deps.secret, sealedUse(due.tenant_id, due.service), due.secret) : undefined;
  if (due.secret && authorization === undefined) {
    const detail = 'The stored Authorization header cannot be read with the secret of this platform. Enter it again.';
    return fail(deps, due, { error: 'authorization-lost', detail }, now);
  }
  const fetched: NewChannelMonth[] = [];
  let fault: FetchFault | undefined;
  const until = performance.now() + RUN_MS;
  for (const period of months) {
    if (performance.now() > until && period !== last) continue;
    const answer = await fetchCounts({ ...due, authorization, period }, deps.config.ALERTS_ALLOW_PRIVATE_NETWORKS);
    if ('error' in answer) {
      fault = { ...answer, detail: `${period}: ${answer.detail}` };
      break;
    }
    fetched.push(answer);
  }
  return withTransaction(deps.pool, 'begin', async (client) => {
    // The service may have been removed since.
    if (!(await lockService(client, 'owner', due.tenant_id, due.service))) return false;
    const target = { tenantId: due.tenant_id, service: due.service, source: 'connector' } as const;
    const stored = fetched.length > 0 ? await putChannelCounts(client, 'owner', target, fetched) : [];
    if (fault) return settleFault(deps, client, due, fault, now);
    const isSettled = await settleFresh(client, due, last, now, nextDue(due, now));
    deps.log.info(
      { ...about, months: stored.filter(({ outcome }) => outcome !== 'unchanged').length },
      'channel counts fetched',
    );
    if (!isSettled || due.state !== 'failing') return false;
    await tellTenant(client, due.tenant_id, null, messageOf('connector.recovered', due, null, now));
    return true;
  });
}

const fail = (deps: PullDeps, due: DueConnector, fault: FetchFault, now: Date): Promise<boolean> =>
  withTransaction(deps.pool, 'begin', (client) => settleFault(deps, client, due, fault, now));

async function settleFault(deps: PullDeps, client: Client, due: DueConnector, fault: FetchFault, now: Date): Promise<boolean> {
  const { error, detail } = fault;
  deps.log.warn({ tenant: due.tenant_id, service: due.service, error }, 'cannot fetch channel counts; will retry');
  const isSettled = await settleFailing(client, due, error, detail, now);
  if (!isSettled || due.state === 'failing') return false;
  await tellTenant(client, due.tenant_id, null, messageOf('connector.failing', due, fault, now));
  return true;
}

// Every day at the same time, or on the day of the month on which the month before is complete.
function nextDue({ schedule, day, timezone }: DueConnector, now: Date): Date {
  if (schedule === 'daily') return new Date(now.getTime() + DAY_MS);
  const month = periodAt(now, timezone).name;
  const onDay = (of: string) => new Date(`${of}-${String(day).padStart(2, '0')}T06:00:00Z`);
  return onDay(month) > now ? onDay(month) : onDay(shiftMonth(month, 1));
}

function messageOf(
  type: 'connector.failing' | 'connector.recovered',
  { service }: DueConnector,
  fault: FetchFault | null,
  now: Date,
): ServiceMessage {
  const data = {
    service,
    error: fault?.error ?? null,
    detail: fault?.detail ?? null,
    url: `/v1/services/${service}/connector`,
  };
  return { type, timestamp: now.toISOString(), data: { connector: data } };
}
