import { z } from 'zod';
import { dateOf, type Instant, instantAt, shownInstant } from '../../lib/time.ts';
import { DATASETS } from '../../sql/exports/columns.ts';
import { FILTERS, type Selection, type Shape } from '../../sql/exports/selection.ts';
import { METRICS } from '../../sql/metrics/catalogue.ts';
import { type Fault, type FaultReport, invalidRequest } from '../http/problems.ts';
import { instant } from '../http/schemas.ts';

const MAX_DAYS = 3_660;
const DAY_MS = 86_400_000;

const flag = z.enum(['true', 'false']);
const text = z.string().max(500);
const NAMES = [...new Set(Object.values(FILTERS).flat())];

/** Parameters sent as `filter[name]`. The interval is not a filter, but the width of a bucket. */
export const EXPORT_FILTERS = NAMES.filter((name) => name !== 'interval');

/** The parameters of a streamed export. readExportQuery() checks their combinations. */
export const exportQuery = z.strictObject({
  dataset: z.enum(DATASETS),
  format: z.enum(['csv', 'ndjson']).default('csv'),
  from: instant.meta({ description: 'RFC 3339, inclusive' }),
  to: instant.optional().meta({ description: 'RFC 3339, exclusive; now if left out' }),
  delimiter: z.enum([',', ';']).optional().meta({ description: 'Of CSV; a comma if left out' }),
  decimal: z.enum(['.', ',']).optional().meta({ description: 'Of CSV: decimal separator; a point by default' }),
  bom: flag.optional().meta({ description: 'Of CSV: begins with a byte order mark, which Excel needs for accents' }),
  guard: flag.optional().meta({
    description: 'Of CSV: a text that a spreadsheet would run as a formula gets an apostrophe before it; true if left out',
  }),
  type: text.optional(),
  source: text.optional(),
  subject: text.optional().meta({ description: 'The plain value or its pseudonym' }),
  outcome: text.optional(),
  metric: text.optional().meta({ description: 'Of metrics: one metric of GET /v1/metrics; all if left out' }),
  interval: z.enum(['hour', 'day']).optional().meta({ description: 'Of metrics: an hour if left out; days are of UTC' }),
  route: text.optional(),
  marketplace: text.optional(),
  rule: text.optional(),
  test_id: text.optional().meta({ description: 'Of test results: one test' }),
});

export type ExportQuery = z.infer<typeof exportQuery>;

export type ExportRequest = { selection: Selection; shape: Shape; bom: boolean };

/** Returns the request of a streamed export. `pseudonym` returns the stored form of a subject. Throws 400 with every fault. */
export function readExportQuery(query: ExportQuery, now: Date, pseudonym: (subject: string) => string): ExportRequest {
  const { dataset, from, to = instantAt(now) } = query;
  const faults: Fault[] = [];
  const fault = (name: string, code: string, detail: string) => faults.push({ pointer: `/${name}`, code, detail });
  checkWindow(from, to, fault);
  const filter: Record<string, string | string[]> = {};
  for (const name of NAMES as (keyof ExportQuery)[]) {
    const value = query[name] as string | undefined;
    if (value === undefined) continue;
    if (!FILTERS[dataset].includes(name))
      fault(name, 'unknown-dimension', `${dataset} cannot be filtered by ${name}. Known are: ${FILTERS[dataset].join(', ')}.`);
    filter[name] = name === 'subject' ? [value, pseudonym(value)] : value;
  }
  if (query.metric !== undefined && !METRICS.some(({ name }) => name === query.metric))
    fault('metric', 'unknown-metric', 'There is no such metric. GET /v1/metrics lists all.');
  checkChoices(query, fault);
  if (faults.length > 0) throw invalidRequest(faults);
  return { selection: { dataset, from, to, filter }, shape: shapeOf(query), bom: query.bom === 'true' };
}

/** Reports a window that is empty, too long, or outside the times that the database can store. */
export function checkWindow(from: Instant, to: Instant, fault: FaultReport): void {
  if (from >= to) fault('from', 'empty-window', '`from` must be before `to`.');
  if (dateOf(to).getTime() - dateOf(from).getTime() > MAX_DAYS * DAY_MS)
    fault('from', 'out-of-range', 'The window is longer than ten years.');
  for (const [name, at] of Object.entries({ from, to })) {
    if (at < '1970' || at >= '9999') fault(name, 'out-of-range', `"${name}" must be between the years 1970 and 9998.`);
  }
}

const CSV_ONLY = ['delimiter', 'decimal', 'bom', 'guard'] as const;

/** Reports CSV options with another format, and a decimal comma that equals the delimiter. */
export function checkChoices(
  asked: { format: string } & { [name in (typeof CSV_ONLY)[number]]?: unknown },
  fault: FaultReport,
): void {
  for (const name of CSV_ONLY) {
    if (asked.format !== 'csv' && asked[name] !== undefined)
      fault(name, 'not-of-format', `${asked.format} does not have this option.`);
  }
  if (asked.decimal === ',' && asked.delimiter !== ';')
    fault('decimal', 'not-of-format', 'A decimal comma requires the delimiter `;`.');
}

function shapeOf({ format, delimiter = ',', decimal = '.', guard }: ExportQuery): Shape {
  return format === 'csv' ? { format, delimiter, decimal, guard: guard !== 'false' } : { format };
}

/** Returns the file name of an export. */
export function exportFileName({ dataset, from, to }: Selection, { format }: Shape): string {
  const [begin, end] = [from, to].map((at) =>
    shownInstant(at)
      .replace(/\.000Z$/, 'Z')
      .replaceAll(':', ''),
  );
  return `${dataset}_${begin}_${end}.${format}`;
}
