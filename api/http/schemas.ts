import { z } from 'zod';
import { type Instant, instantOf, parseTime } from '../../lib/time.ts';

// PostgreSQL has no year 0, and a year has four digits here.
const EARLIEST = Date.parse('0001-01-01T00:00:00Z') * 1000;
const END = Date.parse('+010000-01-01T00:00:00Z') * 1000;

const isInRange = (time: number | undefined) => time !== undefined && time >= EARLIEST && time < END;

/** An RFC 3339 time with its offset, in microseconds. */
export const instant = z.iso
  .datetime({ offset: true, abort: true, error: 'must be a time as RFC 3339 with its offset, e.g. 2026-01-31T12:00:00Z' })
  .refine((text) => isInRange(parseTime(text)), {
    error: 'must be a time between the years 1 and 9999',
    params: { code: 'out-of-range' },
  })
  .transform((text): Instant => instantOf(parseTime(text) as number));

export const uuid = z.uuid();

/** Values that one filter takes at most. */
export const MAX_VALUES = 50;
