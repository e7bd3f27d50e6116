import type { Interval } from '../../sql/queries/windows.ts';
import type { CardAnswer } from '../cards.ts';
import type { Asked } from '../dashboard-query.ts';
import type { Card, Column, Dashboard, Words } from '../dashboards.ts';
import { escaped, type Locale } from './html.ts';

/** How a reader writes times and numbers. */
export type Reader = { locale: Locale; timezone: string };

const TEXTS = {
  window: { en: 'From {from} to {to}, times in {zone}.', 'pt-BR': 'De {from} até {to}, horários de {zone}.' },
  watermark: { en: 'Data up to {at}.', 'pt-BR': 'Dados até {at}.' },
  empty: { en: 'Nothing happened in this time.', 'pt-BR': 'Nada aconteceu neste período.' },
  absent: { en: 'not known', 'pt-BR': 'não informado' },
} satisfies Record<string, Words>;

/** The body of a dashboard's page: what it is, its window, and one table for each card, in the same order as `answers`. */
export function dashboardBody(dashboard: Dashboard, answers: readonly CardAnswer[], asked: Asked, reader: Reader): string {
  const { locale, timezone } = reader;
  const instant = (at: Date) => time(at, 'hour', reader);
  const watermark = new Date(Math.min(...answers.map((answer) => answer.watermark.getTime())));
  const window = TEXTS.window[locale]
    .replace('{from}', instant(new Date(asked.from)))
    .replace('{to}', instant(new Date(asked.to)))
    .replace('{zone}', timezone);
  const cards = dashboard.cards.map((card, index) => section(card, answers[index] as CardAnswer, asked.interval, reader));
  return `<header>
<h1>${escaped(dashboard.title[locale])}</h1>
<p>${escaped(dashboard.description[locale])}</p>
<p>${escaped(window)} ${escaped(TEXTS.watermark[locale].replace('{at}', instant(watermark)))}</p>
</header>
<main>
${cards.join('\n')}
</main>`;
}

function section(card: Card, { rows }: CardAnswer, interval: Interval, reader: Reader): string {
  const { locale } = reader;
  const heading = `<h2 id="${card.name}">${escaped(card.title[locale])}</h2>`;
  if (rows.length === 0) return `<section>\n${heading}\n<p>${TEXTS.empty[locale]}</p>\n</section>`;
  const head = card.columns.map((column) => cell('th scope="col"', column, column.title[locale])).join('');
  const body = rows.map(
    (row) =>
      `<tr>${card.columns.map((column) => cell('td', column, shown(row[column.name], column, interval, reader))).join('')}</tr>`,
  );
  // Where the table is wider than the screen it is scrolled, with the keyboard too.
  return `<section tabindex="0" aria-labelledby="${card.name}">
${heading}
<table aria-labelledby="${card.name}">
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table>
</section>`;
}

function cell(tag: string, { format }: Column, text: string): string {
  const isNumber = format !== 'text' && format !== 'time';
  return `<${tag}${isNumber ? ' class="number"' : ''}>${escaped(text)}</${tag.split(' ')[0]}>`;
}

function shown(value: unknown, { format }: Column, interval: Interval, reader: Reader): string {
  if (value === null || value === undefined) return format === 'text' ? TEXTS.absent[reader.locale] : '–';
  if (value instanceof Date) return time(value, interval, reader);
  if (format === 'share') return number(value, reader, { style: 'percent', maximumFractionDigits: 2 });
  if (format === 'milliseconds') return number(value, reader, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 });
  if (format === 'count') return number(value, reader, {});
  return String(value);
}

const number = (value: unknown, { locale }: Reader, options: Intl.NumberFormatOptions) =>
  new Intl.NumberFormat(locale, options).format(Number(value));

const TIMES: Record<Interval, Intl.DateTimeFormatOptions> = {
  hour: { dateStyle: 'medium', timeStyle: 'short' },
  day: { dateStyle: 'medium' },
  week: { dateStyle: 'medium' },
  month: { month: 'long', year: 'numeric' },
  total: { dateStyle: 'medium', timeStyle: 'short' },
};

const time = (at: Date, interval: Interval, { locale, timezone }: Reader) =>
  new Intl.DateTimeFormat(locale, { ...TIMES[interval], timeZone: timezone }).format(at);
