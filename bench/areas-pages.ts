import { type Area, figure, figures, get, number, type Row, tree } from './cells.ts';

/** The tables of what people open: dashboards and the console. */
export const PAGES: Area[] = [
  {
    title: 'Dashboards',
    about: 'p95 of the answer for one card.',
    runs: ['dashboards'],
    columns: [
      'dashboard',
      'one viewer',
      '100 viewers, each card once a minute',
      '100 viewers, a card a second each',
      'share of the time in PostgreSQL',
    ],
    rows: ({ dashboards }) => [
      ...Object.entries(tree(dashboards))
        .filter(([, part]) => typeof part === 'object')
        .map(
          ([slug, part]): Row => [
            `\`${slug}\`, ${number(get(part, 'cards'))} cards`,
            figure(part, 'ms', 'one viewer', 'p95_ms'),
            figure(part, 'ms', '100 viewers, every card each minute', 'p95_ms'),
            figure(part, 'ms', '100 viewers, a card a second each', 'p95_ms'),
            figure(part, '', 'share of the time in the database'),
          ],
        ),
      ['Page, style sheets and scripts, compressed', figure(dashboards, 'bytes', 'bytes to first paint, compressed')],
    ],
  },
  {
    title: 'Console',
    about:
      'First contentful paint of each page under `/app` in Chromium, from the request on; the promise is 300 ms on a machine that does nothing else. The limit is `/livez`, a line of text, in the same browser. Bytes are compressed, of a first visit, without ECharts and Bull Board, beside the promised 250 kB.',
    runs: ['console'],
    rows: ({ console }) => [
      [
        `First visit, ${number(get(console, 'pages'))} pages: p50, p95, slowest`,
        figures(console, 'ms', ['first_visit_ms'], ['p50', 'p95', 'slowest']),
        figure(console, 'ms', 'limit_ms', 'first'),
        figure(console, '', 'times_limit', 'first'),
      ],
      [
        'Later visits: p50, p95, slowest',
        figures(console, 'ms', ['later_visits_ms'], ['p50', 'p95', 'slowest']),
        figure(console, 'ms', 'limit_ms', 'later'),
        figure(console, '', 'times_limit', 'later'),
      ],
      [`Slowest page: \`${get(console, 'slowest_page', 'page')}\`, median`, figure(console, 'ms', 'slowest_page', 'median_ms')],
      [
        `Heaviest page: \`${get(console, 'heaviest_page', 'page')}\``,
        figure(console, 'bytes', 'heaviest_page', 'bytes'),
        '250,000 bytes',
      ],
      [
        `Slowest page by its fastest visit: \`${get(console, 'slowest_page_at_best', 'page')}\``,
        figure(console, 'ms', 'slowest_page_at_best', 'ms'),
        '300 ms',
      ],
      ['Bull Board, in the frame of `queues`', figure(console, 'bytes', 'bytes_of_board')],
      ['ECharts', figure(console, 'bytes', 'bytes_of_charts')],
    ],
  },
];
