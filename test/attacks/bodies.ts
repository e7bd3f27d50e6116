import { type AlertSide, RULE } from './alerts.ts';
import { DOCUMENT_BODIES } from './documents.ts';
import { SERVICE_BODIES } from './service.ts';

type Named = AlertSide & { id: string; slug: string; mark: string; type: string; exportId: string; quarantineIds: string[] };

/** The body of an incident that concerned one tenant. */
export const incidentOf = ({ id }: { id: string }) => ({
  title: 'x',
  description: 'x',
  data_categories: [],
  tenant_ids: [id],
  is_risk: false,
  known_at: '2026-01-01T00:00:00Z',
});

export const SNAPSHOT = { metric: 'events.count', period: '2025-01' };

/** A body for each call that needs one, with ids of a tenant. */
export const BODIES: Record<string, (side: Named) => unknown> = {
  'post /v1/events': ({ mark, type, id }) => ({
    type,
    source: mark,
    id: `${mark}-1`,
    tenantid: id,
    time: '1999-01-01T00:00:00Z',
  }),
  'post /v1/quarantine/replay': ({ quarantineIds }) => ({ filter: { ids: quarantineIds } }),
  'put /v1/event-types/{type}': () => ({ schema: {}, mode: 'observe' }),
  'post /v1/tenants/{id}/keys': () => ({ name: 'mine', scopes: ['read'] }),
  'post /v1/tenants/{id}/members': () => ({ email: 'mine@example.com' }),
  ...SERVICE_BODIES,
  'post /v1/members': () => ({ email: 'other@example.com' }),
  'patch /v1/members/{id}': () => ({ name: 'Mine' }),
  'post /v1/tenants/{id}/sql-logins': () => ({ name: 'mine' }),
  'patch /v1/tenants/{id}': () => ({ embed_origins: ['https://taken-over.example'] }),
  'post /v1/dashboards/{slug}/embeds': () => ({}),
  'post /v1/dashboards/{slug}/guest-embed': () => ({}),
  'post /v1/dashboards/{slug}/links': () => ({}),
  'put /v1/support-access': () => ({ allowed_until: new Date(Date.now() + 3_600_000) }),
  'post /v1/tenants/{id}/support-visits': () => ({ reason: 'mine' }),
  'post /v1/annotations': () => ({ time: '2026-01-01T00:00:00Z', text: 'mine' }),
  'post /v1/alerts/rules': ({ endpointId }) => ({ ...RULE, name: 'mine', notify: [endpointId] }),
  'patch /v1/alerts/rules/{id}': () => ({ name: 'mine' }),
  'post /v1/alerts/endpoints': () => ({ kind: 'webhook', url: 'https://mine.invalid/' }),
  ...DOCUMENT_BODIES,
  'post /v1/exports': ({ exportId }) => ({ format: 'csv', since: exportId }),
  'post /v1/privacy/requests': () => ({ kind: 'access', subject: 'somebody' }),
  'post /v1/privacy/review/{id}': () => ({ decision: 'destroy' }),
  'post /v1/incidents': incidentOf,
  'patch /v1/incidents/{id}': () => ({ title: 'mine' }),
  'post /v1/benchmarks/snapshots': () => SNAPSHOT,
  'put /v1/benchmarks/consent': () => ({ accepted: true, text_version: '1' }),
  'put /v1/archive/rules': ({ id }) => ({ tenant_id: id, keep_days: 100 }),
  'post /v1/tenants': () => ({ slug: `t-${Math.random().toString(36).slice(2)}`, name: 'x' }),
};

/** Parameters of a window with data. */
export const WINDOWS: Record<string, string> = {
  '/v1/metrics/{name}': '?from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&interval=total&group_by=type',
  '/v1/exports/stream': '?dataset=events&from=2020-01-01T00:00:00Z',
  '/v1/exports/stream/csvw': '?dataset=events&from=2020-01-01T00:00:00Z',
};
