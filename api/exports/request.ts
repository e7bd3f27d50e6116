import zlib from 'node:zlib';
import { z } from 'zod';
import { instantAt, later } from '../../lib/time.ts';
import { DATASETS } from '../../sql/exports/columns.ts';
import { type ExportJob, type ExportOptions, FORMATS, type NewExport } from '../../sql/exports/jobs.ts';
import { FILTERS, type Selection } from '../../sql/exports/selection.ts';
import { METRICS } from '../../sql/metrics/catalogue.ts';
import { conflict, type Fault, type FaultReport, invalidRequest } from '../http/problems.ts';
import { instant, namesNobody, uuid } from '../http/schemas.ts';
import { checkChoices, checkWindow } from './query.ts';

/** Node supports zstd from 22.15. */
const COMPRESSIONS = 'createZstdCompress' in zlib ? (['none', 'gzip', 'zstd'] as const) : (['none', 'gzip'] as const);

const text = z
  .string()
  .max(500)
  .refine(...namesNobody);

/** The body of a request for an export. readExport() checks the combinations of its members. */
export const exportInput = z.strictObject({
  dataset: z.enum(DATASETS).optional().meta({ description: 'Left out with `since`: that of the export before' }),
  format: z.enum(FORMATS),
  from: instant.optional().meta({ description: 'Inclusive; needed without `since`, with it that of the export before' }),
  to: instant.optional().meta({
    description:
      'Exclusive; needed without `since`. With it not before the end of the export before, and now or that end if left out',
  }),
  filter: z
    .record(z.string(), z.union([text, z.array(text).min(1).max(100)]))
    .optional()
    .meta({
      description:
        'What columns must be, or one of several texts. Events: type, source, outcome. Metrics: metric, interval, type, outcome, route, marketplace, rule. Test results: test_id',
    }),
  since: uuid.optional().meta({
    description:
      'Id of a completed export of events: this one goes on exactly where that one ended, late rows included, no row twice',
  }),
  notify_url: z
    .string()
    .max(2000)
    .refine(...namesNobody)
    .optional()
    .meta({ description: 'Told by a signed webhook when the export is ready or has failed' }),
  compression: z.enum(COMPRESSIONS).optional().meta({ description: 'Of CSV and NDJSON; Parquet is always compressed' }),
  delimiter: z.enum([',', ';']).optional().meta({ description: 'Of CSV' }),
  decimal: z.enum(['.', ',']).optional().meta({ description: 'Of CSV: decimal separator' }),
  bom: z.boolean().optional().meta({ description: 'Of CSV: begins with a byte order mark, which Excel needs' }),
  guard: z.boolean().optional().meta({ description: 'Of CSV: no cell can be run as a formula; true if left out' }),
});
export type ExportInput = z.infer<typeof exportInput>;

/**
 * Returns the requested export, filled in from the one that it continues. Throws 400 with every fault, 409 if that one is not
 * complete.
 */
export function readExport(input: ExportInput, before: ExportJob | undefined, now: Date): Omit<NewExport, 'endpointId'> {
  const faults: Fault[] = [];
  const fault: FaultReport = (name, code, detail) => void faults.push({ pointer: `/${name}`, code, detail });
  if (input.since !== undefined && !before)
    fault('since', 'unknown-export', 'The tenant has no such export. GET /v1/exports lists them.');
  const dataset = input.dataset ?? before?.dataset;
  const from = input.from ?? before?.window_from;
  const to = input.to ?? (before && later(instantAt(now), before.window_to));
  const filter = input.filter ?? before?.filter ?? {};
  for (const [name, value] of Object.entries({ dataset, from, to })) {
    if (value === undefined && input.since === undefined)
      fault(name, 'invalid-type', `"${name}" is missing. It is only optional with \`since\`.`);
  }
  if (dataset) checkFilter(dataset, filter, fault);
  checkChoices(input, fault);
  if (input.format === 'parquet' && input.compression !== undefined)
    fault('compression', 'not-of-format', 'Parquet is always compressed. Leave out `compression`.');
  if (from && to) checkWindow(from, to, fault);
  if (before && dataset && from && to) checkContinued(before, { dataset, from, to, filter }, fault);
  if (faults.length > 0 || !dataset || !from || !to) throw invalidRequest(faults);
  if (before && !before.completed_at)
    throw conflict(
      'export-not-completed',
      'The export named in `since` is not completed',
      `It is ${before.status}. Use a completed export, or leave out \`since\`.`,
    );
  return { dataset, format: input.format, options: optionsOf(input), from, to, filter, since: before ?? null };
}

function checkFilter(dataset: Selection['dataset'], filter: Selection['filter'], fault: FaultReport): void {
  // The export would store the subject's identifier. A privacy request for access returns the events of one subject.
  const known = FILTERS[dataset].filter((name) => name !== 'subject');
  for (const [name, value] of Object.entries(filter)) {
    const values = [value].flat() as string[];
    if (!known.includes(name))
      fault(`filter/${name}`, 'unknown-dimension', `The dataset cannot be filtered by this. Known are: ${known.join(', ')}.`);
    if (name === 'interval' && values.some((one) => one !== 'hour' && one !== 'day'))
      fault('filter/interval', 'unknown-interval', '`interval` must be hour or day.');
    if (name === 'interval' && Array.isArray(value))
      fault('filter/interval', 'unknown-interval', '`interval` must be a single value.');
    if (name === 'metric' && values.some((one) => !METRICS.some((metric) => metric.name === one)))
      fault('filter/metric', 'unknown-metric', 'There is no such metric. GET /v1/metrics lists all.');
  }
}

function checkContinued(
  before: ExportJob,
  asked: Pick<NewExport, 'dataset' | 'from' | 'to' | 'filter'>,
  fault: FaultReport,
): void {
  if (before.dataset !== 'events' || asked.dataset !== 'events') {
    fault(
      'since',
      'not-incremental',
      'Only exports of events can be continued with `since`: metrics change when events arrive late.',
    );
    return;
  }
  const differs = (name: string, detail: string) => fault(name, 'differs-from-since', detail);
  if (asked.from !== before.window_from)
    differs('from', '`from` must be the same as in the export named in `since`. Leave it out.');
  if (asked.to < before.window_to) differs('to', '`to` must not be before the end of the export named in `since`.');
  if (sorted(asked.filter) !== sorted(before.filter))
    differs('filter', '`filter` must be the same as in the export named in `since`. Leave it out.');
}

const sorted = (filter: Selection['filter']) => JSON.stringify(Object.entries(filter).sort());

function optionsOf({ format, compression, delimiter, decimal, bom, guard }: ExportInput): ExportOptions {
  if (format === 'parquet') return {};
  if (format === 'ndjson') return { compression: compression ?? 'none' };
  return {
    compression: compression ?? 'none',
    delimiter: delimiter ?? ',',
    decimal: decimal ?? '.',
    bom: bom ?? false,
    guard: guard ?? true,
  };
}
