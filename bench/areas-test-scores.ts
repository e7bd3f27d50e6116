import { type Area, figure, figures, get, memory, type Row } from './cells.ts';

/** The table of test results. */
export const TEST_SCORES: Area = {
  title: 'Test scores',
  about:
    'Documents of 100 answer sheets over HTTP: kept encrypted, read, and stored before the answer. The limit is the same rows upserted by plain Node: arrays, four connections, batches of 1,000.',
  runs: ['test-scores'],
  rows: (results) => {
    const scores = results['test-scores'];
    return [
      [
        'Results stored',
        figure(scores, 'rows/s', 'rows_per_second'),
        figure(scores, 'rows/s', 'plain_upsert_rows_per_second'),
        figure(scores, '', 'ratio_to_limit'),
      ],
      ['Documents', figure(scores, 'documents/s', 'documents_per_second')],
      [
        'Figures of a million results: p50, slowest',
        figures(scores, 'ms', ['million_results_ms'], ['p50', 'slowest']),
        '1,000 ms',
      ],
      ...[
        ['One document of 500 MiB', 'large'],
        ['One scan with ten million answers', 'ten_million_answers'],
      ].flatMap(([name, part = '']): Row[] => [
        [`${name}: until its results are there`, figure(scores, 's', part, 'seconds')],
        [`${name}: memory of the API, the jobs, PostgreSQL`, memory(get(scores, part))],
      ]),
    ];
  },
};
