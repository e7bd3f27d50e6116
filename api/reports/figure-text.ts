import type { FormLocale } from '../../sql/performance/services.ts';
import type { Measure, MissingInput } from '../../sql/reports/reports.ts';
import { PAGE_WORDS } from './page-words.ts';

// British English, because the reports of British services are the ones in English.
const TAGS: Record<FormLocale, string> = { en: 'en-GB', cy: 'cy', 'pt-BR': 'pt-BR' };

/** A text with its `{names}` replaced. */
export const filled = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));

export const dayText = (at: Date, locale: FormLocale): string =>
  at.toLocaleDateString(TAGS[locale], { dateStyle: 'long', timeZone: 'UTC' });

export const numberText = (value: number, locale: FormLocale): string =>
  value.toLocaleString(TAGS[locale], { maximumFractionDigits: 2 });

/** A month, a quarter or a year in words: `October 2026`, `July – September 2026`, `2026`. */
export function periodText(period: string, locale: FormLocale, month: 'long' | 'short' = 'long'): string {
  const [year, part] = period.split('-');
  if (!part) return period;
  const format = new Intl.DateTimeFormat(TAGS[locale], { month, year: 'numeric', timeZone: 'UTC' });
  const at = (number: number) => Date.UTC(Number(year), number - 1, 15);
  const quarter = part.startsWith('Q') ? Number(part[1]) : undefined;
  return quarter ? format.formatRange(at(3 * quarter - 2), at(3 * quarter)) : format.format(at(Number(part)));
}

/** A value in the unit of its measure: a percentage with one digit, or an amount of money. */
export function amountText(value: number, { unit, currency }: Measure['parameters'], locale: FormLocale): string {
  if (unit !== 'percent') return value.toLocaleString(TAGS[locale], { style: 'currency', currency: String(currency ?? 'XXX') });
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return (value / 100).toLocaleString(TAGS[locale], { style: 'percent', ...digits });
}

/** The value of a measure, or words where there is none. */
export const valueText = ({ value, parameters }: Measure, locale: FormLocale): string =>
  value === null ? PAGE_WORDS[locale].none : amountText(value, parameters, locale);

/** What to know of a figure, in sentences. */
export function notesOf({ flags, parameters }: Measure, locale: FormLocale): string[] {
  const { flags: known, assisted } = PAGE_WORDS[locale];
  const helped = parameters.assisted_digital as keyof typeof assisted | undefined;
  return [...flags.map((flag) => known[flag] ?? flag), ...(helped ? [assisted[helped]] : [])];
}

/** What a report lacked, a line for each cause, with its months. */
export function missingLines(missing: MissingInput[], locale: FormLocale): string[] {
  const { inputs, reasons, unknown, channels } = PAGE_WORDS[locale];
  const months = new Map<string, string[]>();
  for (const { input, period, reason } of missing) {
    const channel = reason.replace('-not-known', '') as keyof typeof channels;
    const why = reasons[reason] ?? (channels[channel] ? filled(unknown, { channel: channels[channel] }) : reason);
    const cause = `${inputs[input]} (${why})`;
    months.set(cause, [...(months.get(cause) ?? []), periodText(period, locale, 'short')]);
  }
  return [...months].map(([cause, of]) => `${cause}: ${of.join(', ')}`);
}
