import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from '../http/problems.ts';

/** Refused sign-ins that one address may have within ten minutes. */
const MAX_REFUSED = 10;
const WINDOW_SECONDS = 600;
/** Links that one address may ask for, and that one mailbox is sent, within ten minutes. */
const MAX_ASKED = 20;
const MAX_MAILS = 3;

export type Attempts = {
  /** Throws 429 where too many sign-ins from this address were refused. */
  check: (address: string | null) => Promise<void>;
  /** Counts a refused sign-in. */
  refused: (address: string | null) => Promise<void>;
  /** Counts a link that is asked for by e-mail: throws 429 where an address asks too often, is false where a mailbox has had enough. */
  mail: (address: string | null, mailbox: string) => Promise<boolean>;
};

/**
 * Counts refused sign-ins by address, on Redis where there is one, else in this process. `platform` names this installation: several may
 * share one Redis.
 */
export function createAttempts(platform: string, redis?: Redis): Attempts {
  function limiterOf(keyPrefix: string, points: number) {
    const options = { keyPrefix: `${keyPrefix}:${platform}`, points, duration: WINDOW_SECONDS };
    const memory = new RateLimiterMemory(options);
    return redis ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: memory }) : memory;
  }
  const limiter = limiterOf('sign-in', MAX_REFUSED);
  const asked = limiterOf('sign-in-asked', MAX_ASKED);
  const mails = limiterOf('sign-in-mails', MAX_MAILS);
  // False where the limit is reached.
  const counts = (counter: typeof limiter, name: string) =>
    counter.consume(name).then(
      () => true,
      (refusal) => {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        return false;
      },
    );
  const nameOf = (address: string | null) => address ?? 'unknown';
  return {
    async check(address) {
      const state = await limiter.get(nameOf(address));
      if (!state || state.remainingPoints > 0) return;
      const seconds = Math.max(1, Math.ceil(state.msBeforeNext / 1000));
      throw tooManyRequests('sign-in-limited', 'Too many refused sign-ins from this address', seconds);
    },
    async refused(address) {
      await counts(limiter, nameOf(address));
    },
    async mail(address, mailbox) {
      if (!(await counts(asked, nameOf(address))))
        throw tooManyRequests('sign-in-limited', 'Too many links were asked for from this address', WINDOW_SECONDS);
      return counts(mails, createHash('sha256').update(mailbox).digest('base64'));
    },
  };
}
