// @ts-check
/** @import { Drawing } from './charts.js' */
import { tip, tipOptions } from './theme.js';

/** @param {Drawing} drawing */
export const legend = ({ table, theme, size }) =>
  table.series.length > 1
    ? {
        legend: {
          type: 'scroll',
          top: 0,
          left: 0,
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
export const tooltip = ({ table, reader, theme }) => ({
  trigger: 'axis',
  ...tipOptions(theme),
  axisPointer: {
    type: 'line',
    lineStyle: { color: theme.muted, type: 'dashed' },
    shadowStyle: { color: theme.line, opacity: 0.35 },
  },
  /** @param {{ dataIndex: number, seriesIndex: number, color: string }[]} points */
  formatter: (points) =>
    tip(
      table.categories[points[0]?.dataIndex ?? 0] ?? '',
      points.map(({ seriesIndex, dataIndex, color }) => {
        const { name = '', format = 'count', values = [] } = table.series[seriesIndex] ?? {};
        return { name, value: reader.show(values[dataIndex], format), colour: color };
      }),
    ),
});

/** @param {Drawing} drawing */
export function valueAxis({ card, table, reader, theme, size }) {
  const format = table.series[0]?.format ?? 'count';
  const isWhole = format === 'count' && table.series.every(({ values }) => values.every((value) => (value ?? 0) < 5));
  return {
    type: 'value',
    splitNumber: 4,
    ...(isWhole && { minInterval: 1 }),
    max: card.chart?.max,
    axisLabel: { color: theme.muted, fontSize: size, formatter: (/** @type {number} */ value) => reader.brief(value, format) },
    splitLine: { lineStyle: { color: theme.line } },
  };
}

/**
 * @param {number} goal
 * @param {string} text
 * @param {Drawing} drawing
 */
export const goalLine = (goal, text, { theme, size }) => ({
  silent: true,
  symbol: 'none',
  lineStyle: { color: theme.muted, type: 'dashed' },
  label: { formatter: text, position: 'insideEndTop', color: theme.muted, fontSize: size },
  data: [{ yAxis: goal }],
});
