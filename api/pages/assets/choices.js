// @ts-check

const MANY = 10;

/**
 * A filter of a page that takes any number of values: a list of boxes that opens below its name. By keyboard: Enter opens it, Tab and
 * Space choose, Escape closes it.
 * @param {HTMLDetailsElement} details
 * @param {Record<string, string>} texts
 * @param {(values: string[]) => void} onChange
 */
export function createChoice(details, texts, onChange) {
  const summary = /** @type {HTMLElement} */ (details.querySelector('summary'));
  const said = /** @type {HTMLOutputElement} */ (details.querySelector('output'));
  const list = /** @type {HTMLElement} */ (details.querySelector('.options'));
  const search = /** @type {HTMLInputElement} */ (details.querySelector('input[type=search]'));
  const clear = /** @type {HTMLButtonElement} */ (details.querySelector('button'));
  /** @type {string[]} */
  let offered = [];
  /** @type {string[]} */
  let chosen = [];

  const boxes = () => /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll('input')]);

  function narrow() {
    const wanted = search.value.trim().toLocaleLowerCase();
    for (const box of boxes()) {
      const label = /** @type {HTMLElement} */ (box.parentElement);
      label.hidden = !box.value.toLocaleLowerCase().includes(wanted);
    }
  }

  function draw() {
    const known = [...new Set([...offered, ...chosen])].sort((a, b) => a.localeCompare(b));
    const old = boxes();
    if (known.length !== old.length || old.some(({ value }, index) => value !== known[index])) {
      const focused = old.find((box) => box === document.activeElement)?.value;
      list.replaceChildren(...known.map(optionOf));
      boxes()
        .find(({ value }) => value === focused)
        ?.focus();
      search.hidden = known.length <= MANY;
      narrow();
    }
    for (const box of boxes()) box.checked = chosen.includes(box.value);
    const [first = '', ...others] = chosen;
    const more = { first, count: String(others.length) };
    const several = (texts.chosen_more ?? '').replace(
      /\{(first|count)\}/g,
      (_, key) => more[/** @type {'first' | 'count'} */ (key)],
    );
    said.value = chosen.length === 0 ? (texts.all ?? '') : others.length === 0 ? first : several;
    said.title = chosen.join(', ');
    clear.disabled = chosen.length === 0;
  }

  /** @param {string} value */
  function optionOf(value) {
    const label = document.createElement('label');
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.value = value;
    const text = document.createElement('span');
    text.textContent = value;
    label.append(box, text);
    return label;
  }

  list.addEventListener('change', () => onChange(boxes().flatMap(({ checked, value }) => (checked ? [value] : []))));
  search.addEventListener('input', narrow);
  clear.addEventListener('click', () => {
    summary.focus();
    onChange([]);
  });
  details.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !details.open) return;
    event.preventDefault();
    details.open = false;
    summary.focus();
  });
  details.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !details.contains(relatedTarget)) details.open = false;
  });
  document.addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Node && !details.contains(target)) details.open = false;
  });

  return {
    /** @param {string[]} values those that can be chosen */
    offer(values) {
      offered = values;
      draw();
    },
    /** @param {string[]} values those that are chosen */
    show(values) {
      chosen = values;
      draw();
    },
  };
}
