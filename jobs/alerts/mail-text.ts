import { DateTime, Duration } from 'luxon';
import { escaped } from '../../lib/html.ts';
import type { Message } from '../../sql/alerts/deliveries.ts';

/** The recipient's tenant: name, language and time zone. */
export type MailReader = { tenant: string; locale: string; timezone: string };

export type Mail = { subject: string; text: string; html: string };

const WORDS = {
  en: {
    'alert.firing': 'Firing',
    'alert.recovered': 'Recovered',
    'alert.test': 'Test',
    above: 'above',
    below: 'below',
    metric: 'Metric',
    value: 'Value',
    none: 'no data',
    rule: 'Rule',
    condition: '{condition} {threshold}, over the last {window}',
    held: '{condition} {threshold}, over the last {window}, for {for}',
    filter: 'Filter',
    unset: 'not set',
    since: 'Since',
    tenant: 'Tenant',
    test: 'This is a test message. No alert has fired.',
  },
  'pt-BR': {
    'alert.firing': 'Disparado',
    'alert.recovered': 'Normalizado',
    'alert.test': 'Teste',
    above: 'acima de',
    below: 'abaixo de',
    metric: 'Métrica',
    value: 'Valor',
    none: 'sem dados',
    rule: 'Regra',
    condition: '{condition} {threshold}, nos últimos {window}',
    held: '{condition} {threshold}, nos últimos {window}, durante {for}',
    filter: 'Filtro',
    unset: 'não definido',
    since: 'Desde',
    tenant: 'Cliente',
    test: 'Esta é uma mensagem de teste. Nenhum alerta foi disparado.',
  },
} as const;

/** The e-mail of an alert, in the recipient's language and time zone. */
export function mailOf({ type, data }: Message, { tenant, locale, timezone }: MailReader): Mail {
  const language = locale === 'pt-BR' ? 'pt-BR' : 'en';
  const words = WORDS[language];
  const { rule, value, since } = data;
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 6 });
  const span = (seconds: number) => Duration.fromObject({ seconds }, { locale: language }).rescale().toHuman();
  const condition = filled(rule.for_seconds > 0 ? words.held : words.condition, {
    condition: words[rule.condition],
    threshold: number.format(rule.threshold),
    window: span(rule.window_seconds),
    for: span(rule.for_seconds),
  });
  const filter = Object.entries(rule.filter).map(([dim, only]) => `${dim} = ${only ?? words.unset}`);
  const at = DateTime.fromISO(since, { zone: timezone }).setLocale(language);
  const when = `${at.toLocaleString({ ...DateTime.DATETIME_MED, hourCycle: 'h23' })} (${timezone})`;
  const lines: [string, string][] = [
    [words.rule, rule.name],
    [words.metric, rule.metric],
    ['', condition],
    ...filter.map((text): [string, string] => [words.filter, text]),
    ...(type === 'alert.test'
      ? []
      : ([[words.value, value === null ? words.none : number.format(value)]] as [string, string][])),
    [words.since, when],
    [words.tenant, tenant],
  ];
  const told = type === 'alert.test' ? [words.test] : [];
  return {
    subject: `[Mirante] ${words[type]}: ${rule.name}`,
    text: `${[...told, ...lines.map(([name, text]) => (name ? `${name}: ${text}` : text))].join('\n')}\n`,
    html: htmlOf(words[type], told, lines, language),
  };
}

const filled = (text: string, values: Record<string, string>) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');

function htmlOf(title: string, told: string[], lines: [string, string][], language: string): string {
  const rows = lines.map(([name, text]) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(text)}</td></tr>`);
  const paragraphs = told.map((text) => `<p>${escaped(text)}</p>`);
  const body = `<h1>${escaped(title)}</h1>${paragraphs.join('')}<table cellpadding="4">${rows.join('')}</table>`;
  return `<!doctype html><html lang="${language}"><meta charset="utf-8"><body>${body}</body></html>`;
}
