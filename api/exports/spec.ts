import type { Described } from '../http/operation.ts';

const WINDOW = { from: '2026-11-28T00:00:00.000Z', to: '2026-11-29T00:00:00.000Z' };
const OPTIONS = { bom: false, guard: true, decimal: '.', delimiter: ',', compression: 'none' };
const QUEUED = {
  id: '01a228f4-5a9b-702a-8c7f-25f8a780d32d',
  dataset: 'events',
  format: 'csv',
  options: OPTIONS,
  filter: { type: 'com.example.order.placed.v1' },
  since: null,
  status: 'queued',
  error: null,
  progress: 0,
  created_at: '2026-11-29T20:17:12.344Z',
  completed_at: null,
  expires_at: null,
  ...WINDOW,
  notification: null,
};
const COMPLETED = {
  ...QUEUED,
  status: 'completed',
  progress: 100,
  completed_at: '2026-11-29T20:17:12.626Z',
  expires_at: '2026-12-06T20:17:12.626Z',
};
const FILE = {
  name: 'events-0001.csv',
  rows: 69,
  bytes: 20861,
  sha256: '950b77851fee432c52ab034cb9f89ef270086f8f5d9f6f2514ddf8314b633fb5',
  url: `https://mirante.example.com/v1/exports/${COMPLETED.id}/files/events-0001.csv?token=eyJhbGciOiJIUzI1NiIs…`,
};
const MANIFEST = {
  export_id: COMPLETED.id,
  dataset: 'events',
  format: 'csv',
  ...WINDOW,
  filter: COMPLETED.filter,
  settled_at: '2026-11-29T20:17:12.455Z',
  since: null,
  watermark: '2026-11-29T20:17:12.620Z',
  rows: FILE.rows,
  bytes: FILE.bytes,
  files: [FILE],
  columns: [{ name: 'time', type: 'dateTimeStamp', description: 'When it happened, as its sender says.' }],
  types: [{ type: 'com.example.order.placed.v1', versions: [1] }],
  last_export: { id: '01a228f4-5926-7714-ae26-46e8ae98345d', settled_at: '2026-11-28T20:17:12.433Z' },
  restatements: { count: 0, data: [] },
  erasures: [],
};
const CSV =
  'id,time,received_at,type,source,event_id,subject,outcome,duration_ms,bytes,data,attributes\r\n' +
  '7b7a7aef-ef8c-4f4f-8df8-2ad39cad7997,2026-11-28T20:18:11.083Z,2026-11-28T20:18:13.083Z,"com.example.order.placed.v1","shop",' +
  '"7b7a7aef-ef8c-4f4f-8df8-2ad39cad7997",,"success",42,133,"{""amount"": 10}",\r\n';
const LINE =
  '{"id":"7b7a7aef-ef8c-4f4f-8df8-2ad39cad7997","time":"2026-11-28T20:18:11.083Z","type":"com.example.order.placed.v1","source":"shop"}\n';

const tag = 'Exports';
const params = { id: COMPLETED.id };
const query = { dataset: 'events', format: 'csv', from: WINDOW.from, to: WINDOW.to };

export const exportSpecs = {
  stream: {
    operationId: 'streamExport',
    tag,
    summary: 'Stream all rows of a window',
    description:
      'Streams every row of a window without a limit and in a stable order: events by time and id, metrics by bucket, metric and dimensions. It needs a key with the scope export. A complete answer ends with the trailers Content-Digest, Repr-Digest and Mirante-Rows; one that breaks off ends with a broken connection. The query stops when the client goes away.',
    problems: ['feature-disabled', 'old-http', 'too-many-exports'],
    example: { query, texts: { 'text/csv': CSV, 'application/x-ndjson': LINE } },
  },
  csvw: {
    operationId: 'getExportMetadata',
    tag,
    summary: 'Get the metadata of a streamed CSV',
    description:
      'Returns what the columns of the streamed CSV with the same parameters are, as CSV on the Web: names, types and descriptions. It needs a key with the scope export. Its media type is `application/csvm+json`.',
    problems: ['feature-disabled'],
    example: {
      query,
      answer: {
        '@context': ['http://www.w3.org/ns/csvw', { '@language': 'en' }],
        url: '/v1/exports/stream?dataset=events&format=csv&from=2026-11-28T00%3A00%3A00.000Z&to=2026-11-29T00%3A00%3A00.000Z',
        dialect: { encoding: 'utf-8', delimiter: ',', quoteChar: '"', doubleQuote: true, header: true, headerRowCount: 1 },
        tableSchema: {
          columns: [{ name: 'time', titles: 'time', datatype: 'dateTimeStamp', required: true }],
          primaryKey: ['time', 'id'],
        },
      },
    },
  },
  create: {
    operationId: 'createExport',
    tag,
    summary: 'Create an export',
    description:
      'Starts a job that writes a window of raw events or of metrics into files. It needs a key with the scope export. With `since` it continues a completed export exactly where that one ended; with `notify_url` a signed webhook says when it has ended. `Location` has the address of the export.',
    problems: ['feature-disabled', 'export-limit', 'export-not-completed'],
    example: { body: { dataset: 'events', format: 'csv', ...WINDOW, filter: QUEUED.filter }, answer: QUEUED },
  },
  list: {
    operationId: 'listExports',
    tag,
    summary: 'List exports',
    description:
      'Returns the exports of the key’s own tenant, newest first, without their manifests. It needs a key with the scope export. Exports whose files are gone stay in the list.',
    problems: ['feature-disabled'],
    example: { query: { limit: '20' }, answer: { data: [COMPLETED], next_cursor: null } },
  },
  get: {
    operationId: 'getExport',
    tag,
    summary: 'Get one export and its manifest',
    description:
      'Returns how far the export is and, once it is completed, its manifest with counts and checksums. It needs a key with the scope export. Each file has a signed address that opens it without a key for `urls_expire_in` seconds.',
    problems: ['not-found', 'feature-disabled'],
    example: {
      params,
      query: { urls_expire_in: '600' },
      answer: { ...COMPLETED, manifest: MANIFEST, urls_expire_at: '2026-11-29T20:27:13.651Z' },
    },
  },
  delete: {
    operationId: 'deleteExport',
    tag,
    summary: 'Cancel an export or delete its files',
    description:
      'Cancels an export that is under way, or deletes the files of a completed one. It needs a key with the scope export, and works also where the feature is switched off. The export stays in the list and says what happened.',
    problems: ['not-found'],
    example: { params, answer: { ...QUEUED, status: 'cancelled' } },
  },
  file: {
    operationId: 'downloadExportFile',
    tag,
    summary: 'Download one file of an export',
    description:
      'Returns one file, whole or in part: `Range` asks for some of its bytes and is answered with 206. It needs a key with the scope export or the signed address from the manifest. The manifest lists the names; a slash in a name may be encoded or not. Every download is in the audit log.',
    problems: ['not-found', 'feature-disabled', 'no-such-range'],
    example: {
      params: { ...params, name: FILE.name },
      texts: {
        'text/csv; charset=utf-8; header=present': CSV,
        'application/x-ndjson': LINE,
        'application/vnd.apache.parquet': 'PAR1…',
      },
    },
  },
} satisfies Record<string, Described>;
