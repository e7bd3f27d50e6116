import type { Described } from '../http/operation.ts';

const RULE = {
  id: '01a228f4-5a80-71cc-b2f8-a5d200f10126',
  name: 'Many failed validations',
  enabled: true,
  metric: 'validations.error_rate',
  filter: { marketplace: 'shopee' },
  condition: 'above',
  threshold: 0.2,
  window_seconds: 3600,
  for_seconds: 300,
  cool_down_seconds: 3600,
  no_data: 'ok',
  notify: ['01a228f4-5a79-7138-8bf0-2f97f6877edd'],
  created_at: '2026-11-29T20:17:12.319Z',
  updated_at: '2026-11-29T20:17:12.319Z',
};
const { id: _, created_at: __, updated_at: ___, ...BODY } = RULE;

const tag = 'Alerts';
const params = { id: RULE.id };

export const ruleSpecs = {
  create: {
    operationId: 'createAlertRule',
    tag,
    summary: 'Create an alert rule',
    description:
      'Creates a rule that watches one metric of the key’s own tenant; the platform evaluates it every minute. It needs a key with the scope tenant-admin or admin. While the condition holds for `for_seconds`, the endpoints in `notify` are told, at most once in `cool_down_seconds`. `Location` has the address of the rule.',
    problems: ['alert-limit'],
    example: { body: BODY, answer: RULE },
  },
  list: {
    operationId: 'listAlertRules',
    tag,
    summary: 'List alert rules',
    description:
      'Returns the alert rules of the key’s own tenant, oldest first, also those that are switched off. It needs a key with the scope tenant-admin, admin or read. `GET /v1/alerts` shows the state of each rule.',
    example: { query: { limit: '20' }, answer: { data: [RULE], next_cursor: null } },
  },
  get: {
    operationId: 'getAlertRule',
    tag,
    summary: 'Get one alert rule',
    description:
      'Returns one alert rule of the key’s own tenant. It needs a key with the scope tenant-admin, admin or read. The rule of another tenant is answered as if it did not exist.',
    problems: ['not-found'],
    example: { params, answer: RULE },
  },
  update: {
    operationId: 'updateAlertRule',
    tag,
    summary: 'Change an alert rule',
    description:
      'Changes the members that the body names; the others stay as they are. It needs a key with the scope tenant-admin or admin. The next evaluation uses the changed rule.',
    problems: ['not-found'],
    example: {
      params,
      body: { threshold: 0.3, enabled: false },
      answer: { ...RULE, threshold: 0.3, enabled: false, updated_at: '2026-11-29T20:17:14.031Z' },
    },
  },
  delete: {
    operationId: 'deleteAlertRule',
    tag,
    summary: 'Delete an alert rule',
    description:
      'Deletes the rule and its state; nothing more is sent for it. It needs a key with the scope tenant-admin or admin. The log of deliveries keeps what was sent, without the id of the rule.',
    problems: ['not-found'],
    example: { params },
  },
  test: {
    operationId: 'testAlertRule',
    tag,
    summary: 'Send a test message of an alert rule',
    description:
      'Queues a message of the type `alert.test` to each open endpoint of the rule. It needs a key with the scope tenant-admin or admin, and works at most once a minute for each tenant. `GET /v1/alerts/deliveries` shows how each delivery ended.',
    problems: ['not-found'],
    example: { params, answer: { deliveries: ['01a228f4-6149-70c7-843c-20aaf2b06171'] } },
  },
} satisfies Record<string, Described>;
