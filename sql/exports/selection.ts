import type { Readable } from 'node:stream';
import type { Instant } from '../../lib/time.ts';
import type { Dataset } from './columns.ts';

/** Which rows: half open windows. Without `received`, whenever they were received. */
export type Selection = {
  dataset: Dataset;
  from: Instant;
  to: Instant;
  /** What columns must be, any one of several texts; see FILTERS. */
  filter: Record<string, string | readonly string[]>;
  /** Of events only: what was received in this window, by a clock that settledAt() reads. */
  received?: { from: Date | null; to: Date };
};

/**
 * `guard`: no cell can be run as a formula. `decimal`: what stands before a fraction, a point if absent. `lineEnd`: CR LF if absent, as
 * RFC 4180 has it.
 */
export type Csv = { format: 'csv'; delimiter: ',' | ';'; guard: boolean; decimal?: '.' | ','; lineEnd?: '\n' };
export type Shape = Csv | { format: 'ndjson' };

/** What the rows of each dataset can be chosen by. `interval` is the width of a metric's bucket, an hour if absent. */
export const FILTERS: Record<Dataset, readonly string[]> = {
  events: ['type', 'source', 'subject', 'outcome'],
  metrics: ['metric', 'interval', 'type', 'outcome', 'route', 'marketplace', 'rule'],
};

/** `over` resolves when the connection is free again, also where the stream was destroyed. */
export type CopyStream = Readable & { rowCount: number; over?: Promise<void> };
