// @ts-check
/** @import { Definition } from './types.d.ts' */
import { dayOf, windowOf, windowOfDays } from './times.js';

const RANGES = ['24h', '7d', '30d', '90d'];
/** @type {Record<string, string>} */
const INTERVAL_OF = { '24h': 'hour', '7d': 'day', '30d': 'day', '90d': 'day' };
const DAY_MS = 86_400_000;

/**
 * The pickers. Their whole state is in the page's address.
 * @param {Definition} definition
 * @param {() => void} onChange
 */
export function createPickers({ parameters, locked, timezone, range: usual }, onChange) {
  const names = parameters.map(({ name }) => name).filter((name) => !Object.hasOwn(locked, name));
  const hasWindow = names.includes('from') && names.includes('to');
  const radios = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('.ranges input')]);
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById('custom'));
  const selects = /** @type {HTMLSelectElement[]} */ ([...document.querySelectorAll('#controls select')]);
  const [first, last] = /** @type {HTMLInputElement[]} */ ([...(form?.querySelectorAll('input') ?? [])]);
  const wrong = /** @type {HTMLElement | null | undefined} */ (form?.querySelector('.wrong'));

  const asked = () => new URLSearchParams(location.search);

  /** @param {URLSearchParams} query */
  function rangeOf(query) {
    if (query.has('from') || query.has('to')) return 'custom';
    const range = query.get('range') ?? usual;
    return RANGES.includes(range) ? range : usual;
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
    if (form) form.hidden = range !== 'custom';
    if (first && last) fillDays(first, last);
  }

  /**
   * @param {HTMLInputElement} firstDay
   * @param {HTMLInputElement} lastDay
   */
  function fillDays(firstDay, lastDay) {
    const { from, to } = windowNow();
    if (from) firstDay.value = dayOf(Date.parse(from), timezone);
    if (to) lastDay.value = dayOf(Date.parse(to) - 1, timezone);
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
    const isWrong = !first?.value || !last?.value || first.value > last.value;
    if (wrong) wrong.hidden = !isWrong;
    if (isWrong) return;
    const { from, to } = windowOfDays(/** @type {string} */ (first?.value), /** @type {string} */ (last?.value), timezone);
    go((query) => {
      query.delete('range');
      query.set('from', from);
      query.set('to', to);
    });
  });
  addEventListener('popstate', () => {
    show();
    onChange();
  });
  show();

  return {
    /** The query of every card, without the token. */
    query() {
      const query = asked();
      const window = hasWindow ? windowNow() : {};
      const chosen = /** @type {Record<string, string | undefined>} */ ({ ...Object.fromEntries(query), ...window });
      if (names.includes('interval') && !query.get('interval')) Object.assign(chosen, { interval: intervalFor(window) });
      return Object.fromEntries(names.flatMap((name) => (chosen[name] ? [[name, chosen[name]]] : [])));
    },
    /**
     * Offers the values of a choice and keeps the chosen one.
     * @param {string} name
     * @param {string[]} values
     */
    offer(name, values) {
      const select = selects.find((one) => one.name === name);
      if (!select) return;
      const chosen = asked().get(name) ?? '';
      const known = [...new Set([...values, ...(chosen ? [chosen] : [])])].sort((a, b) => a.localeCompare(b));
      const [all] = select.options;
      select.replaceChildren(/** @type {HTMLOptionElement} */ (all), ...known.map((value) => new Option(value, value)));
      select.value = chosen;
    },
  };
}
