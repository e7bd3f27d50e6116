// @ts-check
/** @import { Reader } from './types.d.ts' */
/** @import { Call, Pickers, Say } from './dashboard-extras.js' */

/** @param {string} id */
const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const DAY_SECONDS = 86_400;
const MAX_LISTED = 100;

/**
 * @typedef {{
 *   call: Call,
 *   say: Say,
 *   line: (of: { text: string, beside: string, label?: string, question: string, remove: () => Promise<unknown> }) => HTMLElement,
 *   fill: (id: string, lines: HTMLElement[]) => void,
 *   send: (form: HTMLFormElement, act: (data: FormData) => Promise<void>) => void,
 * }} Tools
 */
/** @typedef {{ id: string, params: Record<string, string | string[]>, created_at: string, expires_at: string | null }} Link */

/**
 * Short links to a dashboard: made, copied, listed and revoked.
 * @param {string} slug
 * @param {Reader} reader
 * @param {Pickers} pickers
 * @param {Tools} tools
 */
export function createSharing(slug, reader, pickers, { call, say, line, fill, send }) {
  const path = `/v1/dashboards/${slug}/links`;
  const made = find('share-made');
  const address = /** @type {HTMLElement} */ (made.querySelector('code'));
  const copy = /** @type {HTMLButtonElement} */ (made.querySelector('button'));

  // What can be fixed: the filters that are set, and a window that does not move with the clock.
  function offerFixed() {
    const query = new URLSearchParams(location.search);
    const { from = '', to = '' } = query.has('from') ? pickers.window() : {};
    const chosen = Object.entries(pickers.chosen()).map(([name, values]) => ({
      label: `${reader.page.filters.find((filter) => filter.name === name)?.title ?? name}: ${values.join(', ')}`,
      params: { [name]: values },
    }));
    const window = {
      label: `${say('period')}: ${reader.show(from, 'instant')} – ${reader.show(to, 'instant')}`,
      params: { from, to },
    };
    const offered = [...chosen, ...(from && to ? [window] : [])];
    const boxes = offered.map(({ label, params }) => {
      const choice = document.createElement('label');
      choice.className = 'check';
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.name = 'fix';
      box.checked = true;
      box.value = JSON.stringify(params);
      choice.append(box, ` ${label}`);
      return choice;
    });
    const none = document.createElement('p');
    none.className = 'hint';
    none.textContent = say('fix_none');
    find('share-fix').replaceChildren(...(boxes.length > 0 ? boxes : [none]));
  }

  async function list() {
    /** @type {{ data: Link[] }} */
    const { data } = await call(`${path}?limit=${MAX_LISTED}`);
    const ends = (/** @type {string | null} */ at) =>
      at ? say('expires', { at: reader.show(at, 'instant') }) : say('endless');
    const lines = data.map(({ id, params, created_at, expires_at }) => {
      const fixed = Object.entries(params).map(([name, value]) =>
        name === 'from' || name === 'to' ? `${name} ${reader.show(String(value), 'instant')}` : [value].flat().join(', '),
      );
      return line({
        text: `${id}…`,
        beside: [...fixed, say('created', { at: reader.show(created_at, 'instant') }), ends(expires_at)].join(' · '),
        label: say('revoke'),
        question: say('revoke_sure', { id }),
        remove: () => call(`${path}/${id}`, { method: 'DELETE' }).then(list),
      });
    });
    fill('share-list', lines.reverse());
  }

  send(/** @type {HTMLFormElement} */ (find('share-form')), async (data) => {
    const params = Object.assign({}, ...data.getAll('fix').map((text) => JSON.parse(String(text))));
    const days = Number(data.get('expiry'));
    const body = { params, ...(days > 0 && { expires_in: days * DAY_SECONDS }) };
    const { url } = await call(path, { method: 'POST', body });
    address.textContent = new URL(url, location.href).href;
    copy.textContent = say('copy');
    made.hidden = false;
    await list();
  });

  copy.addEventListener('click', async () => {
    // Without TLS browsers have no clipboard: then the address is selected, to be copied by hand.
    const isCopied = await navigator.clipboard?.writeText(address.textContent ?? '').then(
      () => true,
      () => false,
    );
    if (isCopied) copy.textContent = say('copied');
    else getSelection()?.selectAllChildren(address);
  });

  return {
    open() {
      made.hidden = true;
      offerFixed();
      return list().catch(() => fill('share-list', []));
    },
  };
}
