import type { Described } from '../http/operation.ts';

const tag = 'Performance';
const params = { slug: 'make-an-lpa' };
const SETTINGS = {
  url: 'https://cases.example.gov.uk/statistics?month={period}',
  mapping: {
    paper: '/counts/paper',
    phone: '/counts/phone',
    period: '/month',
    costs: { currency: 'GBP', paper: '/costs/paper' },
  },
  schedule: 'daily' as const,
  day: 1,
  first_period: '2026-10',
  enabled: true,
};
const CONNECTOR = {
  service: params.slug,
  ...SETTINGS,
  has_authorization: true,
  state: 'fresh',
  error: null,
  detail: null,
  attempts: 0,
  tried_at: '2026-11-29T04:17:13.031Z',
  fetched_at: '2026-11-29T04:17:13.031Z',
  fetched_period: '2026-10',
  due_at: '2026-11-30T04:17:13.031Z',
  updated_at: '2026-11-02T09:17:13.031Z',
} as const;

/** Connectors. */
export const connectorSpecs = {
  put: {
    operationId: 'putConnector',
    tag,
    summary: 'Set the connector of a service',
    description:
      'Sets where the counts of the channels of a service are fetched, and fetches them at once. It needs a key with the scope tenant-admin. The request is a GET; it follows no redirect, waits 15 seconds, reads 1 MiB and reaches no private network. A failed attempt is repeated, later each time. The first failure and the recovery are told to the endpoints for alerts.',
    problems: ['not-found'],
    example: { params, body: { ...SETTINGS, authorization: 'Bearer 9f2c' }, answer: CONNECTOR },
  },
  get: {
    operationId: 'getConnector',
    tag,
    summary: 'Show the connector of a service',
    description:
      'Returns the connector of a service, how fresh its numbers are, and why its last attempt failed. It needs a key with the scope read or tenant-admin. The Authorization header is never shown.',
    problems: ['not-found'],
    example: { params, answer: CONNECTOR },
  },
  run: {
    operationId: 'runConnector',
    tag,
    summary: 'Fetch the counts of a service now',
    description:
      'Makes the connector of a service due at once, also while it waits to repeat a failed attempt. It needs a key with the scope tenant-admin. GET shows how the attempt ended.',
    problems: ['not-found', 'connector-disabled'],
    example: { params, answer: CONNECTOR },
  },
  delete: {
    operationId: 'deleteConnector',
    tag,
    summary: 'Delete the connector of a service',
    description:
      'Deletes the connector of a service. It needs a key with the scope tenant-admin. The counts that it fetched stay.',
    problems: ['not-found'],
    example: { params },
  },
} satisfies Record<string, Described>;
