import type { Client } from '../db.ts';
import { type Selection, selectedEvents } from './export-rows.ts';

const WIDTHS = ['hour', 'minute', 'second', 'milliseconds'] as const;
type Width = (typeof WIDTHS)[number];

/** How many events a span of time has, and how many bytes they had as they were sent. */
export type Span = { at: Date; rows: number; bytes: number };

/**
 * The selected events by the span that they fall into, without those that have none, and their types. `width`: nothing finer than a millisecond
 * tells events apart, because a window's ends are no finer.
 */
export async function countSpans(
  client: Client,
  selection: Selection,
  width: Width,
): Promise<{ spans: Span[]; types: string[] }> {
  const { rows } = await client.query<Span & { type: string }>(
    `select date_trunc($1, time, 'UTC') as at, type, count(*) as rows, sum(bytes) as bytes from (${selectedEvents(selection)}) e
     group by 1, 2 order by 1`,
    [width],
  );
  const spans: Span[] = [];
  for (const { at, rows: n, bytes } of rows) {
    const last = spans.at(-1);
    if (last?.at.getTime() === at.getTime()) {
      last.rows += n;
      last.bytes += bytes;
    } else {
      spans.push({ at, rows: n, bytes });
    }
  }
  return { spans, types: [...new Set(rows.map(({ type }) => type))] };
}

/** The width below, or undefined. */
export const finer = (width: Width): Width | undefined => WIDTHS[WIDTHS.indexOf(width) + 1];

export type { Width };
