import { z } from 'zod';
import { shownInstant } from '../../lib/time.ts';
import { EXPORT_STATUSES, type ExportJob, FORMATS } from '../../sql/exports/jobs.ts';
import { uuid } from '../http/schemas.ts';

const time = z.iso.datetime();

const file = z.object({
  name: z.string(),
  rows: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string(),
  url: z
    .url()
    .optional()
    .meta({ description: 'Opens this file without a key, until `urls_expire_at`; signed again for each answer' }),
});

const notification = z.object({
  endpoint_id: uuid.meta({ description: 'Among GET /v1/alerts/endpoints, where its secret can be changed' }),
  status: z.enum(['waiting', 'delivered', 'failed']).nullable().meta({ description: 'Null before there is anything to tell' }),
  attempts: z.number().int(),
  response_code: z.number().int().nullable(),
  error: z.string().nullable(),
});

const since = z.object({ id: uuid, to: time, settled_at: time }).nullable();

const manifest = z.object({
  export_id: uuid,
  dataset: z.string(),
  format: z.enum(FORMATS),
  from: time,
  to: time.meta({ description: 'Exclusive' }),
  filter: z.record(z.string(), z.unknown()),
  settled_at: time.meta({ description: 'All that was received before this moment is in it, and nothing else' }),
  since: since.meta({
    description:
      'The export that it continues: rows of the window before its `to` that were received before its `settled_at` are in that one',
  }),
  watermark: time.meta({ description: 'Up to when the figures of GET /v1/metrics agree with the rows' }),
  rows: z.number().int(),
  bytes: z.number().int(),
  files: z.array(file),
  columns: z.array(z.object({ name: z.string(), type: z.string(), description: z.string(), unit: z.string().optional() })),
  csvw: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'Of CSV: metadata as CSV on the Web, for a file beside those of the export' }),
  types: z.array(z.object({ type: z.string(), versions: z.array(z.number().int()) })).meta({
    description: 'Event types that are in it, each with the versions of GET /v1/event-types/{type}',
  }),
  last_export: z
    .object({ id: uuid, settled_at: time })
    .nullable()
    .meta({ description: 'What restatements and erasures count from' }),
  restatements: z
    .object({
      count: z.number().int(),
      data: z.array(
        z.object({ figures: z.string(), bucket: time, before: z.number().int(), after: z.number().int(), restated_at: time }),
      ),
    })
    .nullable()
    .meta({ description: 'Days of the window that changed since the last export, the latest first, a thousand at most' }),
  erasures: z
    .array(z.object({ request_id: uuid, subject: z.string(), completed_at: time.nullable() }))
    .nullable()
    .meta({ description: 'People erased since the last export, by pseudonym: earlier exports may hold them' }),
});

/** An export in answers of the API. */
export const shownExport = z.object({
  id: uuid,
  dataset: z.string(),
  format: z.enum(FORMATS),
  options: z.record(z.string(), z.unknown()),
  from: time,
  to: time,
  filter: z.record(z.string(), z.unknown()),
  since: uuid.nullable(),
  status: z.enum(EXPORT_STATUSES),
  progress: z.number().int().meta({ description: '0 to 100' }),
  error: z.string().nullable().meta({ description: 'Why it failed or its files are gone: docs/exports.md' }),
  created_at: time,
  completed_at: time.nullable(),
  expires_at: time.nullable().meta({ description: 'When its files are destroyed' }),
  notification: notification.nullable(),
});

/** One export, with its manifest once it is complete. */
export const wholeExport = shownExport.extend({ manifest: manifest.optional(), urls_expire_at: time.optional() });

/** The answer to a request for an export. */
export const askedExport = shownExport.extend({
  webhook_secret: z.string().nullable().optional().meta({
    description:
      'What its webhook is signed with, where this is the first export with that `notify_url`; shown in this answer only',
  }),
  code: z.string().optional(),
});

export function showExport(job: ExportJob): z.input<typeof shownExport> | Record<string, unknown> {
  const { window_from: from, window_to: to, endpoint_id, notice, manifest: _, settled_at: __, ended_at: ___, ...rest } = job;
  const told = notice ?? { status: null, attempts: 0, response_code: null, error: null };
  return {
    ...rest,
    from: shownInstant(from),
    to: shownInstant(to),
    notification: endpoint_id ? { endpoint_id, ...told } : null,
  };
}
