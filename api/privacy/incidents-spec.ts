import type { Described } from '../http/operation.ts';

const INPUT = {
  title: 'A backup was readable by everybody',
  description: 'The bucket of backups was public for six hours. Its log shows one download by an unknown address.',
  data_categories: ['contact'],
  tenant_ids: ['01a228f4-5595-7155-9a06-57b71e520445'],
  people: 1200,
  measures: 'The bucket was closed and the keys were changed.',
  is_risk: true,
  occurred_at: '2026-11-28T02:00:00.000Z',
  known_at: '2026-11-28T09:30:00.000Z',
};
const INCIDENT = {
  id: '01a228f4-8c1d-7e02-b0c4-3f6f2f1f8f21',
  ...INPUT,
  notify_by: '2026-12-02T12:30:00.000Z',
  authority_notified_at: null,
  people_notified_at: null,
  closed_at: null,
  created_at: '2026-11-28T10:00:00.000Z',
  kept_until: '2031-11-28T10:00:00.000Z',
};

const tag = 'Privacy';
const params = { id: INCIDENT.id };

export const incidentSpecs = {
  create: {
    operationId: 'createIncident',
    tag,
    summary: 'Register a security incident',
    description:
      'Enters a security incident with personal data into the operator’s register (LGPD art. 48). It needs a key of the operator with the scope admin. `notify_by` is three business days after `known_at`; the log alerts while an incident with `is_risk` is open and the authority or the people are not notified. Texts must not name anybody.',
    example: { body: INPUT, answer: INCIDENT },
  },
  list: {
    operationId: 'listIncidents',
    tag,
    summary: 'List security incidents',
    description:
      'Returns the register of security incidents of the platform, newest first, with their deadlines. It needs a key of the operator with the scope admin. An entry is kept for five years and cannot be deleted before.',
    example: { query: { limit: '20' }, answer: { data: [INCIDENT], next_cursor: null } },
  },
  get: {
    operationId: 'getIncident',
    tag,
    summary: 'Get one security incident',
    description:
      'Returns one entry of the register of security incidents. It needs a key of the operator with the scope admin.',
    problems: ['not-found'],
    example: { params, answer: INCIDENT },
  },
  change: {
    operationId: 'changeIncident',
    tag,
    summary: 'Change a security incident',
    description:
      'Changes the members that are sent, such as when the authority was notified. It needs a key of the operator with the scope admin. The audit log keeps who changed the clocks and when.',
    problems: ['not-found'],
    example: {
      params,
      body: { authority_notified_at: '2026-11-30T14:00:00.000Z' },
      answer: { ...INCIDENT, authority_notified_at: '2026-11-30T14:00:00.000Z' },
    },
  },
} satisfies Record<string, Described>;
