import { z } from 'zod';
import type { RouteSpec } from '../http/types.ts';
import { eventSpecs } from './spec.ts';

const event = z
  .looseObject({
    type: z.string().min(1).max(200),
    id: z.string().min(1).max(200).optional().meta({ description: 'Unique per source; a UUIDv7 of ours if absent' }),
    source: z.string().min(1).max(500).optional().meta({ description: "The key's name if absent" }),
    time: z.iso.datetime({ offset: true }).optional().meta({ description: "The id's own time if it is a UUIDv7, else now" }),
    specversion: z.literal('1.0').optional(),
    subject: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Whom it is about; stored as a pseudonym unless its type says `plain`' }),
    datacontenttype: z.string().optional(),
    dataschema: z.string().optional(),
    data: z
      .union([
        z.looseObject({
          duration_ms: z.number().min(0).optional().meta({ description: 'Feeds latency metrics' }),
          outcome: z.enum(['success', 'failure']).optional().meta({ description: 'Feeds error rates' }),
        }),
        z.unknown(),
      ])
      .optional(),
    data_base64: z.base64().optional().meta({ description: 'Binary data, in the place of `data`' }),
  })
  .meta({ description: 'A CloudEvents 1.0 envelope; extensions are kept. Its tenant is the key’s.' });

const receipt = z.object({
  received: z.int(),
  accepted: z.int(),
  duplicates: z.int(),
  conflicts: z.int(),
  quarantined: z.int(),
  rejected: z.int(),
  warnings: z
    .array(z.object({ index: z.int(), code: z.string(), pointer: z.string(), detail: z.string() }))
    .meta({ description: 'What accepted events hold that no metric counts, or that does not fit a schema in mode observe' }),
  items: z
    .array(
      z.object({
        index: z.int(),
        id: z.string().nullable(),
        status: z.enum(['accepted', 'duplicate', 'conflict', 'quarantined', 'rejected']),
        code: z.string().optional(),
        detail: z.string().optional(),
        pointer: z.string().optional(),
      }),
    )
    .meta({ description: 'Those that were not accepted; all of them with `Prefer: return=representation`' }),
});

/** POST /v1/events for the API document. The call reads its own bytes and checks each event separately. */
export const ingestSpec: RouteSpec<unknown, unknown, unknown> = {
  ...eventSpecs.send,
  method: 'post',
  path: '/v1/events',
  scopes: ['ingest'],
  headers: {
    Prefer: '`return=representation` lists every item in the receipt',
    'Content-Encoding': '`gzip`, or nothing',
    'ce-type': 'CloudEvents binary mode: `ce-` headers are the attributes, the body of any media type is the data',
  },
  bodyTypes: {
    'application/json': z.union([event, z.array(event)]),
    'application/cloudevents+json': event,
    'application/cloudevents-batch+json': z.array(event),
    'application/x-ndjson': z.string().meta({ description: 'One event a line' }),
  },
  status: 202,
  otherStatuses: [422],
  answer: receipt,
};
