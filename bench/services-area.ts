import { type Area, figure } from './cells.ts';

/** Public services: their measures, and their feedback form under a flood. */
export const SERVICES: Area = {
  title: 'Public services',
  about:
    'Measures of a year over 1,000,000 journeys and 100,000 ratings; and people of other networks during a flood of feedback.',
  runs: ['performance'],
  rows: ({ performance }) => [
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
  ],
};
