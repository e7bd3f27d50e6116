import { instantAt } from '../../lib/time.ts';
import { readableFiles } from '../archive/manifest.ts';
import type { Client } from '../database/db.ts';
import { selectedEvents } from './rows.ts';
import type { Selection } from './selection.ts';

const WIDTHS = ['hour', 'minute', 'second', 'milliseconds'] as const;
type Width = (typeof WIDTHS)[number];

/** Number of events in a time span, and their size in bytes as sent. */
export type Span = { at: Date; rows: number; bytes: number };

/**
 * Counts the selected events by time span, and lists their types. Empty spans are left out. No `width` is finer than a
 * millisecond, so a file is not split further.
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

const HOUR_MS = 3_600_000;
/** Estimated size of an event as sent. The compressed archive file does not tell it. */
const EVENT_BYTES = 300;

/**
 * Like countSpans(), for what the archive may hold of the selection, by hour. Each file's events are spread evenly over its time,
 * because only reading the file would tell more.
 */
export async function archivedSpans(
  client: Client,
  { from, to, filter, received }: Selection,
): Promise<{ spans: Span[]; types: string[] }> {
  const types = filter.type === undefined ? null : [filter.type].flat();
  const files = await readableFiles(client, { from, to, types, receivedFrom: received?.from ?? null });
  const hours = new Map<number, number>();
  for (const { first_time, last_time, rows } of files) {
    const first = Math.floor(Date.parse(first_time) / HOUR_MS);
    const count = Math.floor(Date.parse(last_time) / HOUR_MS) - first + 1;
    for (let hour = first; hour < first + count; hour++) hours.set(hour, (hours.get(hour) ?? 0) + Math.ceil(rows / count));
  }
  const spans = [...hours]
    .map(([hour, rows]) => ({ at: new Date(hour * HOUR_MS), rows, bytes: rows * EVENT_BYTES }))
    .filter(({ at }) => instantAt(new Date(at.getTime() + HOUR_MS)) > from && instantAt(at) < to)
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  return { spans, types: [...new Set(files.map(({ type }) => type))] };
}

/** The next finer width, or undefined. */
export const finer = (width: Width): Width | undefined => WIDTHS[WIDTHS.indexOf(width) + 1];

export type { Width };
