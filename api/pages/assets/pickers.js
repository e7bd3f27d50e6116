// @ts-check
/** @import { Definition } from './types.d.ts' */
import { createChoice } from './choices.js';
import { dayOf, instantOfMinute, minuteOf, windowOf, windowOfDays } from './times.js';

// Width of a bucket by range.
/** @type {Record<string, string>} */
const INTERVAL_OF = {
  today: 'hour',
  yesterday: 'hour',
  '24h': 'hour',
  '7d': 'day',
  '30d': 'day',
  '90d': 'day',
  'this-month': 'day',
  'last-month': 'day',
};
const DAY_MS = 86_400_000;

/**
 * The pickers. Their whole state is in the page's address.
 * @param {Definition} definition
 * @param {() => void} onChange
 */
export function createPickers({ parameters, locked, timezone, range: usual, texts }, onChange) {
  const names = parameters.map(({ name }) => name).filter((name) => !Object.hasOwn(locked, name));
  const hasWindow = names.includes('from') && names.includes('to');
  const radios = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('.ranges input')]);
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById('custom'));
  const selects = /** @type {HTMLSelectElement[]} */ ([...document.querySelectorAll('#controls select')]);
  const choices = new Map(
    /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll('#controls details')]).map((details) => {
      const name = details.dataset.name ?? '';
      return [name, createChoice(details, texts, (values) => choose(name, values))];
    }),
  );
  const [first, last] = /** @type {HTMLInputElement[]} */ ([...(form?.querySelectorAll('input') ?? [])]);
  const wrong = /** @type {HTMLElement | null | undefined} */ (form?.querySelector('.wrong'));

  const asked = () => new URLSearchParams(location.search);

  /** @param {URLSearchParams} query */
  function rangeOf(query) {
    const bounds = ['from', 'to'].flatMap((name) => query.get(name) ?? []);
    // The address may be written by hand.
    if (bounds.length > 0 && bounds.every((text) => !Number.isNaN(Date.parse(text)))) return 'custom';
    const range = query.get('range') ?? usual;
    return Object.hasOwn(INTERVAL_OF, range) ? range : usual;
  }

  /** @param {(query: URLSearchParams) => void} change */
  function go(change) {
    const query = asked();
    change(query);
    if (query.toString() === asked().toString()) return;
    history.pushState(null, '', `${location.pathname}?${query}`);
    show();
    onChange();
  }

  /** The values of a choice in the address, without repetitions. @param {string} name */
  const valuesOf = (name) => [...new Set(asked().getAll(name))].filter(Boolean);

  /** @param {string} name @param {string[]} values */
  const choose = (name, values) =>
    go((query) => {
      query.delete(name);
      for (const value of values) query.append(name, value);
    });

  /** @param {{ from: string, to: string }} window */
  const goTo = ({ from, to }) =>
    go((query) => {
      query.delete('range');
      query.set('from', from);
      query.set('to', to);
    });

  // Shows the state of the address, also after going back.
  function show() {
    const query = asked();
    const range = rangeOf(query);
    for (const radio of radios) radio.checked = radio.value === range;
    for (const select of selects) {
      const value = query.get(select.name) ?? '';
      if (value && ![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
      select.value = value;
    }
    for (const [name, choice] of choices) choice.show(valuesOf(name));
    if (form) form.hidden = range !== 'custom';
    if (first && last) fillDays(first, last);
  }

  /**
   * @param {HTMLInputElement} firstDay
   * @param {HTMLInputElement} lastDay
   */
  function fillDays(firstDay, lastDay) {
    const { from, to } = windowNow();
    const hasTimes = firstDay.type === 'datetime-local';
    if (from) firstDay.value = (hasTimes ? minuteOf : dayOf)(Date.parse(from), timezone);
    if (to) lastDay.value = hasTimes ? minuteOf(Date.parse(to), timezone) : dayOf(Date.parse(to) - 1, timezone);
  }

  /** @returns {{ from?: string, to?: string }} */
  function windowNow() {
    const query = asked();
    const range = rangeOf(query);
    if (range !== 'custom') return windowOf(range, timezone, Date.now());
    const { from, to } = Object.fromEntries(query);
    return { ...(from && { from }), ...(to && { to }) };
  }

  /** @param {{ from?: string, to?: string }} window */
  function intervalFor({ from, to }) {
    const range = rangeOf(asked());
    if (range !== 'custom') return INTERVAL_OF[range] ?? 'day';
    const days = from ? (Date.parse(to ?? new Date().toISOString()) - Date.parse(from)) / DAY_MS : 30;
    return days <= 2.1 ? 'hour' : days <= 190 ? 'day' : days <= 900 ? 'week' : 'month';
  }

  for (const radio of radios) {
    radio.disabled = false;
    radio.addEventListener('change', () => {
      if (radio.value === 'custom') {
        if (form) form.hidden = false;
        first?.focus();
        return;
      }
      go((query) => {
        query.delete('from');
        query.delete('to');
        query.set('range', radio.value);
      });
    });
  }
  for (const select of selects) {
    select.disabled = false;
    select.addEventListener('change', () =>
      go((query) => (select.value ? query.set(select.name, select.value) : query.delete(select.name))),
    );
  }
  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    const [begin = '', end = ''] = [first?.value, last?.value];
    const hasTimes = first?.type === 'datetime-local';
    const isWrong = !begin || !end || begin > end || (hasTimes && begin === end);
    if (wrong) wrong.hidden = !isWrong;
    if (isWrong) return;
    if (hasTimes) goTo({ from: instantOfMinute(begin, timezone), to: instantOfMinute(end, timezone) });
    else goTo(windowOfDays(begin, end, timezone));
  });
  addEventListener('popstate', () => {
    show();
    onChange();
  });
  show();

  /** The values of each choice that is made, by its name. @returns {Record<string, string[]>} */
  const chosen = () =>
    Object.fromEntries(
      parameters.flatMap(({ name, values }) =>
        values && names.includes(name) && valuesOf(name).length > 0 ? [[name, valuesOf(name)]] : [],
      ),
    );

  return {
    chosen,
    window: windowNow,
    isCompared: () => asked().get('compare') !== 'none',
    /** Adds a value to a choice, or removes it if it was chosen. @param {string} name @param {string} value */
    choose(name, value) {
      const values = valuesOf(name);
      choose(name, values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);
    },
    /** Undefined where the window is fixed. */
    zoom: hasWindow ? goTo : undefined,
    /** The query of every card, without the token. @returns {[string, string][]} */
    query() {
      const query = asked();
      const window = hasWindow ? windowNow() : {};
      const chosen = /** @type {Record<string, string | undefined>} */ ({ ...Object.fromEntries(query), ...window });
      if (names.includes('interval') && !query.get('interval')) Object.assign(chosen, { interval: intervalFor(window) });
      return names.flatMap((name) => {
        const values = choices.has(name) ? valuesOf(name) : [chosen[name] ?? ''].filter(Boolean);
        return values.map((value) => /** @type {[string, string]} */ ([name, value]));
      });
    },
    /**
     * Offers the values of a choice and keeps the chosen ones.
     * @param {string} name
     * @param {string[]} values
     */
    offer: (name, values) => choices.get(name)?.offer(values),
  };
}
