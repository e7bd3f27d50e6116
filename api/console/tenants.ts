import { escaped } from '../../lib/html.ts';
import type { Tenant } from '../../sql/tenants/tenants.ts';
import type { Words } from '../dashboards/definition.ts';
import type { ConsoleContext } from './context.ts';
import { badge, FIGURES_SHEET } from './figures.ts';
import { EMPTY, type FormState, field, form, table, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { say } from './words.ts';

const WORDS = {
  title: { en: 'Tenants', 'pt-BR': 'Clientes' },
  slug: { en: 'Short name', 'pt-BR': 'Nome curto' },
  slug_hint: {
    en: 'In addresses and commands: a-z, 0-9 and hyphens. It cannot be changed.',
    'pt-BR': 'Usado em endereços e comandos: a-z, 0-9 e hífens. Não pode ser alterado.',
  },
  kind: { en: 'Kind', 'pt-BR': 'Tipo' },
  country: { en: 'Country', 'pt-BR': 'País' },
  country_hint: { en: 'Two letters, such as BR.', 'pt-BR': 'Duas letras, como BR.' },
  timezone: { en: 'Time zone', 'pt-BR': 'Fuso horário' },
  timezone_hint: {
    en: 'Days and months of its figures begin there, such as America/Sao_Paulo.',
    'pt-BR': 'Dias e meses dos números começam nele, como America/Sao_Paulo.',
  },
  language: { en: 'Language', 'pt-BR': 'Idioma' },
  create: { en: 'Create a tenant', 'pt-BR': 'Criar um cliente' },
  customer: { en: 'Customer', 'pt-BR': 'Cliente' },
  operations: { en: 'The platform', 'pt-BR': 'A plataforma' },
  active: { en: 'Active', 'pt-BR': 'Ativo' },
  leaving: { en: 'Being removed', 'pt-BR': 'Em remoção' },
} satisfies Record<string, Words>;

/** Languages of a tenant, as fields of forms have them. */
export const LANGUAGES = [
  ['pt-BR', 'Português'],
  ['en', 'English'],
] as const;

/** The customers of the platform, for its operator. */
export function mountConsoleTenants(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY): Promise<ConsoleContent> => {
    const { locale, tenant: own, perform, request } = context;
    const text = (name: keyof typeof WORDS) => WORDS[name][locale];
    const cursor = typeof request.query.cursor === 'string' ? request.query.cursor : undefined;
    const { body } = await perform<{ data: Tenant[]; next_cursor: string | null }>('listTenants', {
      query: { limit: '200', ...(cursor && { cursor }) },
    });
    const rows = body.data
      .filter(({ kind }) => kind !== 'canary')
      .map((one) => [
        `<a href="/app/tenants/${one.id}">${escaped(one.name)}</a>`,
        escaped(one.slug),
        escaped(text(one.kind === 'operations' ? 'operations' : 'customer')),
        escaped(one.country ?? '–'),
        escaped(one.timezone),
        one.offboarding_at ? badge(text('leaving'), 'warning') : badge(text('active'), 'good'),
        time(one.created_at, locale, own.timezone),
      ]);
    const head = [
      say('name', locale),
      text('slug'),
      text('kind'),
      text('country'),
      text('timezone'),
      say('status', locale),
      say('created', locale),
    ];
    const more = body.next_cursor
      ? `<p><a href="/app/tenants?cursor=${encodeURIComponent(body.next_cursor)}">${escaped(say('more', locale))}</a></p>\n`
      : '';
    const fields =
      field({ name: 'name', label: say('name', locale), required: true }, state) +
      field({ name: 'slug', label: text('slug'), hint: text('slug_hint'), required: true }, state) +
      field({ name: 'country', label: text('country'), hint: text('country_hint') }, state) +
      field({ name: 'timezone', label: text('timezone'), hint: text('timezone_hint'), value: own.timezone }, state) +
      field({ name: 'locale', label: text('language'), value: own.locale, options: LANGUAGES }, state);
    return {
      place: 'tenants',
      title: text('title'),
      sheets: [FIGURES_SHEET],
      main: `${table(text('title'), head, rows, say('none', locale))}
${more}<section class="panel"><h2>${escaped(text('create'))}</h2>
${form('/app/tenants', fields, text('create'), state.faults)}</section>`,
    };
  };

  site.page('tenants', (context) => show(context));
  site.action(
    'tenants',
    async ({ perform }, { name, slug, country, timezone, locale }) => {
      const body = { name, slug, locale, ...(country && { country: country.toUpperCase() }), ...(timezone && { timezone }) };
      const made = await perform<{ id: string }>('createTenant', { body });
      return `/app/tenants/${made.body.id}`;
    },
    show,
  );
}
