/** In SQL, how long after an attempt that was put off, because somebody else was at work, the next one comes: with the next job. */
export const PUT_OFF = "interval '30 seconds'";

/** In SQL, how long after so many failed attempts the next one comes: a minute, doubled each time, an hour at most. */
export const backOff = (attempts: string) => `least(interval '1 minute' * 2 ^ least(${attempts} - 1, 10), interval '1 hour')`;
