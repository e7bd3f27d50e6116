import type { Described } from '../http/operation.ts';

const tag = 'Event types';
const params = { type: 'com.example.order.placed.v1' };
const MISMATCH = { code: 'schema-mismatch', pointer: '/data/duration_ms', events: 12, last_at: '2026-11-29T20:17:12.304Z' };

export const seenSpecs = {
  fields: {
    operationId: 'listEventTypeFields',
    tag,
    summary: 'List the fields of an event type',
    description:
      'Returns the fields that the newest stored events of a type have in `data`. It reads at most 1,000 events and 2 MiB, among the newest 100,000 events of the tenant in the last 30 days. The type needs no schema. Personal fields count as they are stored, as pseudonyms.',
    example: {
      params,
      answer: {
        events: 1000,
        data: [
          { pointer: '/duration_ms', types: ['integer'], share: 1, distinct: 214, personal: false, values: null },
          { pointer: '/email', types: ['string'], share: 0.87, distinct: 640, personal: true, values: null },
          { pointer: '/outcome', types: ['string'], share: 1, distinct: 2, personal: false, values: ['failure', 'success'] },
        ],
      },
    },
  },
  violations: {
    operationId: 'listEventTypeViolations',
    tag,
    summary: 'Count violations of an event type',
    description:
      'Counts by code and place the events of a type that were refused in the last 30 days, the newest 10,000 at most, and the newest stored events that do not match the schema of today. Personal fields of stored events are not checked, because they are stored as pseudonyms.',
    example: { params, answer: { refused: [MISMATCH], checked: 1000, stored: [{ ...MISMATCH, events: 3 }] } },
  },
} satisfies Record<string, Described>;
