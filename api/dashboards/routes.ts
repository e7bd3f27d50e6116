import type { Response } from 'express';
import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { INTERVALS } from '../../sql/metrics/windows.ts';
import type { Tenant } from '../../sql/tenants/tenants.ts';
import { hasTestResults } from '../../sql/test-results/test-results.ts';
import { sendCsv, wantsCsv } from '../http/csv.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api, Call, Seen } from '../http/types.ts';
import { requireFeature } from '../tenants/features.ts';
import { cardsFor, rowsFor } from './dashboards.ts';
import { type Dashboard, definition } from './definition.ts';
import { countOpened } from './opened.ts';
import { type FixedParameters, readParameters } from './query.ts';
import { dashboardSpecs } from './spec.ts';
import type { Viewer } from './viewers.ts';

const params = z.object({ slug: z.string() });
const shown = definition.extend({ slug: z.string() });
const summary = shown.pick({ slug: true, audience: true, title: true, description: true });

const text = (description: string) => z.unknown().optional().meta({ type: 'string', description });
/** Parameters of a dashboard as the OpenAPI document lists them. */
export const cardQuery = z.looseObject({
  from: text('RFC 3339, inclusive; a whole number of buckets before `to` if absent.'),
  to: text('RFC 3339, exclusive; the end of the current hour if absent.'),
  interval: text(`Width of a bucket: ${INTERVALS.join(', ')}; \`day\` if absent.`),
});

const rowsOfCard = z.object({
  columns: definition.shape.cards.element.shape.columns,
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  interval: z.enum(INTERVALS),
  timezone: z.string(),
  watermark: z.iso.datetime().meta({ description: 'The time up to which every acknowledged event is counted.' }),
  restated: z.object({ days: z.number().int(), latest: z.iso.datetime().nullable() }).optional().meta({
    description: 'How many UTC days of the window late events or erasures have changed, and when the last change was.',
  }),
  has_before: z.boolean().optional().meta({
    description: 'Whether there is data from the start of the window before this one, which is as long.',
  }),
  data: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});

/** Dashboards: their definitions, and the rows of their cards. */
export function mountDashboards(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...dashboardSpecs.list,
      method: 'get',
      path: '/v1/dashboards',
      scopes: ['read', 'admin'],
      query: z.strictObject({}),
      status: 200,
      answer: z.object({ data: z.array(summary) }),
    },
    async ({ identity }) => {
      requireFeature(identity.features, 'dashboards');
      const all = [...deps.dashboards.values()].filter((dashboard) => isFor(dashboard, identity));
      const hasTests = all.some(({ needs }) => needs) && (await withTenant(deps.pool, identity.tenantId, hasTestResults));
      const dashboards = all.filter(({ needs }) => !needs || hasTests);
      return {
        body: { data: dashboards.map(({ slug, audience, title, description }) => ({ slug, audience, title, description })) },
      };
    },
  );

  route(
    api,
    deps,
    {
      ...dashboardSpecs.get,
      method: 'get',
      path: '/v1/dashboards/:slug',
      scopes: ['read', 'admin'],
      params,
      query: z.strictObject({}),
      status: 200,
      answer: shown,
    },
    async ({ identity, params: { slug } }) => {
      requireFeature(identity.features, 'dashboards');
      const { cards, ...rest } = findDashboard(deps, slug, identity);
      countOpened(deps, identity.tenantId, slug, 'api');
      return { body: { ...rest, cards: cards.map(({ sql, query, ...card }) => card) } };
    },
  );

  route(
    api,
    deps,
    {
      ...dashboardSpecs.card,
      method: 'get',
      path: '/v1/dashboards/:slug/cards/:card',
      scopes: ['read', 'admin'],
      viewers: true,
      params: params.extend({ card: z.string() }),
      query: cardQuery,
      status: 200,
      answer: rowsOfCard,
      produces: ['text/csv'],
    },
    async (call) => {
      const { slug } = call.params;
      const reader = await readerOf(deps, call, slug);
      const dashboard = findDashboard(deps, slug, reader);
      const card = cardsFor(dashboard, reader.locked).find(({ name }) => name === call.params.card);
      if (!card) throw notFound('card');
      const asked = askedOf(call, dashboard, reader);
      const answer = await deps.cards.read(reader, dashboard, card, asked);
      const { watermark, hasBefore, restated } = answer;
      const rows = rowsFor(dashboard, card, reader.locked, answer.rows);
      if (wantsCsv(call.request)) {
        const names = card.columns.map(({ name }) => name);
        const cellsOf = (row: Record<string, unknown>) => names.map((name) => csvValue(row[name]));
        await sendCsv(call.response, `${slug}_${card.name}.csv`, names, rows, cellsOf);
        return undefined;
      }
      const { timezone } = reader;
      const standing = { ...(restated && { restated }), ...(hasBefore !== undefined && { has_before: hasBefore }) };
      return {
        body: { columns: card.columns, ...asked, timezone, watermark, ...standing, data: rows },
        headers: { vary: 'Accept' },
      };
    },
  );
}

type Reader = {
  tenantId: string;
  tenantKind: Tenant['kind'];
  timezone: string;
  locked: FixedParameters;
};
type Asking = Pick<Call<unknown, unknown, unknown>, 'identity' | 'request' | 'response'>;

// Customers do not see the dashboards of operations; operations has a tenant of its own.
const isFor = ({ audience }: Dashboard, { tenantKind }: Pick<Reader, 'tenantKind'>) =>
  (audience === 'customer') === (tenantKind !== 'operations');

/** Returns the dashboard with this slug. Throws 404 if it is not for this kind of tenant. */
export function findDashboard(deps: Deps, slug: string, reader: Pick<Reader, 'tenantKind'>): Dashboard {
  const dashboard = deps.dashboards.get(slug);
  if (!dashboard || !isFor(dashboard, reader)) throw notFound('dashboard');
  return dashboard;
}

// A token takes precedence, because a browser may send a key that it has stored.
async function readerOf(deps: Deps, call: Asking, slug: string): Promise<Reader> {
  if (call.request.query.token !== undefined) return viewerOf(deps, call, slug);
  const { tenantId, tenantKind, timezone, features } = call.identity;
  requireFeature(features, 'dashboards');
  return { tenantId, tenantKind, timezone, locked: {} };
}

async function viewerOf(deps: Deps, asking: Asking, slug: string): Promise<Reader> {
  const { tenant, locked } = await openLink(deps, asking, slug);
  return { tenantId: tenant.id, tenantKind: tenant.kind, timezone: tenant.timezone, locked };
}

/** Returns the viewer of the token in the query. Throws what viewers.open() throws, and 429. */
export async function openLink(deps: Deps, { request, response }: Omit<Asking, 'identity'>, slug: string): Promise<Viewer> {
  return admit(deps, response, await deps.viewers.open(request.query.token, slug));
}

/** Names the viewer in the access log and counts the request against the tenant's limits. Throws 429. */
export async function admit(deps: Deps, response: Response, viewer: Viewer): Promise<Viewer> {
  const { id, limits } = viewer.tenant;
  (response.locals.seen as Seen).viewer = { tenantId: id, keyId: viewer.keyId };
  await deps.limits.request({ tenantId: id, limits }, response);
  return viewer;
}

function askedOf({ request }: Asking, dashboard: Dashboard, { locked, timezone }: Reader) {
  const { token: _, ...query } = request.query;
  return readParameters(dashboard, query, locked, timezone, Date.now());
}

const csvValue = (value: unknown) => (value instanceof Date ? value.toISOString() : value);
