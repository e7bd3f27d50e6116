import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import { readParameters } from '../dashboards/query.ts';
import type { Deps } from '../http/deps.ts';
import { wrongScope } from '../http/problems.ts';
import type { ConsoleContext } from './context.ts';
import { badge, count, FIGURES_SHEET, facts, share, size } from './figures.ts';
import { table, time } from './forms.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Usage and cost', 'pt-BR': 'Uso e custo' },
  about: {
    en: 'The cost of the events of this period is what they take on disk for as long as they are kept, at the price that is set.',
    'pt-BR': 'O custo dos eventos deste período é o espaço em disco que ocupam enquanto são guardados, ao preço configurado.',
  },
  period: { en: 'Period', 'pt-BR': 'Período' },
  days: { en: 'Last {days} days', 'pt-BR': 'Últimos {days} dias' },
  day: { en: 'Last 24 hours', 'pt-BR': 'Últimas 24 horas' },
  million: { en: 'Cost of a million events', 'pt-BR': 'Custo de um milhão de eventos' },
  total: { en: 'Events of all tenants', 'pt-BR': 'Eventos de todos os clientes' },
  tenant: { en: 'Tenant', 'pt-BR': 'Cliente' },
  events: { en: 'Events', 'pt-BR': 'Eventos' },
  failures: { en: 'Failures', 'pt-BR': 'Falhas' },
  bytes: { en: 'Received', 'pt-BR': 'Recebido' },
  cost: { en: 'Cost', 'pt-BR': 'Custo' },
  refused: { en: 'Refused', 'pt-BR': 'Recusados' },
  requests: { en: 'Requests', 'pt-BR': 'Requisições' },
  keys: { en: 'Keys', 'pt-BR': 'Chaves' },
  last: { en: 'Last event', 'pt-BR': 'Último evento' },
  platform: { en: 'platform', 'pt-BR': 'plataforma' },
  more: { en: 'In charts: dashboards', 'pt-BR': 'Em gráficos: painéis' },
  tenants: { en: 'Tenants', 'pt-BR': 'Clientes' },
  storage: { en: 'Storage and cost', 'pt-BR': 'Armazenamento e custo' },
} satisfies Record<string, Words>;

const PERIODS = [1, 7, 30, 90] as const;
const DAY_MS = 86_400_000;

type Usage = {
  tenant: string;
  name: string;
  kind: string;
  events: number;
  failure_rate: number | null;
  bytes: number;
  refused: number;
  requests: number;
  keys: number;
  last_hour: string | null;
};

/** How much each tenant sends, and what it costs: the figures of the dashboards of operations, as one table. */
export function mountConsoleUsage(site: Site, deps: Deps): void {
  // The same cards as on the dashboards, read by the same login, which sees no contents of events.
  async function read({ identity, tenant }: ConsoleContext, slug: string, name: string, days: number) {
    const dashboard = deps.dashboards.get(slug);
    const card = dashboard?.cards.find((one) => one.name === name);
    if (!dashboard || !card) throw new Error(`There is no card ${slug}/${name}.`);
    // From one full hour to another, so that the answer can be shared.
    const now = Math.ceil(Date.now() / 3_600_000) * 3_600_000;
    const window = { from: new Date(now - days * DAY_MS).toISOString(), to: new Date(now).toISOString() };
    const asked = readParameters(dashboard, { ...window, interval: 'total' }, {}, tenant.timezone, now);
    return (await deps.cards.read({ tenantId: identity.tenantId, timezone: tenant.timezone }, dashboard, card, asked)).rows;
  }

  site.page('usage', async (context) => {
    const { identity, locale, tenant, request } = context;
    if (!identity.scopes.includes('admin')) throw wrongScope(['admin']);
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const days = PERIODS.find((one) => String(one) === request.query.days) ?? 30;
    const [usage, [cost]] = await Promise.all([
      read(context, 'tenants', 'tenants', days) as Promise<Usage[]>,
      read(context, 'storage-and-cost', 'cost', days) as Promise<{ usd: number | null }[]>,
    ]);
    const price = cost?.usd ?? null;
    const money = (usd: number | null) => (usd === null ? '–' : `US$ ${count(usd, locale, usd < 1 ? 4 : 2)}`);
    const rows = usage.map((one) => [
      `${escaped(one.name)}${one.kind === 'operations' ? ` ${badge(text('platform'), 'plain')}` : ''}<small>${escaped(one.tenant)}</small>`,
      count(one.events, locale),
      share(one.failure_rate, locale),
      size(one.bytes, locale),
      money(price === null ? null : (one.events / 1e6) * price),
      count(one.refused, locale),
      count(one.requests, locale),
      count(one.keys, locale),
      time(one.last_hour, locale, tenant.timezone),
    ]);
    const periods = PERIODS.map((one) => {
      const label = one === 1 ? text('day') : text('days').replace('{days}', String(one));
      return `<a href="/app/usage?days=${one}"${one === days ? ' aria-current="true"' : ''}>${escaped(label)}</a>`;
    });
    const head = (['tenant', 'events', 'failures', 'bytes', 'cost', 'refused', 'requests', 'keys', 'last'] as const).map(text);
    const known = facts([
      [
        text('total'),
        count(
          usage.reduce((sum, { events }) => sum + events, 0),
          locale,
        ),
      ],
      [text('million'), money(price)],
    ]);
    return {
      place: 'usage',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      main: `<nav class="choices" aria-label="${escaped(text('period'))}">${periods.join('')}</nav>
${known}<p class="about">${escaped(text('about'))}</p>
${table(text('title'), head, rows, say('none', locale))}
<p>${escaped(text('more'))} <a href="/app/dashboards/tenants">${escaped(text('tenants'))}</a>, <a href="/app/dashboards/storage-and-cost">${escaped(text('storage'))}</a></p>`,
    };
  });
}
