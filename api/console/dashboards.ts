import { escaped } from '../../lib/html.ts';
import { cardsFor } from '../dashboards/dashboards.ts';
import { countOpened } from '../dashboards/opened.ts';
import { findDashboard } from '../dashboards/routes.ts';
import type { Deps } from '../http/deps.ts';
import { DASHBOARD_MODULES, dashboardFrame } from '../pages/dashboard.ts';
import { requireFeature } from '../tenants/features.ts';
import type { Console } from './console.ts';

const TITLE = { en: 'Dashboards', 'pt-BR': 'Painéis' };

/** The list of dashboards, and each dashboard inside the shell. */
export function mountConsoleDashboards(console: Console, deps: Deps): void {
  console.page('dashboards', async ({ identity, locale }) => {
    const audience = identity.tenantKind === 'operations' ? ['operations', 'internal'] : ['customer'];
    const shown = [...deps.dashboards.values()].filter((one) => audience.includes(one.audience));
    const items = shown.map(
      ({ slug, title, description }) =>
        `<li><a href="/app/dashboards/${slug}"><strong>${escaped(title[locale])}</strong><span>${escaped(description[locale])}</span></a></li>`,
    );
    return { place: 'dashboards', title: TITLE[locale], main: `<ul class="tiles">\n${items.join('\n')}\n</ul>` };
  });

  console.page('dashboards/:slug', async ({ identity, tenant, locale, request }) => {
    requireFeature(tenant.features, 'dashboards');
    const dashboard = findDashboard(deps, String(request.params.slug), identity);
    countOpened(deps, tenant.id, dashboard.slug, 'mirante');
    const { status, body, style } = dashboardFrame(
      { ...dashboard, cards: cardsFor(dashboard, {}) },
      { tenant, locked: {}, expiresAt: null },
      locale,
    );
    return {
      place: 'dashboards',
      title: dashboard.title[locale],
      main: `${status}\n${body}`,
      style,
      scripts: ['dashboard.js'],
      preload: DASHBOARD_MODULES,
    };
  });
}
