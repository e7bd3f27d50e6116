import type { Described } from '../http/operation.ts';

const tag = 'Imports';
const DOCUMENT = '01a228f4-61b2-7c19-9a52-0b9e9f3f2a11';
const MAPPING = { type: { value: 'com.example.order.placed.v1' }, id: 'order', time: 'placed_at', numbers: ['amount'] };
const QUEUED = {
  id: '01a228f4-7d10-7a44-8c10-5b2f0a3c9e77',
  key_id: '01a228f4-5122-7bd3-9c02-0a94b6f37870',
  import_id: DOCUMENT,
  filter: {},
  policy: null,
  mapping: MAPPING,
  dry_run: true,
  undoes: null,
  status: 'queued',
  error: null,
  findings: [],
  documents: 0,
  rows: 0,
  added: 0,
  changed: 0,
  removed: 0,
  kept: 0,
  progress: 0,
  created_at: '2026-11-29T21:02:40.112Z',
  completed_at: null,
};
const COMPLETED = {
  ...QUEUED,
  status: 'completed',
  documents: 1,
  rows: 312,
  changed: 2,
  kept: 2,
  progress: 100,
  completed_at: '2026-11-29T21:02:41.009Z',
};
const EVENT = {
  time: '2026-11-29T12:00:00.000000Z',
  type: 'com.example.order.placed.v1',
  source: 'import',
  id: '1001',
  subject: null,
  data: { amount: '19.90' },
};
const DIFFERENCE = {
  number: 1,
  import_id: DOCUMENT,
  kind: 'changed',
  key: `${EVENT.time} 1001`,
  before: EVENT,
  after: { ...EVENT, data: { amount: 19.9 } },
};
const params = { id: QUEUED.id };

/** Reading documents again. */
export const runSpecs = {
  one: {
    operationId: 'reprocessImport',
    tag,
    summary: 'Read a document again',
    description:
      'Reads one document again with the importer of today, and with another policy or mapping if they are given. It needs a key with the scope tenant-admin. A dry run only computes the difference; otherwise the difference is also applied, and roll-ups are restated.',
    problems: ['not-found', 'run-limit'],
    example: { params: { id: DOCUMENT }, body: { dry_run: true, mapping: MAPPING }, answer: QUEUED },
  },
  many: {
    operationId: 'reprocessImports',
    tag,
    summary: 'Read documents again',
    description:
      'Reads every document that the filter names again, in the order in which they arrived. It needs a key with the scope tenant-admin. `undo` names a run that was applied: its documents are then read as they were before it. A document that cannot be read is a finding of the run and stays as it is.',
    problems: ['not-found', 'run-limit'],
    example: {
      body: { filter: { media_type: 'text/csv', from: '2026-11-01T00:00:00Z' }, dry_run: true },
      answer: {
        ...QUEUED,
        import_id: null,
        mapping: null,
        filter: { media_type: 'text/csv', from: '2026-11-01T00:00:00.000000Z' },
      },
    },
  },
  list: {
    operationId: 'listImportRuns',
    tag,
    summary: 'List what was read again',
    description:
      'Returns the runs that read documents of the key’s own tenant again, newest first. It needs a key with the scope tenant-admin. `import` narrows them to those of one document alone.',
    problems: [],
    example: { query: { import: DOCUMENT }, answer: { data: [COMPLETED], next_cursor: null } },
  },
  get: {
    operationId: 'getImportRun',
    tag,
    summary: 'Read what a run changes',
    description:
      'Returns one run and its counts: rows read, added, changed and removed. It needs a key with the scope tenant-admin. The counts are of the whole difference as soon as it is computed, before it is applied.',
    problems: ['not-found'],
    example: { params, answer: COMPLETED },
  },
  differences: {
    operationId: 'listImportDifferences',
    tag,
    summary: 'Read the difference row by row',
    description:
      'Returns each row that a run adds, changes or removes, before and after, a page at a time or as a CSV file with `Accept: text/csv`. It needs a key with the scope tenant-admin. The first 100,000 rows of a run are listed, for 30 days.',
    problems: ['not-found'],
    example: {
      params,
      answer: { data: [DIFFERENCE], next_cursor: null },
      texts: {
        'text/csv': `number,import_id,kind,key,before,after\r\n1,${DOCUMENT},changed,"${DIFFERENCE.key}","{""data"": …}","{""data"": …}"\r\n`,
      },
    },
  },
} satisfies Record<string, Described>;
