import { escaped } from '../../lib/html.ts';
import { INTERVALS } from '../../sql/metrics/windows.ts';
import { isChoice, type Parameter } from '../dashboards/definition.ts';
import type { FixedParameters } from '../dashboards/query.ts';
import type { Locale } from './html.ts';
import { ICONS } from './icons.ts';
import { type TextName, textOf } from './texts.ts';

const RANGES = ['24h', '7d', '30d', '90d', 'custom'] as const;
const ALL_RANGES = ['today', 'yesterday', '24h', '7d', '30d', '90d', 'this-month', 'last-month', 'custom'] as const;

/** The pickers of a page; the console has more of them. Parameters that the link has fixed are shown as text. */
export function controls(
  parameters: readonly Parameter[],
  locked: FixedParameters,
  locale: Locale,
  timezone: string,
  isConsole = false,
): string {
  const isFree = ({ name }: Parameter) => !Object.hasOwn(locked, name);
  const window = parameters.filter(({ name }) => name === 'from' || name === 'to');
  const offered = [
    window.length === 2 && window.every(isFree) ? ranges(locale, isConsole) : '',
    ...parameters
      .filter((parameter) => isFree(parameter) && !window.includes(parameter))
      .map((one) => (isChoice(one) ? choice(one, locale) : select(one, locale))),
    isConsole && window.length === 2 ? comparison(locale) : '',
  ];
  const fixed = parameters.filter((parameter) => !isFree(parameter));
  const terms = fixed.map(({ name, title }) => {
    const value = [locked[name] as string | string[]]
      .flat()
      .map((one) => shown(name, one, locale, timezone))
      .join(', ');
    return `<div><dt>${escaped(title[locale])}</dt><dd>${escaped(value)}</dd></div>`;
  });
  const hint = escaped(textOf('fixed', locale));
  const list = fixed.length > 0 ? `<dl class="fixed" title="${hint}">${ICONS.lock}${terms.join('')}</dl>` : '';
  return `<div class="controls" id="controls">${offered.join('\n')}${list}</div>`;
}

function ranges(locale: Locale, isConsole: boolean): string {
  const text = (name: TextName) => escaped(textOf(name, locale));
  const options = (isConsole ? ALL_RANGES : RANGES).map(
    (range) =>
      `<label><input type="radio" name="range" value="${range}" disabled><span>${text(`range_${range}`)}</span></label>`,
  );
  return `<fieldset class="ranges"><legend class="unseen">${text('range')}</legend>${options.join('')}</fieldset>
<form class="custom" id="custom" hidden>
${
  isConsole
    ? `<label><span>${text('custom_start')}</span><input type="datetime-local" name="first" required></label>
<label><span>${text('custom_end')}</span><input type="datetime-local" name="last" required></label>`
    : `<label><span>${text('custom_from')}</span><input type="date" name="first" required></label>
<label><span>${text('custom_to')}</span><input type="date" name="last" required></label>`
}
<button type="submit" class="button">${text('custom_apply')}</button>
<p class="wrong" role="alert" hidden>${text('custom_wrong')}</p>
</form>`;
}

function comparison(locale: Locale): string {
  const text = (name: TextName) => escaped(textOf(name, locale));
  return `<label class="select"><span>${text('compare')}</span><select name="compare" disabled><option value="">${text('compare_before')}</option><option value="none">${text('compare_none')}</option></select></label>`;
}

function select({ name, title }: Parameter, locale: Locale): string {
  const option = (value: string, text: TextName) => `<option value="${value}">${escaped(textOf(text, locale))}</option>`;
  const options = [option('', 'interval_auto'), ...INTERVALS.map((interval) => option(interval, `interval_${interval}`))];
  return `<label class="select"><span>${escaped(title[locale])}</span><select name="${name}" disabled>${options.join('')}</select></label>`;
}

// The page's module fills in the values that there are.
function choice({ name, title }: Parameter, locale: Locale): string {
  const text = (word: TextName) => escaped(textOf(word, locale));
  const about = escaped(title[locale]);
  return `<details class="choice" data-name="${name}"><summary><span>${about}</span><output>${text('all')}</output></summary>
<fieldset><legend class="unseen">${about}</legend><input type="search" placeholder="${text('search')}" aria-label="${text('search')}" hidden>
<div class="options"></div><button type="button" class="button" disabled>${text('clear')}</button></fieldset></details>`;
}

function shown(name: string, value: string, locale: Locale, timeZone: string): string {
  if (name === 'interval') return textOf(`interval_${value}` as TextName, locale);
  if (name !== 'from' && name !== 'to') return value;
  const written = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  return written.format(new Date(value));
}
