// @ts-check
/** @import { Drawing } from './charts.js' */
import { extentOf } from './chart-data.js';
import { tipsBefore } from './compare.js';
import { notesAt } from './marks.js';
import { digitsOf, scaleOf } from './scale.js';
import { tip, tipOptions } from './theme.js';

/** @param {import('./chart-data.js').Table} table */
export const namesOf = ({ series, before }) => [...series, ...(before?.series ?? [])].map(({ name }) => name);

/** @param {Drawing} drawing */
export const legend = ({ table, theme, size, choices }) =>
  namesOf(table).length > 1
    ? {
        legend: {
          type: 'scroll',
          top: 0,
          left: 0,
          data: namesOf(table),
          selected: Object.fromEntries([...choices.hidden].map((name) => [name, false])),
          itemWidth: size,
          itemHeight: size * 0.7,
          itemGap: size * 1.4,
          icon: 'roundRect',
          textStyle: { color: theme.muted, fontSize: size },
          pageIconColor: theme.muted,
          pageIconInactiveColor: theme.line,
          pageTextStyle: { color: theme.muted },
        },
      }
    : {};

/** @param {Drawing} drawing */
export const tooltip = ({ table, reader, theme, choices, ...drawing }) => ({
  trigger: 'axis',
  ...tipOptions(theme),
  axisPointer: {
    type: 'line',
    lineStyle: { color: theme.muted, type: 'dashed' },
    shadowStyle: { color: theme.line, opacity: 0.35 },
  },
  /** @param {{ dataIndex: number }[]} points */
  formatter: ([point]) => {
    const index = point?.dataIndex ?? 0;
    const heading = table.categories[index] ?? '';
    return tip(
      table.partial.has(index) ? `${heading} · ${reader.texts.partial}` : heading,
      [
        ...table.series
          .filter(({ name }) => !choices.hidden.has(name))
          .map(({ name, format, colour, values }) => ({
            name,
            value: reader.show(values[index], format),
            colour: theme.colours[colour],
          })),
        ...tipsBefore({ ...drawing, table, reader, theme, choices }, index),
      ],
      notesAt({ ...drawing, table, reader, theme, choices }, index).map(({ text }) => text),
    );
  },
});

/** @param {Drawing} drawing */
export function valueAxis({ card, table, reader, theme, size, choices }) {
  const { min, max, goal, stacked = false } = card.chart ?? {};
  const format = table.series[0]?.format ?? 'count';
  const scale = scaleOf({ ...extentOf(table, stacked, choices.hidden), format, min, max, goal });
  const digits = digitsOf(scale.interval);
  return {
    type: 'value',
    ...scale,
    axisLabel: {
      color: theme.muted,
      fontSize: size,
      formatter: (/** @type {number} */ value) => reader.brief(value, format, digits),
    },
    splitLine: { lineStyle: { color: theme.line } },
  };
}

/**
 * @param {number} goal
 * @param {string} text
 * @param {Drawing} drawing
 */
export const goalLine = (goal, text, { card, theme, size }) => ({
  silent: true,
  symbol: 'none',
  // ECharts would round a goal of 99.9 % to 100 %.
  precision: 10,
  lineStyle: { color: theme.text, type: 'dashed', width: 1.5 },
  label: { formatter: text, position: 'insideEndTop', color: theme.muted, fontSize: size },
  data: [card.display === 'row' ? { xAxis: goal } : { yAxis: goal }],
});

/**
 * The labels near the ends of an axis, aligned inwards so that none touches the other axis or is cut off.
 * @param {Drawing} drawing
 * @param {ReadonlySet<number> | undefined} shown places that have a label
 * @param {boolean} isBetween whether each place is a band, and not a line
 */
export function endLabels({ table, width, size }, shown, isBetween) {
  const points = table.shorts.length;
  const visible = shown ? [...shown].sort((a, b) => a - b) : table.shorts.map((_, index) => index);
  const [first, last] = [visible[0] ?? 0, visible.at(-1) ?? 0];
  const halfOf = (/** @type {number} */ index) => (table.shorts[index] ?? '').length * size * 0.3;
  const at = (/** @type {number} */ index) =>
    (width - size * 4) * (isBetween ? (index + 0.5) / points : index / Math.max(1, points - 1));
  return {
    ...(at(first) < halfOf(first) && { alignMinLabel: 'left' }),
    ...(width - size * 4 - at(last) < halfOf(last) && { alignMaxLabel: 'right' }),
  };
}
