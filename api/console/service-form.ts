import { CHANNELS, FORM_LOCALES, type Service } from '../../sql/performance/services.ts';
import { listed, ticks, wordsIn } from './admin-parts.ts';
import type { ConsoleContext } from './context.ts';
import { checkbox } from './figures.ts';
import { type FormState, field } from './forms.ts';
import { say } from './words.ts';

const WORDS = {
  slug: { en: 'Name in addresses', 'pt-BR': 'Nome nos endereços' },
  slug_hint: { en: 'Such as make-an-lpa. It cannot be changed.', 'pt-BR': 'Como tirar-passaporte. Não pode ser mudado.' },
  locales: { en: 'Languages of the feedback form', 'pt-BR': 'Idiomas do formulário de avaliação' },
  timezone: { en: 'Time zone of its months', 'pt-BR': 'Fuso horário dos meses' },
  timezone_hint: {
    en: 'Such as Europe/London. Empty: that of your organisation.',
    'pt-BR': 'Como America/Sao_Paulo. Vazio: o da sua organização.',
  },
  started: { en: 'Event type that starts a journey', 'pt-BR': 'Tipo de evento que inicia uma jornada' },
  completed: { en: 'Event type that completes it', 'pt-BR': 'Tipo de evento que a conclui' },
  id: { en: 'Where events name the journey', 'pt-BR': 'Onde os eventos nomeiam a jornada' },
  id_hint: {
    en: 'A JSON Pointer such as /data/journey. Leave all three empty if the service has no journeys.',
    'pt-BR': 'Um JSON Pointer como /data/journey. Deixe os três vazios se o serviço não tem jornadas.',
  },
  draft_limit_days: { en: 'Days after which a draft has failed', 'pt-BR': 'Dias depois dos quais um rascunho fracassou' },
  channels: { en: 'Channels', 'pt-BR': 'Canais' },
  online: { en: 'Online', 'pt-BR': 'Online' },
  paper: { en: 'Paper', 'pt-BR': 'Papel' },
  phone: { en: 'Phone', 'pt-BR': 'Telefone' },
  other: { en: 'Other', 'pt-BR': 'Outro' },
  assisted_digital: { en: 'Take-up counts people who were assisted', 'pt-BR': 'A adesão conta pessoas que tiveram ajuda' },
  currency: { en: 'Currency (ISO 4217)', 'pt-BR': 'Moeda (ISO 4217)' },
  costs: { en: 'Costs in a month', 'pt-BR': 'Custos em um mês' },
  costs_hint: { en: 'For months that give none of their own.', 'pt-BR': 'Para meses sem custos próprios.' },
  comment_retention_days: { en: 'Days for which comments are kept', 'pt-BR': 'Dias em que comentários são guardados' },
} as const;

const LANGUAGES = { en: 'English', cy: 'Cymraeg', 'pt-BR': 'Português' };

/** The names of the channels in the language of the reader. */
export const channelName = (channel: (typeof CHANNELS)[number], locale: ConsoleContext['locale']) => WORDS[channel][locale];

/** The fields of a service; `service` is absent for a new one. */
export function serviceFields({ locale, tenant }: ConsoleContext, state: FormState, service?: Service): string {
  const text = wordsIn(WORDS, locale);
  const { journey, costs } = service ?? {};
  const channels = CHANNELS.map((one) => [one, text(one)] as const);
  const languages = FORM_LOCALES.map((one) => [one, LANGUAGES[one]] as const);
  const own = FORM_LOCALES.find((one) => one === tenant.locale) ?? 'en';
  const number = (name: 'draft_limit_days' | 'comment_retention_days', value: number) =>
    field({ name, label: text(name), type: 'number', value: String(value), required: true }, state);
  return [
    service ? '' : field({ name: 'slug', label: text('slug'), hint: text('slug_hint'), required: true }, state),
    field({ name: 'name', label: say('name', locale), value: service?.name ?? '', required: true }, state),
    ticks({ name: 'locales', label: text('locales'), options: languages, chosen: service?.locales ?? [own] }, state),
    field({ name: 'timezone', label: text('timezone'), hint: text('timezone_hint'), value: service?.timezone ?? '' }, state),
    field({ name: 'started', label: text('started'), value: journey?.started ?? '' }, state),
    field({ name: 'completed', label: text('completed'), value: journey?.completed ?? '' }, state),
    field({ name: 'id', label: text('id'), hint: text('id_hint'), value: journey?.id ?? '' }, state),
    number('draft_limit_days', service?.draft_limit_days ?? 90),
    ticks({ name: 'channels', label: text('channels'), options: channels, chosen: service?.channels ?? ['online'] }, state),
    checkbox('assisted_digital', text('assisted_digital'), service?.assisted_digital ?? true, state),
    field({ name: 'currency', label: text('currency'), value: costs?.currency ?? (locale === 'pt-BR' ? 'BRL' : 'GBP') }, state),
    ...CHANNELS.map((one) =>
      field(
        {
          name: one,
          label: `${text('costs')}: ${text(one)}`,
          type: 'number',
          hint: text('costs_hint'),
          value: costs?.[one] === undefined ? '' : String(costs[one]),
        },
        state,
      ),
    ),
    number('comment_retention_days', service?.comment_retention_days ?? 365),
  ].join('\n');
}

/** The body of putService, from what the form sent. */
export function serviceBody(form: Record<string, string>): object {
  const { started, completed, id } = form;
  const costs = CHANNELS.filter((one) => form[one]).map((one) => [one, Number(form[one])]);
  return {
    name: form.name,
    locales: listed(form.locales),
    ...(form.timezone && { timezone: form.timezone }),
    journey: started || completed || id ? { started, completed, id } : null,
    draft_limit_days: Number(form.draft_limit_days),
    channels: listed(form.channels),
    assisted_digital: 'assisted_digital' in form,
    costs: { currency: form.currency, ...Object.fromEntries(costs) },
    comment_retention_days: Number(form.comment_retention_days),
  };
}
