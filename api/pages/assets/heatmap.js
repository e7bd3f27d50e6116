// @ts-check
/** @import { Drawing } from './charts.js' */
import { columnOf } from './chart-data.js';
import { tip, tipOptions } from './theme.js';

/** @param {Drawing} drawing */
export function heatmap({ card, table, answer, theme, reader, size, width, height }) {
  const chart = card.chart ?? { y: [] };
  const rows = columnOf(card, chart.rows);
  const figure = columnOf(card, chart.y[0]);
  const x = columnOf(card, chart.x);
  const names = [...new Set(answer.data.map((row) => reader.show(row[rows.name], rows.format)))];
  const isTime = Boolean(table.walls);
  const places = new Map(answer.data.map((row) => [row[x.name], 0]));
  const ordered = [...places.keys()].sort((a, b) => Number(a) - Number(b) || 0);
  const columns = isTime ? table.shorts : ordered.map((value) => reader.show(value, x.format));
  const full = isTime ? table.categories : columns;
  const cells = answer.data.flatMap((row) => {
    const value = row[figure.name];
    const at = isTime ? table.placeOf(row) : ordered.indexOf(row[x.name]);
    return value === null || value === undefined
      ? []
      : [[at, names.indexOf(reader.show(row[rows.name], rows.format)), Number(value)]];
  });
  const most = Math.max(...cells.map(([, , value]) => value ?? 0), 0);
  const widest = (/** @type {string[]} */ texts) => Math.max(0, ...texts.map((text) => text.length)) * size * 0.58;
  const side = Math.min(width * 0.34, size * 18, widest(names) + size);
  const band = (width - side) / Math.max(1, columns.length);
  const label = widest(columns) + size * 0.8;
  // Words are rotated, because leaving out every other one would lose too much; numbers and times are not.
  const isTurned = !isTime && label > band && widest(columns) > size * 2.5;
  const every = isTurned ? 1 : Math.max(1, Math.ceil(label / band));
  const isTight = (height - size * 5) / Math.max(1, names.length) < size * 1.2;
  return {
    tooltip: {
      trigger: 'item',
      ...tipOptions(theme),
      /** @param {{ value: [number, number, number], color: string }} cell */
      formatter: ({ value: [column, row, value], color }) =>
        tip(`${names[row]} · ${full[column]}`, [
          { name: figure.title, value: reader.show(value, figure.format), colour: color },
        ]),
    },
    grid: { top: 0, left: 0, right: 0, bottom: size * 3.2, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: 'category',
      data: columns,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        color: theme.muted,
        fontSize: size,
        interval: (/** @type {number} */ index) => index % every === 0,
        hideOverlap: true,
        ...(isTurned && { rotate: 40, width: size * 9, overflow: 'truncate' }),
      },
    },
    yAxis: {
      type: 'category',
      data: names,
      inverse: true,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        color: theme.text,
        fontSize: size,
        width: side,
        overflow: 'truncate',
        interval: isTight ? 'auto' : 0,
      },
    },
    visualMap: {
      min: 0,
      max: most || 1,
      orient: 'horizontal',
      right: 0,
      bottom: 0,
      itemWidth: size * 0.8,
      itemHeight: size * 9,
      text: [reader.brief(most, figure.format), reader.brief(0, figure.format)],
      textStyle: { color: theme.muted, fontSize: size * 0.9 },
      inRange: { color: theme.heat },
    },
    series: [{ type: 'heatmap', data: cells, itemStyle: { borderColor: theme.surface, borderWidth: 2, borderRadius: 3 } }],
  };
}
