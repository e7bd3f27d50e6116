import { z } from 'zod';
import { namesPerson } from '../../lib/people.ts';
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
/**
 * For `refine`: a text outside events names nobody, because it is shown, logged and kept where a request for erasure changes little.
 * Only what identifies people by its form is recognised: an e-mail address, a CPF number, a telephone number.
 */
export const namesNobody = [
  (text: string | null | undefined) => !namesPerson(text ?? ''),
  {
    error: 'must not have an e-mail address, CPF or telephone number of a person',
    params: { code: 'personal-identifier' },
    // One fault per value: a text that is wrong anyway has that fault alone.
    when: ({ issues }: { issues: unknown[] }) => issues.length === 0,
  },
] as const satisfies [unknown, unknown];
