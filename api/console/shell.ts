import { escaped } from '../../lib/html.ts';
import type { Role } from '../../sql/members/members.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Assets } from '../pages/assets.ts';
import { dataIn, type HtmlPage } from '../pages/html.ts';
import { MARK } from '../pages/icons.ts';
import type { ConsoleContext } from './context.ts';
import { FAULTS, PROBLEMS } from './fault-words.ts';
import { button, time } from './forms.ts';
import { say, type WORDS } from './words.ts';

/** A page of the console that people reach by the rail: its address below /app, its name, and whose rail has it. */
type Place = { path: string; title: Words; roles: readonly Role[] };

const ALL = ['viewer', 'admin', 'operator'] as const;
const TENANT = ['viewer', 'admin'] as const;
const ADMIN = ['admin'] as const;
const OPERATOR = ['operator'] as const;

/** The rail, in groups. */
export const PLACES: readonly { title: Words | null; places: readonly Place[] }[] = [
  {
    title: null,
    places: [
      { path: 'dashboards', title: { en: 'Dashboards', 'pt-BR': 'Painéis' }, roles: ALL },
      { path: 'explore', title: { en: 'Explore', 'pt-BR': 'Explorar' }, roles: TENANT },
      { path: 'events', title: { en: 'Events', 'pt-BR': 'Eventos' }, roles: TENANT },
      { path: 'services', title: { en: 'Services', 'pt-BR': 'Serviços públicos' }, roles: TENANT },
      { path: 'reports', title: { en: 'Performance reports', 'pt-BR': 'Relatórios de desempenho' }, roles: TENANT },
      { path: 'benchmarks', title: { en: 'Benchmarks', 'pt-BR': 'Comparativos' }, roles: ADMIN },
      { path: 'alerts', title: { en: 'Alerts', 'pt-BR': 'Alertas' }, roles: ADMIN },
      { path: 'exports', title: { en: 'Exports', 'pt-BR': 'Exportações' }, roles: ADMIN },
    ],
  },
  {
    title: { en: 'Data', 'pt-BR': 'Dados' },
    places: [
      { path: 'start', title: { en: 'First steps', 'pt-BR': 'Primeiros passos' }, roles: ADMIN },
      { path: 'event-types', title: { en: 'Event types', 'pt-BR': 'Tipos de evento' }, roles: ADMIN },
      { path: 'quarantine', title: { en: 'Quarantine', 'pt-BR': 'Quarentena' }, roles: ADMIN },
      { path: 'imports', title: { en: 'Imports', 'pt-BR': 'Importações' }, roles: ADMIN },
      { path: 'test-results', title: { en: 'Test results', 'pt-BR': 'Resultados de provas' }, roles: ADMIN },
      { path: 'privacy', title: { en: 'Privacy requests', 'pt-BR': 'Solicitações de privacidade' }, roles: ADMIN },
    ],
  },
  {
    title: { en: 'Platform', 'pt-BR': 'Plataforma' },
    places: [
      { path: 'tenants', title: { en: 'Tenants', 'pt-BR': 'Clientes' }, roles: OPERATOR },
      { path: 'health', title: { en: 'Health', 'pt-BR': 'Estado' }, roles: OPERATOR },
      { path: 'objectives', title: { en: 'Objectives', 'pt-BR': 'Objetivos' }, roles: OPERATOR },
      { path: 'incidents', title: { en: 'Incidents', 'pt-BR': 'Incidentes' }, roles: OPERATOR },
      { path: 'queues', title: { en: 'Queues', 'pt-BR': 'Filas' }, roles: OPERATOR },
      { path: 'storage', title: { en: 'Archive and backups', 'pt-BR': 'Arquivo e cópias' }, roles: OPERATOR },
      { path: 'usage', title: { en: 'Usage and cost', 'pt-BR': 'Uso e custo' }, roles: OPERATOR },
    ],
  },
  {
    title: { en: 'Administration', 'pt-BR': 'Administração' },
    places: [
      { path: 'members', title: { en: 'Members', 'pt-BR': 'Membros' }, roles: ['admin', 'operator'] },
      { path: 'keys', title: { en: 'Keys', 'pt-BR': 'Chaves' }, roles: ADMIN },
      { path: 'sql-logins', title: { en: 'SQL logins', 'pt-BR': 'Logins SQL' }, roles: ADMIN },
      { path: 'embedding', title: { en: 'Links and embedding', 'pt-BR': 'Links e incorporação' }, roles: ADMIN },
      { path: 'audit', title: { en: 'Audit log', 'pt-BR': 'Registro de auditoria' }, roles: ['admin', 'operator'] },
      { path: 'support', title: { en: 'Support access', 'pt-BR': 'Acesso do suporte' }, roles: ADMIN },
      { path: 'sessions', title: { en: 'Sessions', 'pt-BR': 'Sessões' }, roles: ALL },
    ],
  },
];

/** What a page puts into the shell. */
export type ConsoleContent = {
  /** The path below /app of the rail's entry. */
  place: string;
  title: string;
  /** HTML, already escaped. */
  main: string;
  /** Modules of this page alone, beside console.js. */
  scripts?: readonly string[];
  preload?: readonly string[];
  style?: string;
  /** Whether it shows another page of this site in a frame. */
  frames?: boolean;
  /** Stylesheets of this page alone. */
  sheets?: readonly string[];
};

/** A page of the console: rail, name of the tenant, what the page shows. */
export function consolePage(assets: Assets, context: ConsoleContext, content: ConsoleContent): HtmlPage {
  const { locale, theme, role, tenant, identity } = context;
  const groups = PLACES.map(({ title, places }) => ({ title, places: places.filter(({ roles }) => roles.includes(role)) }));
  const rail = groups
    .filter(({ places }) => places.length > 0)
    .map(({ title, places }) => {
      const links = places.map(({ path, title: name }) => {
        const current = path === content.place ? ' aria-current="page"' : '';
        return `<li><a href="/app/${path}"${current}>${escaped(name[locale])}</a></li>`;
      });
      return `${title ? `<h2>${escaped(title[locale])}</h2>\n` : ''}<ul>\n${links.join('\n')}\n</ul>`;
    });
  const text = (name: keyof typeof WORDS) => escaped(say(name, locale));
  const who = identity.session.member?.name ?? identity.session.member?.email ?? identity.keyName;
  const option = (value: string, label: string, chosen: boolean) =>
    `<option value="${value}"${chosen ? ' selected' : ''}>${label}</option>`;
  const body = `<a class="skip" href="#main">${text('skip')}</a>
<header class="bar">
<button type="button" class="tool" id="rail-toggle" aria-expanded="false" aria-controls="rail" aria-label="${text('menu')}">☰</button>
<p class="owner">${MARK}<span>${escaped(tenant.name)}</span></p>
<button type="button" class="jump" id="jump">${text('jump')} <kbd>Ctrl K</kbd></button>
<div class="you">
<label><span class="unseen">${text('language')}</span><select id="locale">${option('en', 'English', locale === 'en')}${option('pt-BR', 'Português', locale === 'pt-BR')}</select></label>
<label><span class="unseen">${text('theme')}</span><select id="theme">${(['system', 'light', 'dark'] as const).map((one) => option(one, text(`theme_${one}`), theme === one)).join('')}</select></label>
<span class="who">${escaped(who)}</span>
<form method="post" action="/logout"><button type="submit" class="quiet">${text('sign_out')}</button></form>
</div>
${visitBanner(context)}</header>
<nav class="rail" id="rail" aria-label="${text('menu')}">
${rail.join('\n')}
</nav>
<main id="main" tabindex="-1">
<h1>${escaped(content.title)}</h1>
<p class="notice" id="lost" role="alert" hidden>${text('lost')}</p>
${content.main}
</main>
<dialog id="jumper" aria-label="${text('jump')}"><input type="search" id="jump-to" aria-label="${text('jump')}" placeholder="${text('jump')}" autocomplete="off"><ul id="jump-list"></ul></dialog>
<dialog id="help" aria-label="${text('keys_title')}"><h2>${text('keys_title')}</h2><dl><dt><kbd>Ctrl K</kbd></dt><dd>${text('jump')}</dd><dt><kbd>?</kbd></dt><dd>${text('keys_title')}</dd><dt><kbd>Esc</kbd></dt><dd>${text('close')}</dd></dl><form method="dialog"><button>${text('close')}</button></form></dialog>
${dataIn(
  'places',
  groups.flatMap(({ places }) => places.map(({ path, title }) => ({ path: `/app/${path}`, title: title[locale] }))),
)}${locale === 'en' || !content.scripts ? '' : dataIn('fault-words', { problems: PROBLEMS, faults: FAULTS })}`;
  return {
    assets,
    locale,
    theme,
    title: `${content.title} · ${tenant.name} · Mirante`,
    body,
    kind: 'console',
    forms: true,
    sheets: ['console.css', ...(content.sheets ?? [])],
    script: 'console.js',
    scripts: content.scripts ?? [],
    ...(content.frames && { frames: true }),
    ...(content.preload && { preload: content.preload }),
    ...(content.style && { style: content.style }),
  };
}

// On every page of a visit: who looks at whose pages, why and until when.
function visitBanner({ identity: { session }, tenant, locale }: ConsoleContext): string {
  const { visit, expiresAt } = session;
  if (!visit) return '';
  const values: Record<string, string> = {
    operator: escaped(visit.operator),
    tenant: escaped(tenant.name),
    until: time(expiresAt, locale, tenant.timezone),
    reason: escaped(visit.reason),
  };
  const text = say('visiting', locale).replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
  return `<div class="visit" role="status"><p>${text}</p>${button('/app/support/leave', say('leave', locale), tenant.name)}</div>\n`;
}
