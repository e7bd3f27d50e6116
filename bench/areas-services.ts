import { type Area, figure, figures, get, number } from './cells.ts';

/** Public services: their measures, their feedback form under a flood, their reports and the page that is published. */
export const SERVICES: Area = {
  title: 'Public services',
  about:
    'Measures of a year over 1,000,000 journeys and 100,000 ratings; and people of other networks during a flood of feedback.',
  runs: ['performance', 'reports'],
  rows: ({ performance, reports }) => [
    ['Measures of a year', figure(performance, 's', 'year_s'), '10 s'],
    ['Events whose journeys are collected', figure(performance, 'events/s', 'events_per_second')],
    ['Feedback of the flood', figure(performance, 'requests/s', 'flood', 'per_second'), '1,000 requests/s'],
    [
      'Feedback of people stored, of what they sent',
      figure(performance, '', 'flood', 'people', 'stored'),
      figure(performance, '', 'flood', 'people', 'sent'),
    ],
    [
      'p95 of another call, beside p95 without the flood',
      figure(performance, 'ms', 'flood', 'other_p95_ms'),
      figure(performance, 'ms', 'flood', 'calm_p95_ms'),
    ],
    [
      'Report of a year, from request to completion: median, slowest',
      figures(reports, 's', [], ['year_s', 'slowest_s']),
      '10 s',
    ],
    [
      `Public page of ${number(get(reports, 'page', 'bytes'))} bytes, 20 readers: p50, p95, p99`,
      figures(reports, 'ms', ['page'], ['p50_ms', 'p95_ms', 'p99_ms']),
      'p95 50 ms',
    ],
    ['Its CSV: p50, p95, p99', figures(reports, 'ms', ['csv'], ['p50_ms', 'p95_ms', 'p99_ms'])],
  ],
};
