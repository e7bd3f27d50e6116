import { escaped } from '../../lib/html.ts';
import { type Bookmark, listBookmarks, removeBookmark, saveBookmark } from '../../sql/dashboards/bookmarks.ts';
import { type Client, withTenant } from '../../sql/database/db.ts';
import { cardsFor } from '../dashboards/dashboards.ts';
import type { Dashboard } from '../dashboards/definition.ts';
import { countOpened } from '../dashboards/opened.ts';
import { findDashboard } from '../dashboards/routes.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, invalidRequest } from '../http/problems.ts';
import { actorOf } from '../http/route.ts';
import type { Seen } from '../http/types.ts';
import { DASHBOARD_MODULES, dashboardFrame } from '../pages/dashboard.ts';
import { requireFeature } from '../tenants/features.ts';
import type { ConsoleContext } from './context.ts';
import { star, toolsOf, viewAddress } from './dashboard-tools.ts';
import { DASHBOARD_WORDS } from './dashboard-words.ts';
import { EMPTY, type FormState } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';

const MAX_NAME = 100;
const MAX_QUERY = 2000;
const SHEETS = ['console-dashboards.css'];

/** The list of dashboards, each dashboard inside the shell, and what somebody has starred and saved of them. */
export function mountConsoleDashboards(site: Site, deps: Deps): void {
  const bookmarksOf = ({ identity }: ConsoleContext) =>
    withTenant(deps.pool, identity.tenantId, (client) => listBookmarks(client, identity.keyId));
  const dashboardOf = ({ identity, tenant, request }: ConsoleContext) => {
    requireFeature(tenant.features, 'dashboards');
    return findDashboard(deps, String(request.params.slug), identity);
  };

  async function show(context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> {
    const { tenant, locale, role } = context;
    const dashboard = dashboardOf(context);
    const mine = (await bookmarksOf(context)).filter((one) => one.dashboard === dashboard.slug);
    const { scopes } = context.identity;
    const may = {
      events: role !== 'operator',
      notes: scopes.includes('tenant-admin') || scopes.includes('admin'),
      share: scopes.includes('embed') || scopes.includes('admin'),
    };
    const cards = cardsFor(dashboard, {});
    const { status, body, style } = dashboardFrame(
      { ...dashboard, cards },
      { tenant, locked: {}, expiresAt: null },
      locale,
      may,
    );
    const title = dashboard.title[locale];
    const { bar, dialogs } = toolsOf({ slug: dashboard.slug, title }, mine, may, locale, state);
    return {
      place: 'dashboards',
      title,
      main: `<p class="about">${escaped(dashboard.description[locale])}</p>\n<div class="above">\n${bar}\n${status}\n</div>\n${body}\n<p class="zone">${escaped(DASHBOARD_WORDS.gestures[locale])}</p>\n${dialogs}`,
      style,
      scripts: ['dashboard.js'],
      preload: [...DASHBOARD_MODULES, 'dashboard-extras.js', 'dashboard-share.js'],
      sheets: SHEETS,
    };
  }

  site.page('dashboards', async (context) => {
    const { identity, tenant, locale } = context;
    requireFeature(tenant.features, 'dashboards');
    const audience = identity.tenantKind === 'operations' ? ['operations', 'internal'] : ['customer'];
    const offered = [...deps.dashboards.values()].filter((one) => audience.includes(one.audience));
    return {
      place: 'dashboards',
      title: DASHBOARD_WORDS.title[locale],
      main: listOf(offered, await bookmarksOf(context), context),
      sheets: SHEETS,
    };
  });

  site.page('dashboards/:slug', async (context) => {
    const content = await show(context);
    countOpened(deps, context.tenant.id, String(context.request.params.slug), 'mirante');
    return content;
  });

  // After a form that was refused the address is this one.
  site.page('dashboards/:slug/views', async ({ request, response }) => {
    response.redirect(303, `/app/dashboards/${encodeURIComponent(String(request.params.slug))}`);
    return undefined;
  });

  site.action(
    'dashboards/:slug/star',
    async (context, { set, back }) => {
      const { slug } = dashboardOf(context);
      await keep(context, { dashboard: slug, name: '', query: '' }, set === '1');
      return back === 'list' ? '/app/dashboards' : backTo(context, slug);
    },
    show,
  );

  site.action(
    'dashboards/:slug/views',
    async (context, { name = '', query = '' }) => {
      const view = { dashboard: dashboardOf(context).slug, name: name.trim(), query: query.replace(/^\?/, '') };
      if (view.name === '' || view.name.length > MAX_NAME || view.query.length > MAX_QUERY) {
        const detail = DASHBOARD_WORDS.name_length[context.locale];
        throw invalidRequest([{ pointer: '/name', code: 'too-long', detail }]);
      }
      await keep(context, view, true);
      return viewAddress(view);
    },
    show,
  );

  site.action(
    'dashboards/:slug/views/remove',
    async (context, { name = '', query = '' }) => {
      const { slug } = dashboardOf(context);
      await keep(context, { dashboard: slug, name, query: '' }, false);
      return viewAddress({ dashboard: slug, query: query.replace(/^\?/, '') });
    },
    show,
  );

  async function keep(
    { identity, locale, response }: ConsoleContext,
    one: Omit<Bookmark, 'id'>,
    isKept: boolean,
  ): Promise<void> {
    const { tenantId, keyId } = identity;
    const actor = actorOf(identity, response.locals.seen as Seen);
    const work = async (client: Client) => {
      if (isKept) return saveBookmark(client, { tenantId, keyId }, one);
      await removeBookmark(client, keyId, one.dashboard, one.name);
      return true;
    };
    const done = await withTenant(deps.pool, tenantId, work, actor);
    if (!done) throw conflict('bookmark-limit', DASHBOARD_WORDS.too_many[locale]);
  }
}

// The dashboard as it was: window and filters are in the address that the form was on.
function backTo({ request }: ConsoleContext, slug: string): string {
  const from = request.get('referer') ?? '';
  const path = `/app/dashboards/${slug}`;
  return URL.canParse(from) && new URL(from).pathname === path ? path + new URL(from).search : path;
}

function listOf(offered: readonly Dashboard[], bookmarks: readonly Bookmark[], { locale }: ConsoleContext): string {
  const isStarred = ({ slug }: Dashboard) => bookmarks.some(({ dashboard, name }) => dashboard === slug && name === '');
  const sorted = offered.toSorted((a, b) => Number(isStarred(b)) - Number(isStarred(a)));
  const titles = new Map(offered.map(({ slug, title }) => [slug, title[locale]]));
  const items = sorted.map((one) => {
    const { slug, title, description } = one;
    return `<li><a href="/app/dashboards/${slug}"><strong>${escaped(title[locale])}</strong><span>${escaped(description[locale])}</span></a>${star(slug, title[locale], isStarred(one), locale, 'list')}</li>`;
  });
  const views = bookmarks
    .filter(({ dashboard, name }) => name !== '' && titles.has(dashboard))
    .map(
      (one) =>
        `<li><a href="${escaped(viewAddress(one))}">${escaped(one.name)}</a><span>${escaped(titles.get(one.dashboard) ?? '')}</span></li>`,
    );
  const saved =
    views.length > 0
      ? `\n<section class="saved"><h2>${escaped(DASHBOARD_WORDS.views[locale])}</h2><ul class="lines">${views.join('')}</ul></section>`
      : '';
  return `<ul class="tiles starred">\n${items.join('\n')}\n</ul>${saved}`;
}
