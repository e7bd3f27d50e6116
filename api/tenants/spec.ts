import type { Described } from '../http/operation.ts';

const TENANT = {
  id: '01a228f4-5e1d-7627-94d7-06c39b488d13',
  slug: 'acme',
  name: 'Acme',
  kind: 'customer',
  country: 'BR',
  timezone: 'America/Sao_Paulo',
  locale: 'pt-BR',
  features: { dashboards: true, benchmarks: true, exports: true, sql_access: true },
  attributes: { segment: 'retail', size: 'medium' },
  limits: { events_per_second: 500 },
  raw_retention_days: null,
  created_at: '2026-11-29T20:17:13.245Z',
  updated_at: '2026-11-29T20:17:13.245Z',
  offboarding_at: null,
  embed_origins: ['https://app.acme.example'],
};
const OFFBOARDING = {
  tenant_id: TENANT.id,
  slug: TENANT.slug,
  status: 'running',
  progress: 0,
  requested_at: '2026-11-29T20:30:00.000Z',
  completed_at: null,
  certificate: null,
};

const tag = 'Tenants';
const params = { id: TENANT.id };

export const tenantSpecs = {
  create: {
    operationId: 'createTenant',
    tag,
    summary: 'Create a tenant',
    description:
      'Creates a tenant, without any key: create its first one with `POST /v1/tenants/{id}/keys`. It needs a key of the operator with the scope admin. `slug` is unique on the platform and cannot be changed. `attributes` are what cohorts of benchmarks are made of. `Location` has the address of the tenant.',
    problems: ['slug-taken'],
    example: {
      body: {
        slug: TENANT.slug,
        name: TENANT.name,
        country: TENANT.country,
        timezone: TENANT.timezone,
        locale: TENANT.locale,
        attributes: TENANT.attributes,
        limits: TENANT.limits,
        embed_origins: TENANT.embed_origins,
      },
      answer: TENANT,
    },
  },
  list: {
    operationId: 'listTenants',
    tag,
    summary: 'List tenants',
    description:
      'Returns all tenants of the platform, oldest first, its own operations tenant among them. It needs a key of the operator with the scope admin. No call of the operator shows what a tenant’s events hold.',
    example: { query: { limit: '20' }, answer: { data: [TENANT], next_cursor: null } },
  },
  get: {
    operationId: 'getTenant',
    tag,
    summary: 'Get one tenant',
    description:
      'Returns a tenant with its features, limits and settings. It needs a key with the scope admin, or tenant-admin for the own tenant. Any other tenant is answered to a tenant-admin as if it did not exist.',
    problems: ['not-found'],
    example: { params, answer: TENANT },
  },
  update: {
    operationId: 'updateTenant',
    tag,
    summary: 'Change a tenant',
    description:
      'Changes the members that the body names; the others stay as they are. It needs a key of the operator with the scope admin; a tenant-admin may change `embed_origins` of the own tenant and nothing else. A feature that is switched off is off for the next request.',
    problems: ['not-found'],
    example: {
      params,
      body: { features: { exports: false } },
      answer: { ...TENANT, features: { ...TENANT.features, exports: false }, updated_at: '2026-11-29T20:17:13.277Z' },
    },
  },
  offboard: {
    operationId: 'offboardTenant',
    tag,
    summary: 'Remove a tenant',
    description:
      'Starts the removal of a tenant and of everything that is stored for it; this cannot be undone. It needs a key of the operator with the scope admin. Keys and logins end at once; a job removes rows and files within minutes. `Location` has the address of the certificate.',
    problems: ['not-found', 'operations-tenant'],
    example: { params, answer: OFFBOARDING },
  },
  offboarding: {
    operationId: 'getOffboarding',
    tag,
    summary: 'Get the removal of a tenant',
    description:
      'Returns how far the removal of a tenant is and, once it is completed, its certificate: what was removed where, signed by the audit log (`mirante privacy verify`). It needs a key of the operator with the scope admin. The certificate outlives the tenant.',
    problems: ['not-found'],
    example: {
      params,
      answer: {
        ...OFFBOARDING,
        slug: null,
        status: 'completed',
        progress: 100,
        completed_at: '2026-11-29T20:31:12.480Z',
        certificate: {
          kind: 'offboarding',
          tenant_id: TENANT.id,
          requested_at: OFFBOARDING.requested_at,
          completed_at: '2026-11-29T20:31:12.480Z',
          removed: { 'private.events': 51234, 'private.api_keys': 5 },
          kept: { audit_log: 'proof of what administrators did', offboardings: 'this certificate' },
          kept_rows: { audit_log: 42, offboardings: 1 },
          not_reached: ['Backups, until they are deleted.'],
          signature: { sha256: '5c1f…', audit_seq: 4711, audit_hash: '9d02…' },
        },
      },
    },
  },
} satisfies Record<string, Described>;
