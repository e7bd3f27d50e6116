import { z } from 'zod';
import { type Instant, instantOf, parseTime } from '../lib/time.ts';

// The calendar of PostgreSQL has no year 0, and a year has four digits.
const EARLIEST = Date.parse('0001-01-01T00:00:00Z') * 1000;
const END = Date.parse('+010000-01-01T00:00:00Z') * 1000;

/** An RFC 3339 time with its zone, kept to the microsecond. */
export const instant = z.iso
  .datetime({ offset: true, error: 'a time is RFC 3339 with its zone, e.g. 2026-01-31T12:00:00Z' })
  .transform((text, context): Instant => {
    const time = parseTime(text);
    if (time !== undefined && time >= EARLIEST && time < END) return instantOf(time);
    context.addIssue({ code: 'custom', params: { code: 'out-of-range' }, message: 'a time lies between the years 1 and 9999' });
    return z.NEVER;
  });

export const uuid = z.uuid();
