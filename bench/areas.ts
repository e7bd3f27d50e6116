import { IMPORTS } from './areas-imports.ts';
import { PAGES } from './areas-pages.ts';
import { SERVICES } from './areas-services.ts';
import { TEST_SCORES } from './areas-test-scores.ts';
import { type Area, figure, figures, get, memory, number, type Row, thousands, tree } from './cells.ts';

/** The tables of results.md, in order. */
export const AREAS: Area[] = [
  {
    title: 'Ingestion',
    about: 'The limit is the same rows inserted by plain Node: arrays, four connections, batches of 1,000.',
    runs: ['ingest', 'freshness', 'backfill'],
    rows: ({ ingest, freshness, backfill }) => {
      const insert = figure(ingest, 'events/s', 'limit_rows_per_second');
      const loads: [string, string][] = [
        ['requests of 100 events', 'batches_of_100'],
        ['requests of one event', 'single_events'],
      ];
      return [
        ...loads.flatMap(([name, load]): Row[] => [
          [
            `CPU of an event, ${name}: API, PostgreSQL, sender`,
            figures(ingest, 'µs', [load, 'cpu_us_per_event'], ['api', 'postgresql', 'load']),
            figures(ingest, 'µs (PostgreSQL, sender)', ['limit_cpu_us_per_event'], ['postgresql', 'load']),
          ],
          [
            `Stored, ${name}`,
            figure(ingest, 'events/s', load, 'eventsPerSecond'),
            insert,
            figure(ingest, '', load, 'ratio_to_limit'),
          ],
          [`Time of a request, ${name}: p50, p95, p99`, figures(ingest, 'ms', [load], ['p50', 'p95', 'p99'])],
        ]),
        [
          'Event in a metric, at half load: p50, p95, slowest',
          figures(freshness, 's', [], ['p50_seconds', 'p95_seconds', 'slowest_seconds']),
        ],
        ['Events lost meanwhile', figure(freshness, '', 'lost'), figure(freshness, 'sent', 'canaries')],
        ['Memory of the API, the jobs, PostgreSQL', memory(ingest)],
        [
          `Backfill of ${number(get(backfill, 'events'))} events, 40 tenants, 60 days: right after the last receipt`,
          figure(backfill, 's', 'right_after_seconds'),
          '5 s',
        ],
        [
          'The same: CPU of refreshing, beside CPU of the API and PostgreSQL for storing',
          figure(backfill, 's', 'cpu_seconds', 'refresh'),
          figures(backfill, 's (API, PostgreSQL)', ['cpu_seconds'], ['api', 'ingest']),
          figure(backfill, '', 'refresh_cpu_to_ingest_cpu'),
        ],
        [
          'The same: p95 of metric calls of ten other tenants, beside p95 before',
          figure(backfill, 'ms', 'metrics_of_others', 'during_p95_ms'),
          figure(backfill, 'ms', 'metrics_of_others', 'before_p95_ms'),
          figure(backfill, '', 'metrics_of_others', 'ratio'),
        ],
      ];
    },
  },
  {
    title: 'Reading metrics',
    about:
      'Ten calls over 10 million events, each with one client alone, then all together. The last column is the cost of tenant isolation: time through views and row security, divided by the time of the same SQL as the owner of the tables, each with one connection.',
    runs: ['history', 'gates'],
    columns: ['call', 'p50, p95, p99', 'rate', 'with isolation ÷ without'],
    rows: ({ history, gates }) => [
      ...Object.keys(tree(get(history, 'queries'))).map((name): Row => {
        const call = name.replace(/^alone: /, '');
        return [
          call === name ? name : `\`${call}\``,
          figures(history, 'ms', ['queries', name], ['p50_ms', 'p95_ms', 'p99_ms']),
          figure(history, 'requests/s', 'queries', name, 'requests_per_second'),
          figure(gates, '', call),
        ];
      }),
      ['all ten, one connection', '–', '', figure(gates, '', 'ratio of all ten together')],
    ],
  },
  ...PAGES,
  IMPORTS,
  {
    title: 'Exports',
    about:
      'Streamed exports are compared with a bare `copy` of the same rows, export jobs with reading the rows and discarding them.',
    runs: ['exports', 'export-jobs', 'export-faults'],
    rows: (results) => {
      const { exports } = results;
      const jobs = results['export-jobs'];
      const read = figure(jobs, 'rows/s', 'rows_per_second_read_and_thrown_away');
      return [
        ...['csv', 'ndjson', 'csv_gzip'].map(
          (format): Row => [
            `Streamed, ${format.replace('_', ', ')}`,
            figure(exports, 'rows/s', format, 'rows_per_second'),
            figure(exports, 'rows/s', format, 'bare_copy_rows_per_second'),
            figure(exports, '', format, 'ratio'),
          ],
        ),
        [`First byte of ${number(get(exports, 'all', 'rows'))} rows`, figure(exports, 'ms', 'all', 'first_byte_ms')],
        [
          'Memory of the API: all rows, beside 100,000',
          figure(exports, 'MB', 'memory_mb', 'of_all'),
          figure(exports, 'MB', 'memory_mb', 'of_100_thousand'),
        ],
        ...Object.entries(tree(jobs))
          .filter(([, part]) => figure(part, '', 'share_of_reading') !== undefined)
          .map(
            ([format, part]): Row => [
              `Export job, ${format}`,
              figure(part, 'rows/s', 'rows_per_second'),
              read,
              figure(part, '', 'share_of_reading'),
            ],
          ),
        ['Memory of export jobs: API, jobs, PostgreSQL', memory(jobs)],
        ['Fault tests, none lost or doubled a row', figure(results['export-faults'], 's', 'seconds')],
      ];
    },
  },
  TEST_SCORES,
  {
    title: 'Archive',
    about:
      'From a partition to proved Parquet files, beside a bare `copy` of it. For the faults, runs of the archive are killed at random moments and every event is counted after each.',
    runs: ['archive', 'archive-faults'],
    rows: (results) => {
      const { archive } = results;
      const faults = results['archive-faults'];
      return [
        [
          `Archive ${number(get(archive, 'events'))} events`,
          figure(archive, 's', 'seconds'),
          figure(archive, 's', 'bare_copy_seconds'),
          figure(archive, '', 'times_bare_copy'),
        ],
        ['Rate', figure(archive, 'events/s', 'events_per_second')],
        [`Verify ${number(get(archive, 'files'))} files`, figure(archive, 's', 'verify_seconds')],
        ['Peak memory', figure(archive, 'MB', 'peak_mb_of_this_process')],
        ['Events lost or doubled after kills', figure(faults, '', 'lost_or_doubled'), figure(faults, 'kills', 'kills')],
        ['Files without an entry, entries without a file', figures(faults, '', [], ['orphans', 'missing'])],
        ['Faults that `archive verify` finds afterwards', figure(faults, '', 'faults_found_by_verify')],
      ];
    },
  },
  {
    title: 'Backup',
    about: 'Backup and restore with every row counted, beside a plain copy of as many bytes.',
    runs: ['backup'],
    rows: ({ backup }) => {
      const plain = figure(backup, 's', 'plain_copy_s');
      const size = `${number(get(backup, 'rows'))} rows`;
      return [
        [`Backup, ${size}`, figure(backup, 's', 'backup_s'), plain, figure(backup, '', 'backup_to_plain_copy')],
        [`Restore, ${size}`, figure(backup, 's', 'restore_s'), plain, figure(backup, '', 'restore_to_plain_copy')],
        ['Size, beside the database', figure(backup, 'MB', 'backup_mb'), figure(backup, 'MB', 'database_mb')],
      ];
    },
  },
  {
    title: 'Jobs',
    about:
      'A refresh should not become slower as history grows; and benchmarks should not grow faster than the number of tenants (ratio 1).',
    runs: ['history', 'reconcile', 'benchmarks'],
    rows: ({ history, reconcile, benchmarks }) => [
      ...Object.entries(tree(get(history, 'refresh'))).map(
        ([name, part]): Row => [`Refresh of one late hour, ${thousands(name)}`, figure(part, 'ms', 'dirty_hour_ms')],
      ),
      [`Reconciliation, ${number(get(reconcile, 'events'))} events`, figure(reconcile, 's', 'reconcile_s')],
      [
        `The same at ${number(get(reconcile, 'ingested_per_second'))} events/s`,
        figure(reconcile, 's', 'reconcile_while_ingesting_s'),
      ],
      ['Data quality checks', figure(reconcile, 's', 'quality_checks_s')],
      ...Object.entries(tree(get(benchmarks, 'seconds'))).map(
        ([size, seconds]): Row => [
          `Monthly snapshots of ${number(get(benchmarks, 'metrics'))} metrics, ${thousands(size)}`,
          `${number(seconds)} s`,
          size === '1000 tenants' ? '30 s' : undefined,
          size === '1000 tenants' ? figure(benchmarks, '', 'of the limit of 30 s') : undefined,
        ],
      ),
      [
        'Processor time, 1,000 tenants beside 250; ratio divided by four',
        figure(benchmarks, 's', 'seconds of one core', '1000 tenants'),
        figure(benchmarks, 's', 'seconds of one core', '250 tenants'),
        figure(benchmarks, '', 'growth from a quarter, over 4'),
      ],
    ],
  },
  {
    title: 'Fairness',
    about: 'p95 of the other tenants while one tenant asks for long windows, beside p95 without it.',
    runs: ['fairness'],
    rows: ({ fairness }) =>
      Object.entries(tree(fairness))
        .filter(([name]) => name.startsWith('attacker'))
        .flatMap(([attack, part]): Row[] => [
          ...['metrics', 'ingest', 'cards'].map(
            (kind): Row => [
              `${kind}, ${attack}`,
              figure(part, 'ms', kind, 'p95_ms'),
              figure(fairness, 'ms', 'quiet', kind, 'p95_ms'),
              figure(part, '', kind, 'ratio'),
            ],
          ),
          [`Failed requests of the others, ${attack}`, figure(part, '', 'failed'), figure(fairness, '', 'quiet', 'failed')],
          [
            `Answers to the attacker, ${attack}`,
            Object.entries(tree(get(part, 'answers to the attacker')))
              .map(([status, times]) => `${number(times)} × ${status}`)
              .join(', '),
          ],
        ]),
  },
  SERVICES,
  {
    title: 'Storage cost',
    about: 'Bytes for each event with its indexes, and bytes for each exported row.',
    runs: ['history', 'archive', 'export-jobs'],
    rows: (results) => {
      const { history, archive } = results;
      const jobs = results['export-jobs'];
      return [
        ['Event in the database', figure(history, 'bytes', 'storage', 'bytes_per_event')],
        ['Rule hits of an event', figure(history, 'bytes', 'storage', 'rule_hits_bytes_per_event')],
        ['Roll-ups of an event', figure(history, 'bytes', 'storage', 'rollup_bytes_per_event')],
        [
          'Event in the archive, beside the database',
          figure(archive, 'bytes', 'bytes_per_event_archived'),
          figure(archive, 'bytes', 'bytes_per_event_in_database'),
        ],
        ...Object.entries(tree(jobs))
          .filter(([, part]) => figure(part, '', 'against_csv') !== undefined)
          .map(
            ([format, part]): Row => [
              `Row of an export, ${format}, beside CSV`,
              figure(part, 'bytes', 'bytes_per_row'),
              figure(jobs, 'bytes', 'csv', 'bytes_per_row'),
              figure(part, '', 'against_csv'),
            ],
          ),
      ];
    },
  },
];
