// @ts-check
/** @import { Definition, Mark, Reader } from './types.d.ts' */
import { createSharing } from './dashboard-share.js';
import { refusalText } from './refusal.js';
import { instantOfMinute, minuteOf } from './times.js';

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @typedef {Mark & { id: string, dashboard: string | null }} Note */
/** @typedef {{ chosen: () => Record<string, string[]>, window: () => { from?: string, to?: string } }} Pickers */
/** @typedef {(path: string, options?: { method?: string, body?: object }) => Promise<any>} Call */
/** @typedef {(name: string, values?: Record<string, string>) => string} Say */

/** Calls the API with the session of this browser. Throws an Error that says what is wrong. @param {Say} say @returns {Call} */
function callerOf(say) {
  return async (path, { method = 'GET', body } = {}) => {
    const headers = { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) };
    const sent = await fetch(path, { method, headers, ...(body && { body: JSON.stringify(body) }) }).catch(() => undefined);
    if (!sent) throw new Error(say('no_answer'));
    // a person who has to sign in again comes back to where they were.
    if (sent.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    if (sent.status === 204) return undefined;
    const answer = await sent.json().catch(() => ({}));
    if (sent.ok) return answer;
    throw new Error(refusalText(answer) || say('no_answer'));
  };
}

/**
 * What the console has beside the cards of a dashboard: notes, saved views, short links, the events behind a card, print.
 * @param {Definition} definition
 * @param {Reader} reader
 * @param {Pickers} pickers
 * @param {() => void} onNotes
 */
export function createExtras({ slug, timezone, console: may }, reader, pickers, onNotes) {
  const texts = JSON.parse(find('extras').textContent ?? '{}');
  /** @type {Say} */
  const say = (name, values = {}) =>
    (texts[name] ?? name).replace(
      /\{(\w+)\}/g,
      (/** @type {string} */ whole, /** @type {string} */ key) => values[key] ?? whole,
    );
  const call = callerOf(say);

  /**
   * Asks before something is removed.
   * @param {string} question
   * @param {string} yes
   * @returns {Promise<boolean>}
   */
  function ask(question, yes) {
    const dialog = /** @type {HTMLDialogElement} */ (find('sure'));
    find('sure-text').textContent = question;
    find('sure-yes').textContent = yes;
    dialog.returnValue = 'no';
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true }));
  }

  /**
   * A line of a list, with a button that removes what it is about.
   * @param {{ text: string, beside: string, label?: string, question: string, remove: () => Promise<unknown> }} of
   */
  function line({ text, beside, label, question, remove }) {
    const item = document.createElement('li');
    const words = document.createElement('span');
    const more = document.createElement('small');
    words.textContent = text;
    more.textContent = beside;
    item.append(words, more);
    if (label) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'quiet';
      button.textContent = label;
      button.setAttribute('aria-label', `${label}: ${text}`);
      button.addEventListener('click', async () => {
        if (await ask(question, label)) await remove();
      });
      item.append(button);
    }
    return item;
  }

  /**
   * Fills a list, or says that there is nothing.
   * @param {string} id
   * @param {HTMLElement[]} lines
   */
  function fill(id, lines) {
    const none = document.createElement('li');
    none.className = 'hint';
    none.textContent = say('none');
    find(id).replaceChildren(...(lines.length > 0 ? lines : [none]));
  }

  /**
   * Sends a form once, and shows in it what is wrong.
   * @param {HTMLFormElement} form
   * @param {(data: FormData) => Promise<void>} act
   */
  function send(form, act) {
    const wrong = /** @type {HTMLElement} */ (form.querySelector('.notice'));
    const submit = /** @type {HTMLButtonElement} */ (form.querySelector('[type=submit]'));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (!form.reportValidity()) return;
      submit.disabled = true;
      wrong.hidden = true;
      try {
        await act(new FormData(form));
      } catch (error) {
        wrong.textContent = error instanceof Error ? error.message : String(error);
        wrong.hidden = false;
      } finally {
        submit.disabled = false;
      }
    });
  }

  const tools = { call, say, line, fill, send, show: reader.show };
  const sharing = may?.share ? createSharing(slug, reader, pickers, tools) : undefined;

  const noteForm = /** @type {HTMLFormElement | null} */ (document.getElementById('note-form'));
  if (noteForm) {
    const time = /** @type {HTMLInputElement} */ (noteForm.elements.namedItem('time'));
    const text = /** @type {HTMLInputElement} */ (noteForm.elements.namedItem('text'));
    time.value = minuteOf(Date.now(), timezone);
    send(noteForm, async (data) => {
      const note = { time: instantOfMinute(String(data.get('time')), timezone), text: String(data.get('text')) };
      await call('/v1/annotations', { method: 'POST', body: { ...note, ...(data.has('here') && { dashboard: slug }) } });
      text.value = '';
      onNotes();
    });
  }

  /** @param {Note[]} notes */
  function listNotes(notes) {
    const lines = notes.toReversed().map(({ id, time, text }) =>
      line({
        text,
        beside: reader.show(time, 'instant'),
        ...(may?.notes && { label: say('remove') }),
        question: say('remove_sure', { text }),
        remove: () => call(`/v1/annotations/${id}`, { method: 'DELETE' }).then(onNotes),
      }),
    );
    fill('note-list', lines);
  }

  const opened = /** @type {Record<string, () => unknown>} */ ({ share: () => sharing?.open() });
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-opens]'))) {
    const name = button.dataset.opens ?? '';
    button.disabled = false;
    button.addEventListener('click', () => {
      /** @type {HTMLDialogElement} */ (find(name)).showModal();
      opened[name]?.();
    });
  }
  const views = /** @type {HTMLDialogElement} */ (find('views'));
  for (const form of views.querySelectorAll('form')) {
    const query = /** @type {HTMLInputElement | null} */ (form.elements.namedItem('query'));
    form.addEventListener('submit', () => {
      // After a refusal the address has no query, and the form has kept it.
      if (query && (location.search || !query.value)) query.value = location.search;
    });
  }
  if (views.hasAttribute('data-open')) {
    const kept = /** @type {HTMLInputElement | null} */ (views.querySelector('[name=query]'))?.value ?? '';
    history.replaceState(null, '', `/app/dashboards/${slug}${kept && `?${kept.replace(/^\?/, '')}`}`);
    views.showModal();
  }
  const print = /** @type {HTMLButtonElement} */ (find('print'));
  print.disabled = false;
  print.addEventListener('click', () => window.print());

  return {
    /** The notes of the window, in the order of their times. @returns {Promise<Mark[] | undefined>} */
    async marks() {
      const query = new URLSearchParams({ ...pickers.window(), dashboard: slug, limit: '1000' });
      try {
        /** @type {{ data: Note[] }} */
        const { data } = await call(`/v1/annotations?${query}`);
        const notes = data.sort((a, b) => a.time.localeCompare(b.time));
        listNotes(notes);
        return notes.map(({ time, text }) => ({ time, text }));
      } catch {
        // The cards say what is wrong.
        return undefined;
      }
    },
    /** Points each card's `Show events` to the window and the filters of the page. */
    showWindow() {
      const query = new URLSearchParams(pickers.window());
      for (const [name, values] of Object.entries(pickers.chosen())) {
        for (const value of values) query.append(`filter[${name}]`, value);
      }
      for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-does=events]'))) {
        link.href = `/app/events?${query}`;
      }
    },
  };
}
