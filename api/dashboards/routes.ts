import type { Express, Response } from 'express';
import { z } from 'zod';
import { INTERVALS } from '../../sql/metrics/windows.ts';
import type { Tenant } from '../../sql/tenants/tenants.ts';
import { sendCsv, wantsCsv } from '../http/csv.ts';
import type { Deps } from '../http/deps.ts';
import type { Seen } from '../http/observe.ts';
import { notFound } from '../http/problems.ts';
import { type Call, route } from '../http/route.ts';
import { requireFeature } from '../tenants/features.ts';
import { cardsFor, type Dashboard, definition, rowsFor } from './dashboards.ts';
import { countOpened } from './opened.ts';
import { readParameters } from './query.ts';
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
  watermark: z.iso.datetime().meta({ description: 'Up to when every acknowledged event is counted.' }),
  restated: z
    .object({ days: z.number().int(), latest: z.iso.datetime().nullable() })
    .optional()
    .meta({ description: 'How many days of the window, in UTC, late events or erasures have changed, and when last.' }),
  has_before: z.boolean().optional().meta({
    description: 'Whether there are figures from the start of the period before `from` that is as long as this one.',
  }),
  data: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
});

/** Dashboards as definitions, and as rows of their cards. */
export function mountDashboards(app: Express, deps: Deps): void {
  route(
    app,
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
      const dashboards = [...deps.dashboards.values()].filter((dashboard) => isFor(dashboard, identity));
      return {
        body: { data: dashboards.map(({ slug, audience, title, description }) => ({ slug, audience, title, description })) },
      };
    },
  );

  route(
    app,
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
      return { body: { ...rest, cards: cards.map(({ sql, ...card }) => card) } };
    },
  );

  route(
    app,
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
  locked: Record<string, string>;
};
type Asking = Pick<Call<unknown, unknown, unknown>, 'identity' | 'request' | 'response'>;

// To a customer no dashboard of operations exists; what operations sees is under its own tenant.
const isFor = ({ audience }: Dashboard, { tenantKind }: Pick<Reader, 'tenantKind'>) =>
  (audience === 'customer') === (tenantKind !== 'operations');

/** The dashboard of that slug, if it is one for such a tenant; throws 404. */
export function findDashboard(deps: Deps, slug: string, reader: Pick<Reader, 'tenantKind'>): Dashboard {
  const dashboard = deps.dashboards.get(slug);
  if (!dashboard || !isFor(dashboard, reader)) throw notFound('dashboard');
  return dashboard;
}

// Where there is a token it alone counts: a browser may send a key of its own accord.
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

/** Whose dashboard the token in the query opens. Throws what viewers.open() does, and 429. */
export async function openLink(deps: Deps, { request, response }: Omit<Asking, 'identity'>, slug: string): Promise<Viewer> {
  return admit(deps, response, await deps.viewers.open(request.query.token, slug));
}

/** Notes a viewer for the access log, and counts the request against the tenant's limits. Throws 429. */
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
