import type { Readable } from 'node:stream';
import type { Instant } from '../../lib/time.ts';
import type { Dataset } from './columns.ts';

/** Which rows: half-open windows, of test results by when they last changed. Without `received`, rows of any time of receipt. */
export type Selection = {
  dataset: Dataset;
  from: Instant;
  to: Instant;
  /** Required values of columns: one, or any of several. See FILTERS. */
  filter: Record<string, string | readonly string[]>;
  /** Events only: the window of their time of receipt, by the clock of settledAt(). */
  received?: { from: Date | null; to: Date };
};

/**
 * `guard`: no cell can be run as a formula. `decimal`: the decimal separator, a point by default. `lineEnd`: CR LF by default, as
 * in RFC 4180.
 */
export type Csv = { format: 'csv'; delimiter: ',' | ';'; guard: boolean; decimal?: '.' | ','; lineEnd?: '\n' };
export type Shape = Csv | { format: 'ndjson' };

/** Columns that the rows of each dataset can be filtered by. `interval` is the width of a metric's bucket, an hour by default. */
export const FILTERS: Record<Dataset, readonly string[]> = {
  events: ['type', 'source', 'subject', 'outcome'],
  metrics: ['metric', 'interval', 'type', 'outcome', 'route', 'marketplace', 'rule'],
  test_results: ['test_id'],
};

/** `over` resolves when the connection is free again, even if the stream was destroyed. */
export type CopyStream = Readable & { rowCount: number; over?: Promise<void> };
