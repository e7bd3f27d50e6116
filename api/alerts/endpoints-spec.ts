import type { Described } from '../http/operation.ts';

const WEBHOOK = {
  id: '01a228f4-5a79-7138-8bf0-2f97f6877edd',
  description: 'On-call channel',
  old_secret_until: null,
  disabled_at: null,
  created_at: '2026-11-29T20:17:12.312Z',
  kind: 'webhook',
  url: 'https://hooks.example.com/mirante',
};
const EMAIL = {
  id: '01a228f4-6160-7d0c-9a0e-0d6f0b0a4c11',
  description: null,
  old_secret_until: null,
  disabled_at: null,
  created_at: '2026-11-29T20:20:04.101Z',
  kind: 'email',
  address: 'on-call@example.com',
};

const tag = 'Alerts';
const params = { id: WEBHOOK.id };

export const endpointSpecs = {
  create: {
    operationId: 'createAlertEndpoint',
    tag,
    summary: 'Create an endpoint for alerts',
    description:
      'Creates a webhook or an e-mail address that alert rules can notify. It needs a key with the scope tenant-admin or admin. The secret of a webhook signs its messages as Standard Webhooks says, and is shown in this answer only.',
    problems: ['no-email', 'alert-limit'],
    example: {
      body: { kind: 'webhook', url: WEBHOOK.url, description: WEBHOOK.description },
      answer: { ...WEBHOOK, secret: 'whsec_gpAyNVtT2PAnk0/HbdM7ns8ii3Ldz3kgWYXbvgrxFUY=' },
    },
  },
  list: {
    operationId: 'listAlertEndpoints',
    tag,
    summary: 'List endpoints for alerts',
    description:
      'Returns the webhooks and e-mail addresses of the key’s own tenant, oldest first, without their secrets. It needs a key with the scope tenant-admin or admin. Endpoints that `notify_url` of an export created are among them.',
    example: { query: { limit: '20' }, answer: { data: [WEBHOOK, EMAIL], next_cursor: null } },
  },
  get: {
    operationId: 'getAlertEndpoint',
    tag,
    summary: 'Get one endpoint for alerts',
    description:
      'Returns one endpoint of the key’s own tenant, without its secret. It needs a key with the scope tenant-admin or admin. `disabled_at` is set once the endpoint has answered 410; nothing is sent there from then on.',
    problems: ['not-found'],
    example: { params, answer: WEBHOOK },
  },
  delete: {
    operationId: 'deleteAlertEndpoint',
    tag,
    summary: 'Delete an endpoint for alerts',
    description:
      'Deletes the endpoint together with the log of what was sent there. It needs a key with the scope tenant-admin or admin. Rules that named the endpoint stay and no longer name it.',
    problems: ['not-found'],
    example: { params },
  },
  rotateSecret: {
    operationId: 'rotateAlertEndpointSecret',
    tag,
    summary: 'Replace the secret of a webhook',
    description:
      'Creates a new secret for the webhook and shows it in this answer only. It needs a key with the scope tenant-admin or admin. For 24 hours each message is signed with both secrets, so that the receiver can change over without a gap.',
    problems: ['not-found'],
    example: {
      params,
      answer: {
        ...WEBHOOK,
        old_secret_until: '2026-11-30T20:17:14.107Z',
        secret: 'whsec_4pWJxnAmSxwuRwEJNDOgyYPtgZZTBs1P1zxxXk90FHY=',
      },
    },
  },
} satisfies Record<string, Described>;
