import { randomBytes } from 'node:crypto';
import { escaped } from '../../lib/html.ts';

/** What the browser sent, and what is wrong with it: by field, `''` for what concerns none. */
export type FormState = { values: Record<string, string>; faults: ReadonlyMap<string, string> };

export const EMPTY: FormState = { values: {}, faults: new Map() };

type Field = {
  name: string;
  label: string;
  type?: 'text' | 'email' | 'number' | 'url' | 'date' | 'datetime-local' | 'textarea';
  hint?: string;
  value?: string;
  required?: boolean;
  /** Choices: value and label. */
  options?: readonly (readonly [string, string])[];
};

/** A labelled field. It keeps what was typed and says what is wrong with it. */
export function field(
  { name, label, type = 'text', hint, value = '', required = false, options }: Field,
  { values, faults }: FormState,
): string {
  const id = `field-${name}`;
  const fault = faults.get(name);
  const notes = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ');
  const given = values[name] ?? value;
  const common = `id="${id}" name="${name}"${required ? ' required' : ''}${notes ? ` aria-describedby="${notes}"` : ''}${fault ? ' aria-invalid="true"' : ''}`;
  const control = options
    ? `<select ${common}>${options.map(([one, text]) => `<option value="${escaped(one)}"${one === given ? ' selected' : ''}>${escaped(text)}</option>`).join('')}</select>`
    : type === 'textarea'
      ? `<textarea ${common} rows="10" spellcheck="false">${escaped(given)}</textarea>`
      : `<input type="${type}" ${common} value="${escaped(given)}">`;
  return `<div class="field"><label for="${id}">${escaped(label)}</label>${control}${hint ? `<p class="hint" id="${id}-hint">${escaped(hint)}</p>` : ''}${fault ? `<p class="fault" id="${id}-fault">${escaped(fault)}</p>` : ''}</div>`;
}

/** A form of this site. It acts once, however often it is sent. */
export function form(action: string, fields: string, submit: string, faults: ReadonlyMap<string, string> = new Map()): string {
  const whole = faults.get('');
  return `<form method="post" action="${escaped(action)}">
<input type="hidden" name="_once" value="${randomBytes(15).toString('base64url')}">
${whole ? `<p class="notice" role="alert">${escaped(whole)}</p>\n` : ''}${fields}
<button type="submit" class="button">${escaped(submit)}</button>
</form>`;
}

/** A button that sends one thing, such as the removal of a row. */
export const button = (action: string, label: string, about: string, hidden: Record<string, string> = {}): string =>
  `<form method="post" action="${escaped(action)}" class="inline"><input type="hidden" name="_once" value="${randomBytes(15).toString('base64url')}">${Object.entries(
    hidden,
  )
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join(
      '',
    )}<button type="submit" class="quiet" aria-label="${escaped(`${label}: ${about}`)}">${escaped(label)}</button></form>`;

/** A table with a caption for screen readers; cells are HTML. `empty` is shown where there are no rows. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return `<p class="empty">${escaped(empty)}</p>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption class="unseen">${escaped(caption)}</caption><thead><tr>${head.map((one) => `<th scope="col">${escaped(one)}</th>`).join('')}</tr></thead><tbody>
${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}
</tbody></table></div>`;
}

/** A time, written in the reader's language and the tenant's zone. */
export function time(at: Date | string | null, locale: string, timeZone: string, absent = '–'): string {
  if (at === null) return escaped(absent);
  const date = new Date(at);
  const written = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(date);
  return `<time datetime="${date.toISOString()}">${escaped(written)}</time>`;
}
