import { v7 as uuidv7 } from 'uuid';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { makeReports } from '../../jobs/reports/make.ts';
import { type TestApi, useApi } from '../support/api.ts';
import { jobDeps } from '../support/archive-home.ts';
import { fillDays, RETENTION } from '../support/archived-events.ts';
import { useExports } from '../support/exports.ts';
import { fillTenant } from '../support/filled.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../support/harness.ts';
import { MARKR, sheetOf } from '../support/imports.ts';

export type Stage = {
  api: TestApi;
  /** By scope. */
  keys: Record<string, string>;
  /** Valid values for parameters and members. */
  known: Record<string, unknown>;
  /** The scopes of keys that reach the stage's data: the operator's tenant has none of it, and one tenant is another's. */
  scopesFor: (path: string, scopes: string[]) => string[];
  /** Values for the parameters of a path. */
  inPath: (method: string, path: string, name: string) => string;
  /** A valid body of that call, with what it needs beyond its schema. */
  bodyOf: (path: string, body: unknown) => unknown;
  /** Builds roll-ups from the sent events. */
  refresh: () => Promise<void>;
};

/** The real API, with a tenant that has data of every kind, and keys of all scopes. */
export async function setStage(): Promise<Stage> {
  const db = await useDatabase();
  const exports = await useExports(db);
  const api = await useApi(db, {
    MIRANTE_DATA_DIR: exports.folder,
    SMTP_URL: 'smtp://127.0.0.1:9',
    ALERTS_FROM: 'alerts@mirante.invalid',
    METABASE_URL: 'http://metabase.invalid',
  });
  await db.owner.query("insert into private.metabase_dashboards values ('validations-overview', 1)");
  const operator = await makeOperatorKey(db);
  const [tenant, other] = [await makeTenant(db), await makeTenant(db)];
  const { ingest, read, export: exporting, embed, tenant_admin } = tenant.keys;
  await fillTenant(db, tenant, 'acme', 120, new Date());
  await fillDays(db, tenant.id, { from: 60, to: 58, count: 2, word: 'acme' });
  await runRetention({ ...jobDeps(db, exports.deps.archive), config: RETENTION });
  const window = { from: new Date(Date.now() - 86_400_000).toISOString(), to: new Date().toISOString() };
  let made = 0;
  const known = {
    ...window,
    get slug() {
      return `f-${made++}`;
    },
    get email() {
      return `f-${made++}@mirante.invalid`;
    },
    service: `${tenant.slug}/validations-overview`,
    role: 'viewer',
    name: 'fuzz',
    timezone: 'America/Sao_Paulo',
    country: 'BR',
    storage_country: 'BR',
    metric: 'events.count',
    period: '2025-01',
    url: 'https://hook.invalid/',
    address: 'somebody@mirante.invalid',
    scopes: ['read'],
    data_categories: ['x'],
    keep_days: 900,
    allowed_until: new Date(Date.now() + 86_400_000),
    type: 'acme.other.v1',
    mapping: { paper: '/paper' },
  };

  const make = async (path: string, body: unknown, key = tenant_admin): Promise<string> =>
    (await api.call('POST', path, key, body)).body.id;
  const rule = { name: 'fuzz', metric: 'events.count', condition: 'above', threshold: 1, window_seconds: 300 };
  const ids: Record<string, string> = { '/v1/tenants/{id}/': tenant.id, '/v1/tenants/{id}': other.id };
  for (const _ of ['first', 'second']) {
    const endpoint = await make('/v1/alerts/endpoints', { kind: 'webhook', url: known.url });
    ids['/v1/alerts/endpoints/'] = endpoint;
    ids['/v1/alerts/rules/'] = await make('/v1/alerts/rules', { ...rule, notify: [endpoint] });
    ids['/v1/members/'] = await make('/v1/members', { email: known.email });
    ids['/v1/privacy/requests/'] = await make('/v1/privacy/requests', { kind: 'access', subject: 'x' });
    ids['/v1/exports/'] = await make('/v1/exports', { dataset: 'events', format: 'csv', ...window }, exporting);
    ids['/v1/benchmarks/snapshots/'] = await make(
      '/v1/benchmarks/snapshots',
      { metric: 'events.count', period: '2025-01' },
      operator,
    );
    const kept = await api.call('POST', '/v1/imports', ingest, 'type\na.b.v1\n', { 'content-type': 'text/csv' });
    ids['/v1/imports/'] = kept.body.id;
    await api.call('POST', '/import', ingest, sheetOf('1'), MARKR);
    ids['/v1/imports/reprocess/{id}'] = await make(`/v1/imports/${kept.body.id}/reprocess`, {});
    ids['/v1/incidents/'] = await make(
      '/v1/incidents',
      { title: 'x', description: 'x', data_categories: [], tenant_ids: [], is_risk: false, known_at: window.from },
      operator,
    );
    await api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, tenant_admin, { name: 'fuzz' });
    await api.call('POST', '/v1/events', ingest, { type: `fuzz.${_}.v1`, time: '1999-01-01T00:00:00Z' });
    await api.call('POST', '/v1/events', ingest, `${_} of x`);
    await api.call('PUT', `/v1/event-types/fuzz.${_}.v1`, tenant_admin, { schema: {}, mode: 'observe' });
  }
  const allowed_until = new Date(Date.now() + 86_400_000);
  await api.call('PUT', '/v1/support-access', tenant_admin, { allowed_until });
  await api.call('PUT', '/v1/services/validations-overview', tenant_admin, { name: 'Service' });
  const services = '/v1/services/validations-overview';
  await api.call('PUT', `${services}/channels/${known.period}`, tenant_admin, { paper: 1 });
  await api.call('PUT', `${services}/connector`, tenant_admin, { url: known.url, mapping: known.mapping });
  // One revision is published; the second report is published and withdrawn by its calls.
  for (const publish of [true, false])
    ids['/v1/performance-reports/'] = await make('/v1/performance-reports', {
      service: 'validations-overview',
      period: known.period,
      publish,
    });
  await makeReports(jobDeps(db, exports.deps.archive));
  await exports.run();
  await servePrivacyRequests(jobDeps(db, exports.deps.archive));
  const bundled = (await api.call('GET', `/v1/privacy/requests/${ids['/v1/privacy/requests/']}`, tenant_admin)).body.bundle;
  ids['/v1/privacy/review/'] = (await api.call('GET', '/v1/privacy/review', tenant_admin)).body.data[0].id;
  const link = await api.call('POST', '/v1/dashboards/validations-overview/embeds', embed, {});
  ids['/s/{id}'] = await make('/v1/dashboards/validations-overview/links', {}, embed);
  const { manifest } = (await api.call('GET', `/v1/exports/${ids['/v1/exports/']}`, exporting)).body;

  const names: Record<string, string> = {
    '/v1/metrics/{name}': 'validations.error_rate',
    '/v1/benchmarks/{metric}': 'validations.error_rate',
    '/v1/event-types/{type}': 'fuzz.first.v1',
    '/v1/privacy/requests/{id}/files/{name}': bundled.files[0].name,
    '/results/{test}/aggregate': '1',
    '/v1/exports/{id}/files/{name}': encodeURIComponent(manifest.files[0].name),
  };
  return {
    api,
    keys: { ingest, read, export: exporting, embed, 'tenant-admin': tenant_admin, admin: operator },
    known: Object.assign(known, { token: new URL(link.body.viewer_url).searchParams.get('token') }),
    bodyOf(path, body) {
      if (path === '/import') return sheetOf('1');
      if (path === '/v1/exports') return { ...(body as object), dataset: 'events', ...window };
      if (path === '/v1/performance-reports') return { ...(body as object), service: 'validations-overview' };
      return path === '/v1/services/{slug}/channels' ? `period,paper\n${known.period},2\n` : body;
    },
    scopesFor(path, scopes) {
      const wanted = scopes.filter((scope) => (scope === 'admin') === (path === '/v1/tenants/{id}'));
      return wanted.length > 0 ? wanted : scopes;
    },
    inPath(method, path, name) {
      if (name === 'slug' || name === 'service') return 'validations-overview';
      if (name === 'tenant') return tenant.slug;
      if (name === 'period') return known.period;
      if (name === 'revision') return '1';
      if (name === 'card') return 'volume';
      if (name !== 'id') return names[path] ?? uuidv7();
      // Deletions are left out, or the stage would soon be empty.
      if (method === 'DELETE' && path.endsWith('{id}')) return uuidv7();
      const exact = ids[path.replace(/\/differences$/, '')];
      const below = Object.keys(ids).find((start) => path.startsWith(start) && start.endsWith('/') && start !== path);
      const prefix = Object.keys(ids).find((start) => path.startsWith(`${start}{id}`));
      return exact ?? ids[below ?? prefix ?? ''] ?? uuidv7();
    },
    async refresh() {
      await refreshRollups(jobDeps(db, exports.deps.archive));
    },
  };
}
