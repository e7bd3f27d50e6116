import { escaped } from '../../lib/html.ts';
import type { Rule } from '../../sql/alerts/rules.ts';
import { SIGNALS } from '../../sql/alerts/signals.ts';
import type { Locale } from '../pages/html.ts';
import { dataIn } from '../pages/html.ts';
import { listed, ticks, wordsIn } from './admin-parts.ts';
import { type FormState, field } from './forms.ts';
import { say } from './words.ts';

const WORDS = {
  metric: { en: 'What to watch', 'pt-BR': 'O que observar' },
  filter: { en: 'Only where', 'pt-BR': 'Só onde' },
  filter_hint: {
    en: 'One condition a line, such as marketplace = shopee. Leave it empty for everything.',
    'pt-BR': 'Uma condição por linha, como marketplace = shopee. Deixe vazio para tudo.',
  },
  condition: { en: 'Alert when it is', 'pt-BR': 'Alertar quando estiver' },
  above: { en: 'above', 'pt-BR': 'acima de' },
  below: { en: 'below', 'pt-BR': 'abaixo de' },
  threshold: { en: 'This value', 'pt-BR': 'Este valor' },
  threshold_hint: { en: 'A share is between 0 and 1: 0.2 is 20 %.', 'pt-BR': 'Uma proporção vai de 0 a 1: 0.2 é 20 %.' },
  window_seconds: { en: 'Over the last', 'pt-BR': 'No período de' },
  for_seconds: { en: 'Once it has been so for', 'pt-BR': 'Depois de estar assim por' },
  cool_down_seconds: { en: 'Repeat at most every', 'pt-BR': 'Repetir no máximo a cada' },
  no_data: { en: 'Without data', 'pt-BR': 'Sem dados' },
  ok: { en: 'all is well', 'pt-BR': 'está tudo bem' },
  alert: { en: 'alert as well', 'pt-BR': 'alertar também' },
  notify: { en: 'Tell', 'pt-BR': 'Avisar' },
  no_endpoints: {
    en: 'There is nobody to tell yet: add an endpoint on the page of alerts.',
    'pt-BR': 'Ainda não há a quem avisar: adicione um destino na página de alertas.',
  },
  now: { en: 'at once', 'pt-BR': 'imediatamente' },
  minutes: { en: '{n} minutes', 'pt-BR': '{n} minutos' },
  hour: { en: 'hour', 'pt-BR': '1 hora' },
  hours: { en: '{n} hours', 'pt-BR': '{n} horas' },
  day: { en: 'day', 'pt-BR': '1 dia' },
  days: { en: '{n} days', 'pt-BR': '{n} dias' },
  preview: { en: 'The last 30 days', 'pt-BR': 'Os últimos 30 dias' },
  crossed_hour: {
    en: 'The value of an hour crossed the threshold in {n} of {of} hours.',
    'pt-BR': 'O valor de uma hora cruzou o limite em {n} de {of} horas.',
  },
  crossed_day: {
    en: 'The value of a day crossed the threshold on {n} of {of} days.',
    'pt-BR': 'O valor de um dia cruzou o limite em {n} de {of} dias.',
  },
  nothing: { en: 'There are no figures for this in the last 30 days.', 'pt-BR': 'Não há números disto nos últimos 30 dias.' },
  cannot: {
    en: 'This cannot be shown: choose another measure, or correct the conditions.',
    'pt-BR': 'Isto não pode ser mostrado: escolha outra medida ou corrija as condições.',
  },
  limit: { en: 'Threshold', 'pt-BR': 'Limite' },
  chart: { en: 'Line of the last 30 days with the threshold', 'pt-BR': 'Linha dos últimos 30 dias com o limite' },
} as const;

type Endpoint = { id: string; label: string };

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
const WINDOWS = [300, 900, 1800, HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 30 * DAY];
const HOLDS = [0, 300, 900, HOUR, 6 * HOUR, DAY];
const PAUSES = [300, 900, HOUR, 6 * HOUR, DAY, 7 * DAY];

/** A length of time in words. */
export function span(seconds: number, locale: Locale): string {
  const text = wordsIn(WORDS, locale);
  const said = (name: keyof typeof WORDS, n: number) => text(name).replace('{n}', String(n));
  if (seconds === 0) return text('now');
  if (seconds === HOUR || seconds === DAY) return text(seconds === HOUR ? 'hour' : 'day');
  if (seconds % DAY === 0) return said('days', seconds / DAY);
  return seconds % HOUR === 0 ? said('hours', seconds / HOUR) : said('minutes', Math.round(seconds / MINUTE));
}

/** The fields of a rule, and what its threshold would have found over the last 30 days. */
export function ruleFields(locale: Locale, endpoints: readonly Endpoint[], rule: Partial<Rule>, state: FormState): string {
  const text = wordsIn(WORDS, locale);
  const spans = (offered: readonly number[], own: number) =>
    [...new Set([...offered, own])].toSorted((a, b) => a - b).map((one) => [String(one), span(one, locale)] as const);
  const lengths = (name: 'window_seconds' | 'for_seconds' | 'cool_down_seconds', offered: number[], usual: number) => {
    const own = rule[name] ?? usual;
    return field({ name, label: text(name), value: String(own), options: spans(offered, own) }, state);
  };
  const choices = (...names: ('above' | 'below' | 'ok' | 'alert')[]) => names.map((name) => [name, text(name)] as const);
  const metrics = SIGNALS.map(({ name, unit }) => [name, `${name} (${unit})`] as const);
  const told = endpoints.map(({ id, label }) => [id, label] as const);
  const texts = Object.fromEntries(
    (['crossed_hour', 'crossed_day', 'nothing', 'cannot', 'limit', 'chart'] as const).map((name) => [name, text(name)]),
  );
  return [
    field({ name: 'name', label: say('name', locale), value: rule.name ?? '', required: true }, state),
    field({ name: 'metric', label: text('metric'), value: rule.metric ?? 'events.error_rate', options: metrics }, state),
    field(
      {
        name: 'filter',
        label: text('filter'),
        type: 'textarea',
        hint: text('filter_hint'),
        value: filterText(rule.filter ?? {}),
      },
      state,
    ),
    lengths('window_seconds', WINDOWS, HOUR),
    field(
      { name: 'condition', label: text('condition'), value: rule.condition ?? 'above', options: choices('above', 'below') },
      state,
    ),
    field(
      {
        name: 'threshold',
        label: text('threshold'),
        hint: text('threshold_hint'),
        value: String(rule.threshold ?? ''),
        required: true,
      },
      state,
    ),
    `<div class="field" id="preview-box" hidden><strong>${escaped(text('preview'))}</strong><div class="preview" id="preview"></div><p id="preview-said" role="status"></p></div>`,
    dataIn('alert', texts),
    lengths('for_seconds', HOLDS, 0),
    field({ name: 'no_data', label: text('no_data'), value: rule.no_data ?? 'ok', options: choices('ok', 'alert') }, state),
    endpoints.length > 0
      ? ticks({ name: 'notify', label: text('notify'), options: told, chosen: rule.notify ?? [] }, state)
      : `<p class="hint">${escaped(text('no_endpoints'))}</p>`,
    lengths('cool_down_seconds', PAUSES, HOUR),
  ].join('\n');
}

/** What the fields say, as the calls take it. What is no number stays a text, so that the call names the fault. */
export function ruleOf(values: Record<string, string>): Record<string, unknown> {
  const number = (name: string) => {
    const written = (values[name] ?? '').trim().replace(/^(-?\d+),(\d+)$/, '$1.$2');
    return written === '' || Number.isNaN(Number(written)) ? written : Number(written);
  };
  return {
    name: values.name,
    metric: values.metric,
    filter: filterOf(values.filter ?? ''),
    condition: values.condition,
    threshold: number('threshold'),
    window_seconds: number('window_seconds'),
    for_seconds: number('for_seconds'),
    cool_down_seconds: number('cool_down_seconds'),
    no_data: values.no_data,
    notify: listed(values.notify),
  };
}

const filterText = (filter: Rule['filter']) =>
  Object.entries(filter)
    .map(([name, value]) => `${name} = ${value ?? ''}`.trim())
    .join('\n');

// `name =` is where the name is not set.
function filterOf(text: string): Record<string, string | null> {
  const lines = text.split('\n').map((line) => line.trim());
  return Object.fromEntries(
    lines.filter(Boolean).map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name.trim(), value.join('=').trim() || null];
    }),
  );
}
