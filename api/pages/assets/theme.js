// @ts-check

/** @typedef {{ colours: string[], text: string, muted: string, line: string, surface: string, heat: string[], good: string, warning: string, bad: string, font: string }} Theme */

/**
 * The stylesheet's current colours, light or dark.
 * @returns {Theme}
 */
export function themeNow() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const get = (name) => style.getPropertyValue(`--${name}`).trim();
  const basic = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => get(`series-${number}`));
  return {
    colours: [...basic, ...basic.map((colour) => mixed(colour, get('surface')))],
    text: get('text'),
    muted: get('muted'),
    line: get('line'),
    surface: get('surface'),
    heat: [1, 2, 3, 4, 5].map((number) => get(`heat-${number}`)),
    good: get('good'),
    warning: get('warning'),
    bad: get('bad'),
    font: get('font'),
  };
}

/**
 * A colour halfway between two others, all as `#rrggbb`.
 * @param {string} colour
 * @param {string} other
 */
function mixed(colour, other) {
  const parts = [1, 3, 5].map((at) => {
    const [a, b] = [colour, other].map((text) => Number.parseInt(text.slice(at, at + 2), 16));
    return Math.round((a + b) / 2)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${parts.join('')}`;
}

/** Returns the base font size of the page in pixels. It is larger in the wall display. */
export const letter = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/**
 * Options of every tooltip. ECharts styles only the outer box; `tip()` builds its content.
 * @param {Theme} theme
 */
export const tipOptions = ({ surface, line }) => ({
  confine: true,
  padding: 0,
  borderWidth: 1,
  borderColor: line,
  backgroundColor: surface,
  extraCssText: 'border-radius: 0.55rem; white-space: normal; pointer-events: none;',
});

/**
 * The content of a tooltip: a heading, and a number for each series. Built of elements, because the policy of the page forbids
 * styles in inserted HTML.
 * @param {string} heading
 * @param {{ name: string, value: string, colour?: string }[]} lines
 * @param {string[]} [notes]
 */
export function tip(heading, lines, notes = []) {
  const box = document.createElement('div');
  box.className = 'tip';
  const title = document.createElement('strong');
  title.textContent = heading;
  box.append(title);
  for (const { name, value, colour } of lines) {
    const line = document.createElement('p');
    const dot = document.createElement('i');
    if (colour) dot.style.background = colour;
    const label = document.createElement('span');
    label.textContent = name;
    const figure = document.createElement('b');
    figure.textContent = value;
    line.append(dot, label, figure);
    box.append(line);
  }
  for (const text of notes) {
    const note = document.createElement('em');
    note.textContent = text;
    box.append(note);
  }
  return box;
}
