import type { Described } from '../http/operation.ts';

export const auditSpecs = {
  list: {
    operationId: 'listAuditLog',
    tag: 'Audit',
    summary: 'List the audit log',
    description:
      'Returns who changed what in the key’s own tenant, newest first, changes by the platform’s operator among them. It needs a key with the scope tenant-admin, or admin for the platform itself. Entries cannot be changed: each one’s hash covers the one before.',
    example: {
      query: { 'filter[action]': 'alert_endpoint.changed', limit: '20' },
      answer: {
        data: [
          {
            at: '2026-11-29T20:17:14.117Z',
            actor: {
              key_id: '01a228f4-559c-73a1-9858-4c15f688b455',
              address: '203.0.113.7',
              tenant_id: '01a228f4-5595-7155-9a06-57b71e520445',
              request_id: '01a228f4-6178-746a-8948-2f2859923e06',
            },
            action: 'alert_endpoint.changed',
            target: '01a228f4-5a79-7138-8bf0-2f97f6877edd',
            details: {
              secret_version: { new: 2, old: 1 },
              old_secret_until: { new: '2026-11-30T20:17:14.107133+00:00', old: null },
            },
          },
        ],
        next_cursor: null,
      },
    },
  },
} satisfies Record<string, Described>;
