import { escaped } from '../../lib/html.ts';
import type { KeyRow, Tenant } from '../../sql/tenants/tenants.ts';
import type { Words } from '../dashboards/definition.ts';
import type { ConsoleContext } from './context.ts';
import { badge, checkbox, count, FIGURES_SHEET, facts } from './figures.ts';
import { EMPTY, type FormState, field, form, time } from './forms.ts';
import type { ConsoleContent } from './shell.ts';
import type { Site } from './site.ts';
import { startVisit, visitPanel } from './support.ts';
import { LANGUAGES } from './tenants.ts';
import { say } from './words.ts';

const LIMITS = ['events_per_second', 'requests_per_second', 'events_per_month', 'quarantine_bytes'] as const;
const FEATURES = ['dashboards', 'benchmarks', 'exports', 'sql_access'] as const;

const WORDS = {
  slug: { en: 'Short name', 'pt-BR': 'Nome curto' },
  id: { en: 'Id', 'pt-BR': 'Id' },
  keys: { en: 'Keys in use', 'pt-BR': 'Chaves em uso' },
  settings: { en: 'Settings', 'pt-BR': 'Configurações' },
  country: { en: 'Country', 'pt-BR': 'País' },
  timezone: { en: 'Time zone', 'pt-BR': 'Fuso horário' },
  language: { en: 'Language', 'pt-BR': 'Idioma' },
  features: { en: 'Features', 'pt-BR': 'Recursos' },
  dashboards: { en: 'Dashboards', 'pt-BR': 'Painéis' },
  benchmarks: { en: 'Benchmarks', 'pt-BR': 'Comparativos' },
  exports: { en: 'Exports', 'pt-BR': 'Exportações' },
  sql_access: { en: 'SQL access', 'pt-BR': 'Acesso SQL' },
  limits: { en: 'Limits; an empty one is that of the platform', 'pt-BR': 'Limites; um limite vazio é o da plataforma' },
  events_per_second: { en: 'Events per second', 'pt-BR': 'Eventos por segundo' },
  requests_per_second: { en: 'Requests per second', 'pt-BR': 'Requisições por segundo' },
  events_per_month: { en: 'Events per month', 'pt-BR': 'Eventos por mês' },
  quarantine_bytes: { en: 'Bytes in quarantine', 'pt-BR': 'Bytes em quarentena' },
  retention: { en: 'Days for which raw events are kept', 'pt-BR': 'Dias em que os eventos brutos são guardados' },
  retention_hint: { en: 'Empty: as long as the platform keeps them.', 'pt-BR': 'Vazio: o tempo da plataforma.' },
  invite: { en: 'Invite an administrator', 'pt-BR': 'Convidar um administrador' },
  invite_hint: {
    en: 'An administrator adds everyone else. You get a link to pass on.',
    'pt-BR': 'Um administrador adiciona os demais. Você recebe um link para repassar.',
  },
  email: { en: 'E-mail address', 'pt-BR': 'Endereço de e-mail' },
  invited: {
    en: 'Send this link to the new administrator. It works once, for ten minutes, and is not shown again.',
    'pt-BR': 'Envie este link ao novo administrador. Ele funciona uma vez, por dez minutos, e não será mostrado de novo.',
  },
  remove: { en: 'Remove this tenant', 'pt-BR': 'Remover este cliente' },
  remove_about: {
    en: 'Keys, members and logins end at once; events, files and everything else are deleted within minutes. This cannot be undone. A certificate says what was deleted.',
    'pt-BR':
      'Chaves, membros e logins terminam imediatamente; eventos, arquivos e todo o resto são apagados em minutos. Não é possível desfazer. Um certificado diz o que foi apagado.',
  },
  confirm: { en: 'Type {slug} to confirm', 'pt-BR': 'Digite {slug} para confirmar' },
  confirm_wrong: { en: 'This is not the short name of the tenant.', 'pt-BR': 'Este não é o nome curto do cliente.' },
  leaving: { en: 'This tenant is being removed.', 'pt-BR': 'Este cliente está sendo removido.' },
  progress: { en: 'See how far it is', 'pt-BR': 'Ver o andamento' },
  saved: { en: 'Saved.', 'pt-BR': 'Salvo.' },
} satisfies Record<string, Words>;

type Word = keyof typeof WORDS;

/** One tenant, for the operator: settings, its first administrator, and its removal. */
export function mountConsoleTenant(site: Site): void {
  const show = async (context: ConsoleContext, state: FormState = EMPTY, link?: string): Promise<ConsoleContent> => {
    const { perform, request, locale, tenant: own } = context;
    const { id } = request.params as { id: string };
    const [{ body: one }, { body: keys }] = await Promise.all([
      perform<Tenant>('getTenant', { params: { id } }),
      perform<{ data: KeyRow[] }>('listKeys', { params: { id }, query: { limit: '1000' } }),
    ]);
    const text = (name: Word) => WORDS[name][locale];
    const inUse = keys.data.filter(
      ({ revoked_at, expires_at }) => !revoked_at && !(expires_at && new Date(expires_at) < new Date()),
    );
    const known = facts([
      [text('slug'), escaped(one.slug)],
      [text('id'), `<code>${one.id}</code>`],
      [text('keys'), count(inUse.length, locale)],
      [say('created', locale), time(one.created_at, locale, own.timezone)],
      [
        text('features'),
        FEATURES.filter((name) => one.features[name] !== false)
          .map((name) => badge(text(name), 'good'))
          .join(' '),
      ],
    ]);
    const leaving = one.offboarding_at
      ? `<p class="notice" role="status">${escaped(text('leaving'))} <a href="/app/tenants/${id}/removal">${escaped(text('progress'))}</a></p>\n`
      : '';
    const address = link && `${request.protocol}://${request.get('host')}${link}`;
    const secret = address
      ? `<div class="secret" role="status"><p>${escaped(text('invited'))}</p><code>${escaped(address)}</code></div>\n`
      : '';
    const saved = request.query.saved === '1' ? `<p class="notice" role="status">${escaped(text('saved'))}</p>\n` : '';
    const changeable = one.kind === 'customer' && !one.offboarding_at;
    const visit = changeable ? await visitPanel(context, id, 'reason' in state.values ? state : EMPTY) : '';
    return {
      place: 'tenants',
      title: one.name,
      sheets: [FIGURES_SHEET],
      main: `${saved}${leaving}${secret}${known}${visit}${changeable ? forms(context, one, state) : ''}`,
    };
  };

  site.page('tenants/:id', (context) => show(context));
  site.action(
    'tenants/:id',
    async ({ perform, request }, values) => {
      const { id } = request.params as { id: string };
      await perform('updateTenant', { params: { id }, body: changeOf(values) });
      return `/app/tenants/${id}?saved=1`;
    },
    show,
  );
  site.action(
    'tenants/:id/invite',
    async (context, { email, member_name }) => {
      const { params } = context.request;
      const body = { email, role: 'admin', ...(member_name && { name: member_name }) };
      const made = await context.perform<{ login_url: string | null }>('createMemberOfTenant', { params, body });
      return show(context, EMPTY, made.body.login_url ?? undefined);
    },
    show,
  );
  site.action('tenants/:id/visit', (context, values) => startVisit(context, String(context.request.params.id), values), show);
  site.action(
    'tenants/:id/remove',
    async (context, values) => {
      const { perform, request, locale } = context;
      const { id } = request.params as { id: string };
      const { body } = await perform<Tenant>('getTenant', { params: { id } });
      if (values.confirm?.trim() !== body.slug)
        return show(context, { values, faults: new Map([['confirm', WORDS.confirm_wrong[locale]]]) });
      await perform('offboardTenant', { params: { id } });
      return `/app/tenants/${id}/removal`;
    },
    show,
  );
}

function forms({ locale }: ConsoleContext, one: Tenant, state: FormState): string {
  const text = (name: Word) => WORDS[name][locale];
  // Each form shows again what was typed into it, not what was typed into another.
  const settings = 'timezone' in state.values ? state : EMPTY;
  const inviting = 'email' in state.values ? state : EMPTY;
  const removing = 'confirm' in state.values ? state : EMPTY;
  const numbers = LIMITS.map((name) =>
    field({ name, label: text(name), type: 'number', value: one.limits[name]?.toString() ?? '' }, settings),
  );
  const fields = `<div class="pair">${field({ name: 'name', label: say('name', locale), value: one.name, required: true }, settings)}
${field({ name: 'country', label: text('country'), value: one.country ?? '' }, settings)}
${field({ name: 'timezone', label: text('timezone'), value: one.timezone, required: true }, settings)}
${field({ name: 'locale', label: text('language'), value: one.locale, options: LANGUAGES }, settings)}</div>
<fieldset><legend>${escaped(text('features'))}</legend>${FEATURES.map((name) => checkbox(name, text(name), one.features[name] !== false, settings)).join('\n')}</fieldset>
<fieldset><legend>${escaped(text('limits'))}</legend><div class="pair">${numbers.join('\n')}</div></fieldset>
${field({ name: 'raw_retention_days', label: text('retention'), hint: text('retention_hint'), type: 'number', value: one.raw_retention_days?.toString() ?? '' }, settings)}`;
  const person =
    field({ name: 'email', label: text('email'), type: 'email', required: true }, inviting) +
    field({ name: 'member_name', label: say('name', locale) }, inviting);
  const label = text('confirm').replace('{slug}', one.slug);
  return `<section class="panel"><h2>${escaped(text('settings'))}</h2>
${form(`/app/tenants/${one.id}`, fields, say('save', locale), settings.faults)}</section>
<section class="panel"><h2>${escaped(text('invite'))}</h2><p class="about">${escaped(text('invite_hint'))}</p>
${form(`/app/tenants/${one.id}/invite`, person, text('invite'), inviting.faults)}</section>
<section class="panel danger"><h2>${escaped(text('remove'))}</h2><p class="about">${escaped(text('remove_about'))}</p>
${form(`/app/tenants/${one.id}/remove`, field({ name: 'confirm', label, required: true }, removing), text('remove'), removing.faults)}</section>`;
}

// What a form says, as the call takes it: an empty limit is none, a box that is not ticked is off.
function changeOf(values: Record<string, string>): object {
  const { name, country, timezone, locale, raw_retention_days: days } = values;
  const limits = LIMITS.flatMap((one) => (values[one] ? [[one, Number(values[one])]] : []));
  return {
    name,
    timezone,
    locale,
    country: country ? country.toUpperCase() : null,
    features: Object.fromEntries(FEATURES.map((one) => [one, one in values])),
    limits: Object.fromEntries(limits),
    raw_retention_days: days ? Number(days) : null,
  };
}
