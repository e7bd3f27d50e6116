import type { Described } from '../http/operation.ts';

const tag = 'Performance';
const params = { slug: 'make-an-lpa', period: '2026-10' };
const COUNTS = {
  paper: 4120,
  phone: 310,
  other: 0,
  assisted_digital: 220,
  costs: { currency: 'GBP', online: 18000, paper: 61800.5 },
};
const MONTH = {
  service: 'make-an-lpa',
  period: '2026-10',
  revision: 1,
  restated: false,
  online: null,
  ...COUNTS,
  source: 'manual',
  import_id: null,
  recorded_at: '2026-11-02T09:17:13.031Z',
} as const;

/** Counts of channels. */
export const channelSpecs = {
  put: {
    operationId: 'putChannelCounts',
    tag,
    summary: 'Record the channels of a month',
    description:
      'Records how many transactions each channel of a service completed in a calendar month, and what it cost. It needs a key with the scope tenant-admin. A count that is absent is not known, never zero. Other numbers for a month that has some are a new revision: the earlier ones are kept, and `restated` is true. The same numbers again change nothing. A month that has not begun is refused with `future-period`.',
    problems: ['not-found'],
    example: { params, body: COUNTS, answer: MONTH },
  },
  get: {
    operationId: 'getChannelCounts',
    tag,
    summary: 'Show the channels of a month',
    description:
      'Returns the newest counts of a month and every earlier revision. It needs a key with the scope read or tenant-admin. 404: nothing is recorded for the month, which is not the same as zero.',
    problems: ['not-found'],
    example: { params, answer: { ...MONTH, revisions: [MONTH] } },
  },
  upload: {
    operationId: 'uploadChannelCounts',
    tag,
    summary: 'Upload the channels of many months as CSV',
    description:
      'Records the months of a CSV file with a header: `period`, and any of `online`, `paper`, `phone`, `other`, `assisted_digital`, `currency`, `cost_online`, `cost_paper`, `cost_phone`, `cost_other`; separated by commas or semicolons. It needs a key with the scope tenant-admin. An empty cell is not known, never zero. All lines are stored or none: the pointer of a fault names its line and column.',
    problems: ['not-found'],
    example: {
      params: { slug: params.slug },
      body: 'period,paper,phone,currency,cost_paper\n2026-09,4050,290,GBP,60750\n2026-10,4120,310,GBP,61800.5\n',
      answer: {
        data: [
          { period: '2026-09', revision: 1, outcome: 'created' },
          { period: '2026-10', revision: 2, outcome: 'restated' },
        ],
      },
    },
  },
  list: {
    operationId: 'listChannelCounts',
    tag,
    summary: 'List the months of a service',
    description:
      'Returns the newest counts of each month of a service that has some, newest month first. It needs a key with the scope read or tenant-admin. A month that is not in the list is missing.',
    problems: ['not-found'],
    example: { params: { slug: params.slug }, answer: { data: [MONTH], next_cursor: null } },
  },
} satisfies Record<string, Described>;
