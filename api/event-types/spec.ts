import type { Described } from '../http/operation.ts';

const INPUT = {
  schema: {
    type: 'object',
    properties: { duration_ms: { type: 'number', minimum: 0 }, email: { type: 'string' } },
    required: ['duration_ms'],
  },
  mode: 'quarantine',
  description: 'An order was placed in the shop.',
  personal_fields: ['/email'],
  subject: 'pseudonymised',
  processing: {
    purpose: 'Show how long orders take.',
    legal_basis: 'legitimate_interest',
    data_categories: ['contact'],
    storage_country: 'BR',
  },
};
const TYPE = { ...INPUT, type: 'com.example.order.placed.v1', version: 1, created_at: '2026-11-29T20:17:12.304Z' };

const tag = 'Event types';
const params = { type: TYPE.type };

export const eventTypeSpecs = {
  put: {
    operationId: 'putEventType',
    tag,
    summary: 'Set the schema of an event type',
    description:
      'Gives an event type of the key’s own tenant its JSON Schema, its mode and its personal fields. It needs a key with the scope tenant-admin. A change makes a new version and is answered with 201; the same content again is answered with 200 and no new version. Events that are stored already stay as they are.',
    problems: ['invalid-schema', 'version-conflict'],
    example: { params, body: INPUT, answer: TYPE },
  },
  get: {
    operationId: 'getEventType',
    tag,
    summary: 'Get one event type',
    description:
      'Returns the newest version of an event type of the key’s own tenant. It needs a key with the scope tenant-admin. A type that was never given a schema is answered with 404, also where events of it are stored.',
    problems: ['not-found'],
    example: { params, answer: TYPE },
  },
  list: {
    operationId: 'listEventTypes',
    tag,
    summary: 'List event types',
    description:
      'Returns the event types of the key’s own tenant that have a schema, by name, each in its newest version. It needs a key with the scope tenant-admin.',
    example: { query: { limit: '20' }, answer: { data: [TYPE], next_cursor: null } },
  },
} satisfies Record<string, Described>;
