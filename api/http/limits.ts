import type { ServerResponse } from 'node:http';
import type { Redis } from 'ioredis';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import type { Identity, TenantLimits } from '../../sql/tenants/tenants.ts';
import { tooManyRequests } from './problems.ts';

const MONTH_SECONDS = 30 * 24 * 3600;

type Policy = { limit: keyof TenantLimits; setting: keyof Config; seconds: number };

const RATES = {
  requests: { limit: 'requests_per_second', setting: 'REQUESTS_PER_SECOND', seconds: 1 },
  events: { limit: 'events_per_second', setting: 'EVENTS_PER_SECOND', seconds: 1 },
} satisfies Record<string, Policy>;

const QUOTAS = {
  'monthly-events': { limit: 'events_per_month', setting: 'EVENTS_PER_MONTH', seconds: MONTH_SECONDS },
  quarantine: { limit: 'quarantine_bytes', setting: 'QUARANTINE_BYTES', seconds: MONTH_SECONDS },
} satisfies Record<string, Policy>;

export type QuotaName = keyof typeof QUOTAS;

/** The tenant whose use is counted, and its own limits. */
type Metered = Pick<Identity, 'tenantId' | 'limits'>;

export type RequestLimits = {
  /** Counts one request of the tenant and sets the RateLimit headers. Throws 429. */
  request: (tenant: Metered, response: ServerResponse) => Promise<void>;
  /** Counts events before they are stored. Throws 429. */
  events: (identity: Identity, count: number) => Promise<void>;
  /** Throws 429 if the tenant's quota is exhausted. */
  within: (quota: QuotaName, identity: Identity) => void;
  /** Counts stored amounts against a quota. Written once a second, so use may exceed a quota by one second's worth. */
  spend: (quota: QuotaName, identity: Identity, amount: number) => void;
  /** Writes the counts that are not written yet. */
  close: () => Promise<void>;
};

/** Rates are kept in Redis, else in memory. Quotas are kept in Redis, else in PostgreSQL, and survive a restart. */
export function createLimits(config: Config, pool: Pool, log: Logger, redis?: Redis): RequestLimits {
  const limiters = new Map<string, RateLimiterAbstract>();
  const spent = new Map<string, { quota: QuotaName; identity: Identity; amount: number }>();
  const exhausted = new Map<string, { consumed: number; until: number }>();

  function limiter(name: string, policy: Policy, identity: Metered): RateLimiterAbstract {
    const points = identity.limits[policy.limit] ?? (config[policy.setting] as number);
    const id = `${name}:${points}`;
    let found = limiters.get(id);
    if (!found) {
      const options = { keyPrefix: name, points, duration: policy.seconds };
      if (redis) {
        found = new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: new RateLimiterMemory(options) });
      } else if (policy.seconds === 1) {
        found = new RateLimiterMemory(options);
      } else {
        found = new RateLimiterPostgres({
          ...options,
          storeClient: pool,
          storeType: 'pool',
          schemaName: 'limits',
          tableName: 'counters',
          tableCreated: true,
          clearExpiredByTimeout: false,
        });
      }
      limiters.set(id, found);
    }
    return found;
  }

  async function consume(name: keyof typeof RATES, identity: Metered, amount: number): Promise<RateLimiterRes> {
    try {
      const found = limiter(name, RATES[name], identity);
      // A request that is larger than the rate of one second uses up that second; otherwise it could never pass.
      return await found.consume(identity.tenantId, Math.min(amount, found.points));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw tooManyRequests('rate-limited', `Too many ${name} per second`, Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)));
    }
  }

  async function write(): Promise<void> {
    const batch = [...spent.entries()];
    spent.clear();
    for (const [id, { quota, identity, amount }] of batch) {
      try {
        const quotaLimiter = limiter(quota, QUOTAS[quota], identity);
        const state = await quotaLimiter.penalty(identity.tenantId, amount);
        const { consumedPoints: consumed, msBeforeNext } = state;
        if (consumed >= quotaLimiter.points) exhausted.set(id, { consumed, until: Date.now() + msBeforeNext });
        else exhausted.delete(id);
      } catch (error) {
        log.warn({ err: error, quota, tenant: identity.tenantId }, 'cannot save the quota; will retry in a second');
        add(id, quota, identity, amount);
      }
    }
  }

  function add(id: string, quota: QuotaName, identity: Identity, amount: number): void {
    const entry = spent.get(id);
    if (entry) entry.amount += amount;
    else spent.set(id, { quota, identity, amount });
  }

  const timer = setInterval(() => void write(), 1000).unref();

  return {
    async request(identity, response) {
      const limit = identity.limits.requests_per_second ?? config.REQUESTS_PER_SECOND;
      response.setHeader('RateLimit-Policy', `"requests";q=${limit};w=1`);
      const state = await consume('requests', identity, 1).catch((problem) => {
        response.setHeader('RateLimit', '"requests";r=0;t=1');
        throw problem;
      });
      response.setHeader('RateLimit', `"requests";r=${state.remainingPoints};t=${Math.ceil(state.msBeforeNext / 1000)}`);
    },
    async events(identity, count) {
      await consume('events', identity, count);
    },
    within(quota, identity) {
      const found = exhausted.get(`${quota}:${identity.tenantId}`);
      if (found === undefined) return;
      const limit = identity.limits[QUOTAS[quota].limit] ?? (config[QUOTAS[quota].setting] as number);
      const left = found.until - Date.now();
      // The limit may have been raised after it was reached.
      if (left > 0 && found.consumed >= limit) {
        throw tooManyRequests('quota-exceeded', `The quota ${quota} (${limit}) is exhausted`, Math.ceil(left / 1000));
      }
      exhausted.delete(`${quota}:${identity.tenantId}`);
    },
    spend: (quota, identity, amount) => add(`${quota}:${identity.tenantId}`, quota, identity, amount),
    async close() {
      clearInterval(timer);
      await write();
    },
  };
}
