import { type Area, figure, figures } from './cells.ts';

/** The table of imports. */
export const IMPORTS: Area = {
  title: 'Imports',
  about:
    'A thousand documents of a hundred events each, from the first byte sent until the last event is stored with its lineage: encrypted, durable, checked. The limit is the same events inserted by plain Node in batches of 1,000, with `on conflict do nothing`. Then one document of 500 MB.',
  runs: ['imports'],
  rows: ({ imports }) => [
    [
      'Events of documents',
      figure(imports, 'events/s', 'rows_per_second'),
      figure(imports, 'rows/s', 'limit_rows_per_second'),
      figure(imports, '', 'ratio'),
    ],
    ['Documents kept; read', figures(imports, 'per s', [], ['kept_per_second', 'documents_per_second'])],
    ['Answer to a document: p50, p95', figures(imports, 'ms', [], ['answer_p50_ms', 'answer_p95_ms'])],
    ['500 MB: kept; read, after', figures(imports, 's', ['large'], ['kept_after_seconds', 'read_after_seconds'])],
    ['Memory of the API: before, peak', figures(imports, 'MB', ['large', 'memory_mb'], ['api_before', 'api_peak'])],
    ['Memory of the jobs: before, peak', figures(imports, 'MB', ['large', 'memory_mb'], ['jobs_before', 'jobs_peak'])],
  ],
};
