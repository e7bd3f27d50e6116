import { createHmac, randomBytes } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 60;
/** Feedback that one network may send within a minute, whatever the service. An office or a mobile network is one. */
const PER_NETWORK = 30;
/** Feedback within a minute from which on a service is being flooded: then each network may send FLOODED of it. */
const CALM = 300;
const FLOODED = 2;
const DAY_SECONDS = 86_400;

export type FloodGate = {
  /** Counts one sending of feedback to a service from an address. Returns the seconds to wait; 0: it may be stored. */
  enter: (service: string, address: string | null) => Promise<number>;
};

/**
 * Keeps floods of feedback out without keeping who sent it: it counts by network, as a hash whose salt is random, changes each day and is kept only
 * in Redis, or in this process where there is none. While a service is flooded, a network may send little, and people of other networks still can.
 */
export function createFloodGate(platform: string, redis?: Redis): FloodGate {
  function limiterOf(name: string, points: number) {
    const options = { keyPrefix: `${name}:${platform}`, points, duration: WINDOW_SECONDS };
    const memory = new RateLimiterMemory(options);
    if (!redis) return memory;
    // A network over the limit is refused without asking Redis each time.
    return new RateLimiterRedis({
      ...options,
      storeClient: redis,
      insuranceLimiter: memory,
      inMemoryBlockOnConsumed: points + 1,
    });
  }
  const networks = limiterOf('feedback-network', PER_NETWORK);
  const flooded = limiterOf('feedback-flooded', FLOODED);
  const services = limiterOf('feedback-service', CALM);
  const salts = createSalts(platform, redis);

  const consume = (limiter: typeof networks, key: string): Promise<number> =>
    limiter.consume(key).then(
      () => 0,
      (refusal) => {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
      },
    );

  return {
    async enter(service, address) {
      const key = createHmac('sha256', await salts())
        .update(networkOf(address))
        .digest('base64url')
        .slice(0, 22);
      const wait = await consume(networks, key);
      if (wait > 0) return wait;
      return (await consume(services, service)) > 0 ? consume(flooded, key) : 0;
    },
  };
}

// The salt of today: the same in all processes that share the Redis.
function createSalts(platform: string, redis?: Redis): () => Promise<string> {
  let known = { day: -1, salt: '' };
  return async () => {
    const day = Math.floor(Date.now() / 1000 / DAY_SECONDS);
    if (known.day === day) return known.salt;
    const fresh = randomBytes(32).toString('base64url');
    const key = `feedback-salt:${platform}:${day}`;
    const shared = await redis
      ?.set(key, fresh, 'EX', DAY_SECONDS, 'NX')
      .then(() => redis.get(key))
      .catch(() => null);
    known = { day, salt: shared ?? fresh };
    return known.salt;
  };
}

/** The network of an address: the first 24 bits of IPv4, the first 48 of IPv6. */
export function networkOf(address: string | null): string {
  if (address === null) return 'unknown';
  if (isIPv4(address)) return address.split('.').slice(0, 3).join('.');
  if (!isIPv6(address)) return 'unknown';
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  if (tail !== undefined) {
    const last = tail.split(':').filter(Boolean);
    while (groups.length + last.length < 8) groups.push('0');
  }
  return groups
    .slice(0, 3)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
