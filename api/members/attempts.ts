import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from '../http/problems.ts';

/** Refused sign-ins that one address may have within ten minutes. */
const MAX_REFUSED = 10;
const WINDOW_SECONDS = 600;

export type Attempts = {
  /** Throws 429 where too many sign-ins from this address were refused. */
  check: (address: string | null) => Promise<void>;
  /** Counts a refused sign-in. */
  refused: (address: string | null) => Promise<void>;
};

/** Counts refused sign-ins by address, on Redis where there is one, else in this process. */
export function createAttempts(redis?: Redis): Attempts {
  const options = { keyPrefix: 'sign-in', points: MAX_REFUSED, duration: WINDOW_SECONDS };
  const memory = new RateLimiterMemory(options);
  const limiter = redis ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: memory }) : memory;
  const nameOf = (address: string | null) => address ?? 'unknown';
  return {
    async check(address) {
      const state = await limiter.get(nameOf(address));
      if (!state || state.remainingPoints > 0) return;
      const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
      throw tooManyRequests('sign-in-limited', 'Too many refused sign-ins from this address', seconds);
    },
    async refused(address) {
      await limiter.consume(nameOf(address)).catch((refusal) => {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
      });
    },
  };
}
