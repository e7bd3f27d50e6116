// @ts-check
import { refusalText } from './refusal.js';

/** @typedef {{ locale: string, timezone: string, texts: Record<string, string> }} PageData */

/** What the server gave the page. @template T @param {string} id @returns {T} */
export const dataOf = (id) => JSON.parse(find(id).textContent ?? 'null');

/** @param {string} id */
export const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Asks the API with the session of this browser. Throws an error whose message says what is wrong, in the language of the page.
 * @param {string} path
 * @param {string} [accept]
 */
export async function ask(path, accept = 'application/json') {
  const response = await fetch(path, { headers: { accept } });
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (response.ok) return response;
  throw new Error(refusalText(await response.json().catch(() => ({}))));
}

/**
 * JSON whose numbers keep the digits that were sent, where the browser can do that.
 * @param {string} text
 */
export function parsed(text) {
  const { rawJSON } = /** @type {{ rawJSON?: (text: string) => unknown }} */ (/** @type {unknown} */ (JSON));
  /** @type {(key: string, value: unknown, context?: { source?: string }) => unknown} */
  const keep = (_key, value, context) =>
    typeof value === 'number' && rawJSON && context?.source && String(value) !== context.source
      ? rawJSON(context.source)
      : value;
  return JSON.parse(text, keep);
}

/**
 * A button that copies a text and says so.
 * @param {HTMLElement} button
 * @param {() => string} text
 * @param {string} done
 */
export function copies(button, text, done) {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = done;
    setTimeout(() => {
      button.textContent = label;
    }, 2_000);
  });
}
