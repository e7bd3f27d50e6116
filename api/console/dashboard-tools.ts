import { escaped } from '../../lib/html.ts';
import type { Bookmark } from '../../sql/dashboards/bookmarks.ts';
import type { ConsoleTools } from '../pages/dashboard.ts';
import { dataIn, type Locale } from '../pages/html.ts';
import { DASHBOARD_WORDS, type DashboardWord } from './dashboard-words.ts';
import { button, type FormState, field, form } from './forms.ts';

const EXPIRIES = [1, 7, 30, 90];

/** A star that is set or not, as a button. */
export function star(slug: string, title: string, isSet: boolean, locale: Locale, back: 'list' | 'dashboard'): string {
  const { unstar, star: set } = DASHBOARD_WORDS;
  const label = (isSet ? unstar : set)[locale];
  return button(`/app/dashboards/${slug}/star`, isSet ? '★' : '☆', title, { set: isSet ? '' : '1', back })
    .replace(/aria-label="[^"]*"/, `aria-label="${escaped(`${label}: ${title}`)}" title="${escaped(label)}"`)
    .replace('class="quiet"', `class="star${isSet ? ' set' : ''}"`);
}

/** The address of a saved view. */
export const viewAddress = ({ dashboard, query }: Pick<Bookmark, 'dashboard' | 'query'>): string =>
  `/app/dashboards/${dashboard}${query && `?${query}`}`;

/** The line of tools above a dashboard, and the dialogs that they open. */
export function toolsOf(
  { slug, title }: { slug: string; title: string },
  bookmarks: readonly Bookmark[],
  { notes, share }: ConsoleTools,
  locale: Locale,
  state: FormState,
): { bar: string; dialogs: string } {
  const text = (name: DashboardWord) => escaped(DASHBOARD_WORDS[name][locale]);
  const opener = (name: string, label: DashboardWord) =>
    `<button type="button" class="quiet" data-opens="${name}" disabled>${text(label)}</button>`;
  const bar = `<div class="deeds">
${star(
  slug,
  title,
  bookmarks.some(({ name }) => name === ''),
  locale,
  'dashboard',
)}
${opener('views', 'views')}${opener('notes', 'notes')}${share ? opener('share', 'share') : ''}<button type="button" class="quiet" id="print" disabled>${text('print')}</button>
</div>`;
  const dialog = (name: string, heading: DashboardWord, inner: string, open = false) =>
    `<dialog id="${name}" class="sheet" aria-labelledby="${name}-title"${open ? ' data-open' : ''}>
<h2 id="${name}-title">${text(heading)}</h2>
${inner}
<form method="dialog" class="ends"><button class="quiet">${text('close')}</button></form>
</dialog>`;
  const views = bookmarks
    .filter(({ name }) => name !== '')
    .map(
      (one) =>
        `<li><a href="${escaped(viewAddress(one))}">${escaped(one.name)}</a>${button(`/app/dashboards/${slug}/views/remove`, DASHBOARD_WORDS.remove[locale], one.name, { name: one.name, query: '' })}</li>`,
    );
  const naming = `${field({ name: 'name', label: DASHBOARD_WORDS.view_name[locale], hint: DASHBOARD_WORDS.view_hint[locale], required: true }, state)}<input type="hidden" name="query" value="${escaped(state.values.query ?? '')}">`;
  const dialogs = [
    dialog(
      'views',
      'views',
      `${views.length > 0 ? `<ul class="lines">${views.join('')}</ul>` : `<p class="hint">${text('none')}</p>`}
${form(`/app/dashboards/${slug}/views`, naming, DASHBOARD_WORDS.save_view[locale], state.faults)}`,
      state.faults.size > 0,
    ),
    dialog(
      'notes',
      'notes',
      `${notes ? noteForm(text) : ''}<h3>${text('notes_shown')}</h3>
<ul class="lines" id="note-list"></ul>`,
    ),
    share ? dialog('share', 'share', shareForm(text)) : '',
    `<dialog id="sure" class="sheet" aria-labelledby="sure-text"><p id="sure-text"></p>
<form method="dialog" class="ends"><button class="quiet" value="no">${text('cancel')}</button><button class="button" value="yes" id="sure-yes"></button></form></dialog>`,
    dataIn('extras', Object.fromEntries(Object.entries(DASHBOARD_WORDS).map(([name, words]) => [name, words[locale]]))),
  ];
  return { bar, dialogs: dialogs.join('\n') };
}

type Text = (name: DashboardWord) => string;

const noteForm = (text: Text) => `<form id="note-form" novalidate>
<p class="notice" role="alert" hidden></p>
<div class="field"><label for="note-time">${text('note_time')}</label><input type="datetime-local" id="note-time" name="time" required></div>
<div class="field"><label for="note-text">${text('note_text')}</label><input type="text" id="note-text" name="text" maxlength="500" autocomplete="off" required></div>
<label class="check"><input type="checkbox" name="here"> ${text('note_here')}</label>
<button type="submit" class="button">${text('note_add')}</button>
</form>
`;

const shareForm = (text: Text) => `<p class="hint">${text('share_hint')}</p>
<form id="share-form" novalidate>
<p class="notice" role="alert" hidden></p>
<div class="field"><label for="share-expiry">${text('expiry')}</label><select id="share-expiry" name="expiry">${EXPIRIES.map(
  (days) =>
    `<option value="${days}"${days === 30 ? ' selected' : ''}>${days === 1 ? text('day') : text('days').replace('{n}', String(days))}</option>`,
).join('')}<option value="">${text('never')}</option></select></div>
<fieldset class="fix"><legend>${text('fix')}</legend><div id="share-fix"></div></fieldset>
<button type="submit" class="button">${text('create')}</button>
</form>
<div class="secret" id="share-made" role="status" hidden><p>${text('made')}</p><code></code><button type="button" class="quiet">${text('copy')}</button></div>
<h3>${text('links')}</h3>
<ul class="lines" id="share-list"></ul>`;
