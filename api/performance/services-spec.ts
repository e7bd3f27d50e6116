import type { Described } from '../http/operation.ts';

const tag = 'Performance';
const INPUT = {
  name: 'Make a lasting power of attorney',
  locales: ['en', 'cy'],
  timezone: 'Europe/London',
  journey: { started: 'uk.gov.lpa.started.v1', completed: 'uk.gov.lpa.created.v1', id: '/data/journey' },
  draft_limit_days: 90,
  channels: ['online', 'paper'],
  assisted_digital: true,
  costs: { currency: 'GBP', paper: 12000 },
  comment_retention_days: 365,
};
const SERVICE = {
  slug: 'make-an-lpa',
  revision: 1,
  ...INPUT,
  created_at: '2026-11-29T20:17:13.031Z',
  updated_at: '2026-11-29T20:17:13.031Z',
};
const params = { slug: SERVICE.slug };

/** Services and their parameters. */
export const servicesSpecs = {
  put: {
    operationId: 'putService',
    tag,
    summary: 'Create or change a service',
    description:
      'Creates a public service of the key’s own tenant, or changes its parameters. It needs a key with the scope tenant-admin. A new service is answered with 201. Every change raises `revision`, which each figure names. When `journey` changes, the journeys are collected again from the events that are still there, within minutes.',
    example: { params, body: INPUT, answer: SERVICE },
  },
  get: {
    operationId: 'getService',
    tag,
    summary: 'Get one service',
    description:
      'Returns a public service of the key’s own tenant with its parameters. It needs a key with the scope read or tenant-admin.',
    problems: ['not-found'],
    example: { params, answer: SERVICE },
  },
  list: {
    operationId: 'listServices',
    tag,
    summary: 'List services',
    description:
      'Returns the public services of the key’s own tenant, by slug. It needs a key with the scope read or tenant-admin.',
    example: { query: { limit: '20' }, answer: { data: [SERVICE], next_cursor: null } },
  },
} satisfies Record<string, Described>;
