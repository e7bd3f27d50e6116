import type { Described } from '../http/operation.ts';

const QUEUED = {
  id: '01a228f4-5a8f-7268-bac2-7f1f2e0cca5e',
  kind: 'access',
  reason: 'Ticket 4711',
  status: 'queued',
  progress: 0,
  created_at: '2026-11-29T20:17:12.335Z',
  due_at: '2026-12-14T20:17:12.335Z',
  completed_at: null,
  subject: 'psn_ZgHJWJ--lMYe3WSKX8hSIGeJ',
};
const COMPLETED = {
  ...QUEUED,
  status: 'completed',
  progress: 100,
  completed_at: '2026-11-29T20:17:12.983Z',
  bundle: {
    files: [
      {
        name: 'events.json',
        rows: 0,
        bytes: 3,
        sha256: '37517e5f3dc66819f61f5a7bb8ace1921282415f10551d2defa5c3eb0985b570',
        url: `/v1/privacy/requests/${QUEUED.id}/files/events.json`,
      },
    ],
    expires_at: '2026-12-29T20:17:12.983Z',
  },
};

const tag = 'Privacy';
const params = { id: QUEUED.id };

export const privacyRequestSpecs = {
  create: {
    operationId: 'createPrivacyRequest',
    tag,
    summary: 'Create a privacy request',
    description:
      'Asks for access, erasure, withdrawal of consent or its restoration, for one person of the key’s own tenant (LGPD art. 18). It needs a key with the scope tenant-admin. `subject` is the plain identifier; it is forgotten once the request is completed. A withdrawal or restoration is done at once; the others are due within 15 days and usually take minutes.',
    example: { body: { kind: 'access', subject: 'customer-42', reason: 'Ticket 4711' }, answer: QUEUED },
  },
  list: {
    operationId: 'listPrivacyRequests',
    tag,
    summary: 'List privacy requests',
    description:
      'Returns the privacy requests of the key’s own tenant, newest first, each with its progress and due date. It needs a key with the scope tenant-admin. People are named by their pseudonyms.',
    example: { query: { limit: '20' }, answer: { data: [COMPLETED], next_cursor: null } },
  },
  get: {
    operationId: 'getPrivacyRequest',
    tag,
    summary: 'Get one privacy request',
    description:
      'Returns the progress of a privacy request and, once it is completed, its bundle of files or its certificate. It needs a key with the scope tenant-admin. A bundle is kept for thirty days; a certificate says what was removed where.',
    problems: ['not-found'],
    example: { params, answer: COMPLETED },
  },
  file: {
    operationId: 'downloadPrivacyFile',
    tag,
    summary: 'Download one file of an access request',
    description:
      'Returns one file of the bundle of a completed access request, as JSON or CSV. It needs a key with the scope tenant-admin. The bundle of the request lists the names; after thirty days the files are gone.',
    problems: ['not-found'],
    example: {
      params: { ...params, name: 'events.json' },
      texts: {
        'application/json': '[{"id":"order-1","type":"com.example.order.placed.v1","time":"2026-11-28T20:18:11.083Z"}]\n',
        'text/csv': 'id,type,time\r\n"order-1","com.example.order.placed.v1",2026-11-28T20:18:11.083Z\r\n',
      },
    },
  },
} satisfies Record<string, Described>;
