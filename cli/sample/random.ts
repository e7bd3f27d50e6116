/** Pseudo-random numbers that are the same in every run. Never use them for a secret. */
export type Random = {
  /** Uniform between 0 and 1. */
  next: () => number;
  /** A Poisson count with this mean. */
  poisson: (mean: number) => number;
  /** Log-normal: most values near the median, a few far above. */
  logNormal: (median: number, sigma: number) => number;
  /** One of the names, with probabilities by weight. */
  pick: <T extends string>(weights: Record<T, number>) => T;
};

/** A generator that starts from `seed` (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

  return {
    next,
    poisson(mean) {
      // Knuth's product is slow and imprecise for large means, where the normal distribution is as good.
      if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
      const limit = Math.exp(-mean);
      let count = 0;
      for (let product = next(); product > limit; product *= next()) count++;
      return count;
    },
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
    pick<T extends string>(weights: Record<T, number>): T {
      const entries = Object.entries(weights) as [T, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return (entries.at(-1) as [T, number])[0];
    },
  };
}
