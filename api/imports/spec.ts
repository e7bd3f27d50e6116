import type { Described } from '../http/operation.ts';

const tag = 'Imports';
const ID = '01a228f4-61b2-7c19-9a52-0b9e9f3f2a11';
const SHA256 = '8c9a1f5d2e7c4b3a6f0e1d2c3b4a59687766554433221100ffeeddccbbaa9988';
const MAPPING = { type: { value: 'com.example.order.placed.v1' }, id: 'order', time: 'placed_at', numbers: ['amount'] };
const SHOWN = {
  id: ID,
  key_id: '01a228f4-5122-7bd3-9c02-0a94b6f37870',
  received_at: '2026-11-29T20:17:12.344Z',
  source: 'night batch',
  media_type: 'text/csv; charset=utf-8',
  bytes: 20861,
  sha256: SHA256,
  mapping: MAPPING,
  policy: null,
  status: 'imported',
  importer: 'csv-events',
  importer_version: 1,
  findings: [],
  rows: 312,
  counts: { read: 312, accepted: 312 },
  progress: 100,
  duration_ms: 184,
  started_at: '2026-11-29T20:17:12.402Z',
  completed_at: '2026-11-29T20:17:12.586Z',
  version: 1,
  rewrites: [],
  destroyed_at: null,
};
const VERSION = {
  version: 1,
  run_id: null,
  importer: 'csv-events',
  importer_version: 1,
  policy: null,
  mapping: MAPPING,
  applied_at: SHOWN.completed_at,
};
const CSV = 'order,placed_at,amount\r\n1001,2026-11-29T12:00:00Z,19.90\r\n';

/** Documents and what became of them. */
export const importSpecs = {
  create: {
    operationId: 'createImport',
    tag,
    summary: 'Send a document',
    description:
      'Keeps a document exactly as it came, encrypted, and answers when it is durable; a job then reads it. It needs a key with the scope ingest. Any Content-Type is kept; docs/imports.md lists those that are read. `mapping` says how columns become events, `source` where the document came from. Content-Encoding is refused: a compressed file is a document of its own type.',
    problems: ['too-large', 'unsupported-media-type', 'storage-full'],
    example: {
      query: { source: SHOWN.source, mapping: JSON.stringify(MAPPING) },
      bodies: { 'text/csv': CSV, '*/*': CSV },
      answer: { id: ID, status: 'stored', bytes: SHOWN.bytes, sha256: SHA256, received_at: SHOWN.received_at },
    },
  },
  list: {
    operationId: 'listImports',
    tag,
    summary: 'List documents',
    description:
      'Returns the documents of the key’s own tenant, newest first. It needs a key with the scope ingest or tenant-admin. `event` is the `id` of an event, or the UUID that it has without one: the list then has the documents that gave it.',
    problems: [],
    example: {
      query: { status: 'imported', media_type: 'text/csv', from: '2026-11-29T00:00:00Z', to: '2026-11-30T00:00:00Z' },
      answer: { data: [SHOWN], next_cursor: null },
    },
  },
  get: {
    operationId: 'getImport',
    tag,
    summary: 'Read what became of a document',
    description:
      'Returns one document’s outcome: its importer and policy, findings, counts and duration. It needs a key with the scope ingest or tenant-admin. `rows` is the number of rows that are new or changed, `counts` has all of them by outcome, `versions` says how the document was read each time.',
    problems: ['not-found'],
    example: { params: { id: ID }, answer: { ...SHOWN, versions: [VERSION] } },
  },
  body: {
    operationId: 'getImportBody',
    tag,
    summary: 'Read a document as it came',
    description:
      'Streams the bytes of a document as they came. It needs a key with the scope tenant-admin, and every read is in the audit log. A document whose body an erasure or the retention destroyed is not found.',
    problems: ['not-found'],
    example: { params: { id: ID }, texts: { 'application/octet-stream': CSV } },
  },
} satisfies Record<string, Described>;
