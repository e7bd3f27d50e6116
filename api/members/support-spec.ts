import type { Described } from '../http/operation.ts';

const TENANT_ID = '01a228f4-5e1d-7627-94d7-06c39b488d13';
const VISIT = {
  id: '01a22901-3b7e-7d6a-8f10-5c2b9e7d4a66',
  operator: 'operator@platform.example',
  reason: 'Ticket 4711: the error rate looks wrong',
  created_at: '2026-11-29T20:17:13.245Z',
  ends_at: '2026-11-29T20:47:13.245Z',
  ended_at: null,
};
const ACCESS = { allowed_until: '2026-12-01T00:00:00.000Z', visits: [VISIT] };

const tag = 'Members';

export const supportSpecs = {
  get: {
    operationId: 'getSupportAccess',
    tag,
    summary: 'Get support access',
    description:
      'Returns until when operators of the platform may look at the pages of the tenant, and the visits so far. It needs a key with the scope tenant-admin.',
    example: { answer: ACCESS },
  },
  allow: {
    operationId: 'allowSupportAccess',
    tag,
    summary: 'Allow support access',
    description:
      'Allows operators to look at the pages of the tenant as a viewer does, until a time at most 30 days ahead. Every visit has a reason, lasts an hour at most, and is in the audit log. An earlier time ends open visits by then.',
    example: { body: { allowed_until: ACCESS.allowed_until }, answer: { ...ACCESS, visits: [] } },
  },
  end: {
    operationId: 'endSupportAccess',
    tag,
    summary: 'End support access',
    description: 'Ends support access and all open visits, within five seconds. It needs a key with the scope tenant-admin.',
    example: {},
  },
  ofTenant: {
    operationId: 'getSupportAccessOfTenant',
    tag,
    summary: 'Get the support access of a tenant',
    description:
      'Returns for an operator whether a tenant allows support access, and the visits so far. It needs the scope admin.',
    problems: ['not-found', 'tenant-offboarding'],
    example: { params: { id: TENANT_ID }, answer: ACCESS },
  },
  start: {
    operationId: 'startSupportVisit',
    tag,
    summary: 'Start a visit to a tenant',
    description:
      'Starts a visit of an operator to a tenant that allows support access. The answer, and it alone, has a link that opens the pages of the tenant as a viewer sees them. The visit ends after `minutes`, with the access, or when somebody ends it; the tenant sees it with its reason.',
    problems: ['not-found', 'tenant-offboarding', 'support-not-allowed'],
    example: {
      params: { id: TENANT_ID },
      body: { reason: VISIT.reason, minutes: 30 },
      answer: { ...VISIT, login_url: '/login?code=0HbSJwkVpGt4jQ1qv3Zx' },
    },
  },
  leave: {
    operationId: 'endSupportVisit',
    tag,
    summary: 'End a visit to a tenant',
    description: 'Ends a visit before its time, with its session. It needs the scope admin.',
    problems: ['not-found', 'tenant-offboarding'],
    example: { params: { id: TENANT_ID, visit: VISIT.id } },
  },
} satisfies Record<string, Described>;
