import { escaped } from '../../lib/html.ts';
import type { Locale } from '../pages/html.ts';
import type { FormState } from './forms.ts';

/** The stylesheet of what is in this file. */
export const FIGURES_SHEET = 'console-figures.css';

const STEPS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** A number, written in the reader's language; a dash where there is none. */
export const count = (value: number | null | undefined, locale: Locale, digits = 0): string =>
  value == null ? '–' : new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);

/** A size, in the unit that suits it. */
export function size(bytes: number | null | undefined, locale: Locale): string {
  if (bytes == null) return '–';
  const step = Math.min(STEPS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${count(bytes / 1000 ** step, locale, step === 0 ? 0 : 1)} ${STEPS[step]}`;
}

/** A share as a percentage. */
export const share = (value: number | null | undefined, locale: Locale, digits = 1): string =>
  value == null ? '–' : new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: digits }).format(value);

/** Seconds, as seconds, minutes or hours. */
export function span(seconds: number | null | undefined, locale: Locale): string {
  if (seconds == null) return '–';
  if (seconds < 120) return `${count(seconds, locale, seconds < 10 ? 1 : 0)} s`;
  return seconds < 7200 ? `${count(seconds / 60, locale, 1)} min` : `${count(seconds / 3600, locale, 1)} h`;
}

export type Tone = 'good' | 'warning' | 'bad' | 'plain';

/** A word for a state, in its colour. */
export const badge = (text: string, tone: Tone): string => `<span class="badge ${tone}">${escaped(text)}</span>`;

/** Names with their values; values are HTML. */
export const facts = (pairs: readonly (readonly [string, string])[]): string =>
  `<dl class="facts">${pairs.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${value}</dd></div>`).join('')}</dl>`;

/** A box to tick. Where a form is shown again, it is as it was sent. */
export function checkbox(name: string, label: string, on: boolean, { values }: FormState): string {
  const checked = Object.keys(values).length > 0 ? name in values : on;
  return `<div class="tick"><input type="checkbox" id="field-${name}" name="${name}" value="on"${checked ? ' checked' : ''}><label for="field-${name}">${escaped(label)}</label></div>`;
}
