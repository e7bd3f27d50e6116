import type { Described } from '../http/operation.ts';

const tag = 'Alerts';

export const alertSpecs = {
  list: {
    operationId: 'listAlerts',
    tag,
    summary: 'List the state of each alert rule',
    description:
      'Returns the state that the last evaluation found for each rule that is switched on. It needs a key with the scope tenant-admin, admin or read. `unknown` means that the rule has not been evaluated yet or that there is no data.',
    example: {
      query: { limit: '20' },
      answer: {
        data: [
          {
            rule_id: '01a228f4-5a80-71cc-b2f8-a5d200f10126',
            name: 'Many failed validations',
            state: 'firing',
            since: '2026-11-29T20:05:00.000Z',
            value: 0.31,
            evaluated_at: '2026-11-29T20:17:00.113Z',
          },
        ],
        next_cursor: null,
      },
    },
  },
  deliveries: {
    operationId: 'listAlertDeliveries',
    tag,
    summary: 'List deliveries of alerts',
    description:
      'Returns what was sent or waits to be sent to endpoints of the key’s own tenant, newest first. It needs a key with the scope tenant-admin, admin or read. Deliveries are kept for thirty days; a failed attempt is repeated with growing pauses.',
    example: {
      query: { limit: '20' },
      answer: {
        data: [
          {
            id: '01a228f4-6149-70c7-843c-20aaf2b06171',
            rule_id: '01a228f4-5a80-71cc-b2f8-a5d200f10126',
            endpoint_id: '01a228f4-5a79-7138-8bf0-2f97f6877edd',
            type: 'alert.test',
            status: 'delivered',
            attempts: 1,
            created_at: '2026-11-29T20:17:14.054Z',
            due_at: null,
            ended_at: '2026-11-29T20:17:14.322Z',
            response_code: 204,
            error: null,
          },
        ],
        next_cursor: null,
      },
    },
  },
} satisfies Record<string, Described>;
