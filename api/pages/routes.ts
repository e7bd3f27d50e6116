import type { Request, Response } from 'express';
import { z } from 'zod';
import { cardsFor } from '../dashboards/dashboards.ts';
import { countOpened } from '../dashboards/opened.ts';
import { readParameters } from '../dashboards/query.ts';
import { admit, cardQuery, findDashboard, openLink } from '../dashboards/routes.ts';
import type { Viewer } from '../dashboards/viewers.ts';
import type { Deps } from '../http/deps.ts';
import { frameRefused, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api, Seen } from '../http/types.ts';
import { sendAsset } from './assets.ts';
import { dashboardPage } from './dashboard.ts';
import { homePage } from './home.ts';
import { sendPage } from './html.ts';
import { pageSpecs } from './spec.ts';

const ASSETS = '/assets/:version/:name';
const YEAR = 'public, max-age=31536000, immutable';

/** Pages for people: the index, dashboards for anybody with a link, and the files that both load. */
export function mountPages(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...pageSpecs.home,
      method: 'get',
      path: '/',
      scopes: [],
      page: true,
      status: 200,
      produces: ['text/html'],
    },
    async ({ response }) => {
      sendPage(response, homePage(deps.assets));
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...pageSpecs.dashboard,
      method: 'get',
      path: '/dashboards/:slug',
      scopes: [],
      viewers: true,
      page: true,
      params: z.object({ slug: z.string() }),
      query: cardQuery,
      status: 200,
      produces: ['text/html'],
    },
    async ({ params: { slug }, request, response }) => {
      showDashboard(deps, request, response, await openLink(deps, { request, response }, slug));
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...pageSpecs.shortLink,
      method: 'get',
      path: '/s/:id',
      scopes: [],
      page: true,
      params: z.object({ id: z.string() }),
      query: cardQuery,
      status: 200,
      produces: ['text/html'],
    },
    async ({ params: { id }, request, response }) => {
      showDashboard(deps, request, response, await admit(deps, response, await deps.viewers.openShort(id)));
      return undefined;
    },
  );

  api.app.get(ASSETS, async (request, response) => {
    (response.locals.seen as Seen).route = ASSETS;
    const asset = deps.assets.find(request.params.version, request.params.name);
    if (!asset) throw notFound('file');
    response.setHeader('cache-control', YEAR);
    await sendAsset(request, response, asset);
  });
}

// Sends the page of the viewer's dashboard, and counts that it was opened.
function showDashboard(deps: Deps, request: Request, response: Response, viewer: Viewer): void {
  const { tenant, locked } = viewer;
  const dashboard = findDashboard(deps, viewer.dashboard, { tenantKind: tenant.kind });
  // Only the page knows relative ranges. Cards always receive a fixed window.
  const { token: _, range: __, ...query } = request.query;
  readParameters(dashboard, query, locked, tenant.timezone, Date.now());
  const origin = refusedFrame(request, tenant.embed_origins);
  if (origin) throw frameRefused(origin);
  countOpened(deps, tenant.id, dashboard.slug, 'mirante');
  sendPage(response, dashboardPage(deps.assets, { ...dashboard, cards: cardsFor(dashboard, locked) }, viewer));
}

// Returns the origin of a frame that may not show the page, to explain why: the page's policy alone would block it silently.
// Returns undefined if the frame is allowed or the browser does not name its origin.
function refusedFrame(request: Request, allowed: readonly string[]): string | undefined {
  const referrer = request.get('referer') ?? '';
  if (request.get('sec-fetch-dest') !== 'iframe' || !URL.canParse(referrer)) return undefined;
  const { origin } = new URL(referrer);
  return allowed.includes(origin) || request.get('sec-fetch-site') === 'same-origin' ? undefined : origin;
}
