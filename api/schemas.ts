import { z } from 'zod';

/** An RFC 3339 time with its zone, as a Date. */
export const instant = z.iso
  .datetime({ offset: true, error: 'a time is RFC 3339 with its zone, e.g. 2026-01-31T12:00:00Z' })
  .transform((text) => new Date(text));

export const uuid = z.uuid();
