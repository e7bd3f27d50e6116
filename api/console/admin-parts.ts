import { escaped } from '../../lib/html.ts';
import type { Words } from '../dashboards/definition.ts';
import type { Locale } from '../pages/html.ts';
import type { ConsoleContext } from './context.ts';
import { type FormState, form } from './forms.ts';
import { say } from './words.ts';

/** The stylesheet of the pages of administration. */
export const SHEETS = ['console-admin.css'] as const;

const WORDS = {
  cancel: { en: 'Cancel', 'pt-BR': 'Cancelar' },
  copy: { en: 'Copy', 'pt-BR': 'Copiar' },
  copied: { en: 'Copied', 'pt-BR': 'Copiado' },
  shown: {
    en: 'This was already shown and cannot be shown again. Create another one if it is lost.',
    'pt-BR': 'Isto já foi mostrado e não pode ser mostrado de novo. Crie outro se ele se perdeu.',
  },
} satisfies Record<string, Words>;

/** What a page says in each language. */
export type PageWords = Record<string, Words>;

/** The words of a page in the language of the reader. */
export const wordsIn =
  <W extends PageWords>(words: W, locale: Locale) =>
  (name: keyof W): string =>
    words[name]?.[locale] ?? '';

type Confirmed = {
  /** The address that the form is sent to. */
  action: string;
  /** Names the dialog within the page, where several forms are sent to one address. */
  id?: string;
  label: string;
  /** What is acted upon, for screen readers. */
  about: string;
  question: string;
  hidden?: Record<string, string>;
};

/** A button that asks before it sends. The dialog needs no script. */
export function confirmed(
  { action, id: dialog = action, label, about, question, hidden = {} }: Confirmed,
  locale: Locale,
): string {
  const id = `ask-${dialog.replaceAll(/[^\w-]/g, '-')}`;
  const name = escaped(`${label}: ${about}`);
  const fields = Object.entries(hidden).map(
    ([key, value]) => `<input type="hidden" name="${escaped(key)}" value="${escaped(value)}">`,
  );
  const cancel = `<button type="button" class="quiet" popovertarget="${id}" popovertargetaction="hide">${escaped(WORDS.cancel[locale])}</button>`;
  return `<button type="button" class="quiet" popovertarget="${id}" aria-label="${name}">${escaped(label)}</button>
<dialog popover id="${id}" class="ask" aria-label="${name}"><p><strong>${escaped(about)}</strong></p><p>${escaped(question)}</p>
<div class="choices">${form(action, fields.join(''), label)}${cancel}</div></dialog>`;
}

/** Boxes to tick, several of one name. What was ticked arrives as a list with commas: listed() reads it. */
export function ticks({ name, label, options, chosen = [], hint }: Ticks, { values, faults }: FormState): string {
  const isSent = Object.keys(values).length > 0;
  const ticked = isSent ? listed(values[name]) : chosen;
  const fault = faults.get(name);
  const boxes = options.map(
    ([value, text]) =>
      `<label class="tick"><input type="checkbox" name="${name}" value="${escaped(value)}"${ticked.includes(value) ? ' checked' : ''}> <span>${escaped(text)}</span></label>`,
  );
  const notes = `${hint ? `<p class="hint">${escaped(hint)}</p>` : ''}${fault ? `<p class="fault">${escaped(fault)}</p>` : ''}`;
  return `<fieldset class="field"><legend>${escaped(label)}</legend>${boxes.join('\n')}${notes}</fieldset>`;
}

type Ticks = {
  name: string;
  label: string;
  options: readonly (readonly [string, string])[];
  chosen?: readonly string[];
  hint?: string;
};

/** The values of a field that may have several. */
export const listed = (value: string | undefined): string[] => (value ? value.split(',') : []);

/** A secret that is shown once, with a button to copy it. `value` is null where it was shown before. */
export function secret(text: string, value: string | null, locale: Locale): string {
  if (value === null) return `<p class="notice" role="status">${escaped(WORDS.shown[locale])}</p>\n`;
  return `<div class="secret" role="status"><p>${escaped(text)}</p>${copyable('secret-value', value, locale)}</div>\n`;
}

/** A text to copy. The button appears where the page's script can copy. */
export const copyable = (id: string, value: string, locale: Locale): string =>
  `<div class="copyable"><pre tabindex="0"><code id="${id}">${escaped(value)}</code></pre><button type="button" class="quiet" data-copy="${id}" data-done="${escaped(WORDS.copied[locale])}" hidden>${escaped(WORDS.copy[locale])}</button></div>`;

/** A state in a word, with its colour. */
export const badge = (tone: 'good' | 'warning' | 'bad' | 'plain', text: string): string =>
  `<span class="badge ${tone}">${escaped(text)}</span>`;

/** The link to the next page of a list, which keeps what else the address says; empty on the last page. */
export function nextPage({ request, locale }: ConsoleContext, cursor: string | null): string {
  if (cursor === null) return '';
  const url = new URL(request.originalUrl, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  return `<p class="next"><a class="quiet" href="${escaped(url.pathname + url.search)}" rel="next">${escaped(say('more', locale))}</a></p>`;
}

/** The cursor that the address of a page has, as a list call takes it. */
export function cursorOf({ request }: ConsoleContext): { cursor?: string } {
  const { cursor } = request.query;
  return typeof cursor === 'string' ? { cursor } : {};
}

/** A heading with a link or buttons beside it. */
export const headed = (text: string, beside = '') => `<div class="headed"><h2>${escaped(text)}</h2>${beside}</div>`;

/** The start of a day that a form names, in the tenant's zone. What is no day stays as it is, so that the call names the fault. */
export function startOfDay(day: string, timeZone: string, days = 0): string {
  const wall = Date.parse(`${day}T00:00:00Z`) + days * 86_400_000;
  if (Number.isNaN(wall)) return day;
  let at = wall;
  // Twice, because the first guess may be on the other side of a change of the clocks.
  for (let n = 0; n < 2; n++) at = wall - (wallTime(at, timeZone) - at);
  return new Date(at).toISOString();
}

/** The day of a moment in the tenant's zone, as a date field takes it. */
export const dayOf = (at: number, timeZone: string): string => new Date(wallTime(at, timeZone)).toISOString().slice(0, 10);

function wallTime(at: number, timeZone: string): number {
  const written = new Date(at).toLocaleString('sv-SE', { timeZone });
  return Date.parse(`${written.replace(' ', 'T')}Z`);
}
