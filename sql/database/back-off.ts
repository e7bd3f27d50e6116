/** SQL interval: the delay after an attempt that was postponed because another worker was busy. The next job retries it. */
export const PUT_OFF = "interval '30 seconds'";

/** SQL expression: the delay after `attempts` failed attempts. One minute, doubled each time, at most one hour. */
export const backOff = (attempts: string) => `least(interval '1 minute' * 2 ^ least(${attempts} - 1, 10), interval '1 hour')`;
