import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { FixedParameters } from '../dashboards/query.ts';
import { badge, confirmed, headed, SHEETS, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Links and embedding', 'pt-BR': 'Links e incorporação' },
  links: { en: 'Short links', 'pt-BR': 'Links curtos' },
  about: {
    en: 'Anybody with one of these links sees the dashboard without signing in. A link is shown once, when it is created; this list shows how it begins.',
    'pt-BR':
      'Quem tem um destes links vê o painel, sem entrar. Um link é mostrado uma vez, ao ser criado; aqui ele aparece pelo começo.',
  },
  dashboard: { en: 'Dashboard', 'pt-BR': 'Painel' },
  link: { en: 'Link', 'pt-BR': 'Link' },
  fixed: { en: 'Fixed filters', 'pt-BR': 'Filtros fixos' },
  expired: { en: 'Expired', 'pt-BR': 'Expirado' },
  revoke: { en: 'Revoke', 'pt-BR': 'Revogar' },
  sure: {
    en: 'The link opens nothing from now on, and open pages show nothing new.',
    'pt-BR': 'O link não abre mais nada, e páginas abertas não mostram nada novo.',
  },
  origins: { en: 'Sites that may show dashboards in a frame', 'pt-BR': 'Sites que podem mostrar painéis em um quadro' },
  origins_label: { en: 'Origins', 'pt-BR': 'Origens' },
  origins_hint: {
    en: 'One a line, such as https://app.example.com. Empty: no site.',
    'pt-BR': 'Uma por linha, como https://app.example.com. Vazio: nenhum site.',
  },
} as const;

type Link = { id: string; params: FixedParameters; created_at: Date; expires_at: Date | null };
type Shown = Link & { slug: string; title: string };

/** Links to dashboards for people without an account, and the sites that may frame them. */
export function mountConsoleEmbedding(site: Site): void {
  const linksOf = async ({ perform, locale, tenant }: ConsoleContext): Promise<Shown[]> => {
    if (tenant.features.dashboards === false) return [];
    const { body } = await perform<{ data: { slug: string; title: Words }[] }>('listDashboards');
    const lists = body.data.map(async ({ slug, title }) => {
      const links = await perform<{ data: Link[] }>('listShortLinks', { params: { slug }, query: { limit: '1000' } });
      return links.body.data.map((link) => ({ ...link, slug, title: title[locale] }));
    });
    return (await Promise.all(lists)).flat();
  };

  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant, perform } = context;
    const text = wordsIn(WORDS, locale);
    const { body: own } = await perform<{ embed_origins: string[] }>('getTenant', { params: { id: tenant.id } });
    const rows = (await linksOf(context)).map((one) => {
      const isOver = one.expires_at !== null && one.expires_at.getTime() <= Date.now();
      const ask = { label: text('revoke'), about: `${one.title} ${one.id}…`, question: text('sure') };
      return [
        `<a href="/app/dashboards/${one.slug}">${escaped(one.title)}</a>`,
        `<code>/s/${escaped(one.id)}…</code>`,
        Object.entries(one.params)
          .map(([name, value]) => escaped(`${name} = ${[value].flat().join(', ')}`))
          .join('<br>') || '–',
        time(one.created_at, locale, tenant.timezone),
        time(one.expires_at, locale, tenant.timezone, say('never', locale)) +
          (isOver ? ` ${badge('plain', text('expired'))}` : ''),
        confirmed({ action: `/app/embedding/${one.slug}/${one.id}/revoke`, ...ask }, locale),
      ];
    });
    const head = [
      text('dashboard'),
      text('link'),
      text('fixed'),
      say('created', locale),
      say('expires', locale),
      say('actions', locale),
    ];
    const origins = field(
      {
        name: 'embed_origins',
        label: text('origins_label'),
        type: 'textarea',
        hint: text('origins_hint'),
        value: own.embed_origins.join('\n'),
      },
      state,
    );
    return {
      place: 'embedding',
      title: text('title'),
      main: `${headed(text('links'))}<p class="lead">${escaped(text('about'))}</p>
${table(text('links'), head, rows, say('none', locale))}
<section class="panel short"><h2>${escaped(text('origins'))}</h2>
${form('/app/embedding', origins, say('save', locale), state.faults)}</section>`,
      sheets: SHEETS,
    };
  };

  site.page('embedding', (context) => show(context));
  site.action(
    'embedding',
    async ({ perform, tenant }, { embed_origins = '' }) => {
      const origins = embed_origins.split('\n').map((line) => line.trim());
      await perform('updateTenant', { params: { id: tenant.id }, body: { embed_origins: origins.filter(Boolean) } });
      return '/app/embedding';
    },
    show,
  );
  site.action(
    'embedding/:slug/:id/revoke',
    async ({ perform, request }) => {
      await perform('deleteShortLink', { params: request.params });
      return '/app/embedding';
    },
    show,
  );
}
