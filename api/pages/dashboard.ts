import { escaped } from '../../lib/html.ts';
import { variablesOf } from '../dashboards/card-query.ts';
import { type Card, type Dashboard, isChoice, type Parameter } from '../dashboards/definition.ts';
import type { Viewer } from '../dashboards/viewers.ts';
import type { Assets } from './assets.ts';
import { controls } from './controls.ts';
import { dataIn, type HtmlPage, type Locale } from './html.ts';
import { ICONS, MARK } from './icons.ts';
import { textOf, textsOf } from './texts.ts';

/** The modules that dashboard.js imports. */
export const DASHBOARD_MODULES = [
  'axes.js',
  'cards.js',
  'charts.js',
  'choices.js',
  'dials.js',
  'chart-data.js',
  'colours.js',
  'compare.js',
  'figures.js',
  'filters.js',
  'format.js',
  'heatmap.js',
  'marks.js',
  'pickers.js',
  'picture.js',
  'scale.js',
  'series.js',
  'table.js',
  'theme.js',
  'times.js',
  'zoom.js',
];

/** What the reader of the console may do with a dashboard. */
export type ConsoleTools = { events: boolean; notes: boolean; share: boolean };

/** A dashboard before any card is read: a frame for each card, and the data that the page's module needs to fill them. */
export function dashboardFrame(
  dashboard: Dashboard,
  { tenant, locked, expiresAt }: Pick<Viewer, 'tenant' | 'locked' | 'expiresAt'>,
  locale: Locale,
  console?: ConsoleTools,
): { status: string; body: string; style: string } {
  const text = (name: Parameters<typeof textOf>[0]) => escaped(textOf(name, locale));
  const status = `<div class="status">
<p class="watermark" id="watermark" role="status">${text('loading')}</p>
<p class="restated" id="restated" hidden></p>
<div class="refreshing">
<label class="switch"><input type="checkbox" id="auto-refresh" checked disabled><span>${text('auto_refresh')}</span></label>
<button type="button" class="tool" id="refresh" title="${text('refresh')}" aria-label="${text('refresh')}" disabled>${ICONS.refresh}</button>
</div>
</div>`;
  const body = `${controls(dashboard.parameters, locked, locale, tenant.timezone, console !== undefined)}
<noscript><p class="notice">${text('no_script')}</p></noscript>
<p class="notice" id="notice" role="alert" hidden></p>
<div class="cards" id="cards">
${dashboard.cards.map((card) => frame(card, locale, console)).join('\n')}
</div>
<p class="zone">${text('zone').replace('{zone}', escaped(tenant.timezone))}</p>
${dataIn('dashboard', {
  slug: dashboard.slug,
  locale,
  timezone: tenant.timezone,
  expires_at: expiresAt,
  locked,
  // Operators mostly look at the last day.
  range: dashboard.audience === 'operations' ? '24h' : '30d',
  parameters: dashboard.parameters.map((parameter) => parameterFor(parameter, locale)),
  cards: dashboard.cards.map((card) => cardFor(card, dashboard.parameters, locale)),
  ...(console && { console }),
  texts: textsOf(locale),
})}`;
  return { status, body, style: placesOf(dashboard.cards) };
}

/** The page of a dashboard for a viewer with a link. */
export function dashboardPage(assets: Assets, dashboard: Dashboard, viewer: Viewer): HtmlPage {
  const { tenant } = viewer;
  const locale: Locale = tenant.locale === 'pt-BR' ? 'pt-BR' : 'en';
  const title = dashboard.title[locale];
  const { status, body: cards, style } = dashboardFrame(dashboard, viewer, locale);
  const body = `<header class="top">
<div class="headline">
<p class="owner">${MARK}<span>${escaped(tenant.name)}</span></p>
<h1>${escaped(title)}</h1>
<p class="about">${escaped(dashboard.description[locale])}</p>
</div>
${status}
</header>
<main>
${cards}
</main>
<footer class="foot"><p>Mirante</p></footer>`;
  const framedBy = tenant.embed_origins;
  return {
    assets,
    locale,
    title,
    body,
    kind: 'dashboard',
    script: 'dashboard.js',
    preload: DASHBOARD_MODULES,
    style,
    framedBy,
  };
}

const NUMBERS: Card['display'][] = ['scalar', 'trend', 'progress'];
const WITHOUT_DRAWING: Card['display'][] = [...NUMBERS, 'table'];

function frame({ name, title, description, display, layout }: Card, locale: Locale, console?: ConsoleTools): string {
  const words = escaped(title[locale]);
  const tool = (does: string, icon: string, label: string, more = '') =>
    `<button type="button" class="tool" data-does="${does}" title="${label}" aria-label="${label}: ${words}"${more} disabled>${icon}</button>`;
  const toggle =
    display === 'table' ? '' : tool('table', ICONS.table, escaped(textOf('show_table', locale)), ' aria-pressed="false"');
  const events = escaped(textOf('show_events', locale));
  const tools = [
    toggle,
    console?.events
      ? `<a class="tool" data-does="events" href="/app/events" title="${events}" aria-label="${events}: ${words}">${ICONS.events}</a>`
      : '',
    WITHOUT_DRAWING.includes(display) ? '' : tool('png', ICONS.picture, escaped(textOf('picture', locale))),
    tool('csv', ICONS.download, escaped(textOf('download', locale))),
  ];
  const size = NUMBERS.includes(display) ? 'figure' : layout.width > 14 ? 'wide' : 'half';
  return `<section class="card ${size} ${display}" id="card-${name}" data-card="${name}" aria-labelledby="title-${name}" aria-busy="true">
<header><h2 id="title-${name}">${words}</h2><div class="tools">${tools.join('')}</div></header>
${description ? `<p class="hint">${escaped(description[locale])}</p>\n` : ''}<div class="body"><div class="skeleton" aria-hidden="true"><i></i><i></i><i></i><i></i><i></i><i></i><i></i><i></i></div></div>
</section>`;
}

// The place of each card on a wide screen. On a narrow one the stylesheet lets them flow.
function placesOf(cards: readonly Card[]): string {
  const rules = cards.map(({ name, layout: { column, row, width, height } }) => {
    return `#card-${name}{grid-area:${row + 1}/${column + 1}/span ${height}/span ${width}}`;
  });
  return `@media (min-width:64rem){${rules.join('')}}`;
}

function parameterFor(parameter: Parameter, locale: Locale) {
  const { name, title } = parameter;
  return { name, title: title[locale], values: 'values' in parameter ? parameter.values : undefined };
}

function cardFor({ name, title, empty, display, columns, chart, sql }: Card, parameters: readonly Parameter[], locale: Locale) {
  const variables = variablesOf(sql);
  return {
    name,
    takes: parameters.flatMap((one) => (isChoice(one) && variables.includes(one.name) ? [one.name] : [])),
    title: title[locale],
    empty: empty?.[locale],
    display,
    chart,
    columns: columns.map((column) => ({ ...column, title: column.title[locale] })),
  };
}
