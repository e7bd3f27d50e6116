// @ts-check
/** @import { Drawing } from './charts.js' */

// A bar of an incomplete bucket is hatched.
const HATCH = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4 };

/**
 * One series of bars. Bars of a time axis are as wide as their bucket, except for a gap.
 * @param {Drawing} drawing
 * @param {number} index
 */
export function barOf({ card, table, theme, size }, index) {
  const { name, values, colour } = table.series[index];
  const isBase = card.chart?.stacked && index < table.series.length - 1;
  return {
    name,
    type: 'bar',
    color: theme.colours[colour],
    data: values.map((value, place) =>
      table.partial.has(place) ? { value, itemStyle: { decal: { ...HATCH, color: theme.surface } } } : value,
    ),
    ...(card.chart?.stacked && { stack: 'all' }),
    ...(table.walls ? { barCategoryGap: '14%' } : { barMaxWidth: size * 3, barCategoryGap: '28%' }),
    barGap: '10%',
    itemStyle: { borderRadius: isBase ? 0 : [3, 3, 0, 0] },
  };
}

/**
 * A line. Its part up to or from an incomplete bucket is dashed. Stacked lines cannot be split, so a veil covers that part
 * instead.
 * @param {Drawing} drawing
 * @param {number} index
 */
export function linesOf(drawing, index) {
  const { card, table, theme } = drawing;
  const { name, values, colour } = table.series[index];
  const { stacked = false } = card.chart ?? {};
  const last = values.length - 1;
  const ends = [...table.partial].filter((place) => values.length > 1 && (place === 0 || place === last));
  const line = {
    name,
    type: 'line',
    color: theme.colours[colour],
    symbol: 'circle',
    symbolSize: 6,
    showSymbol: values.length < 2 || values.filter((value) => value !== null).length < 3,
  };
  if (stacked || ends.length === 0) {
    const veil = index === 0 && ends.length > 0 && { markArea: veilOver(drawing, ends) };
    const lineStyle = { width: stacked ? 1 : 2 };
    return [{ ...line, data: values, ...(stacked && { stack: 'all' }), lineStyle, ...areaStyle(drawing, colour, 1), ...veil }];
  }
  // Both parts include the point where they meet.
  const isOpen = (/** @type {number} */ place) => ends.some((end) => place === end || place === (end === 0 ? 1 : last - 1));
  const whole = values.map((value, place) => (ends.includes(place) ? null : value));
  const open = values.map((value, place) => (isOpen(place) ? value : null));
  const areAlone = ends.some((end) => values[end] !== null && values[end === 0 ? 1 : last - 1] === null);
  return [
    { ...line, data: whole, lineStyle: { width: 2 }, ...areaStyle(drawing, colour, 1) },
    {
      ...line,
      showSymbol: line.showSymbol || areAlone,
      data: open,
      lineStyle: { width: 2, type: [4, 4] },
      ...areaStyle(drawing, colour, 0.4),
    },
  ];
}

/**
 * @param {Drawing} drawing
 * @param {number[]} ends
 */
function veilOver({ table, theme }, ends) {
  const last = table.categories.length - 1;
  return {
    silent: true,
    z: 10,
    itemStyle: { color: theme.surface, opacity: 0.55, borderColor: theme.muted, borderWidth: 1, borderType: 'dashed' },
    data: ends.map((end) => [{ xAxis: end === 0 ? 0 : last - 1 }, { xAxis: end === 0 ? 1 : last }]),
  };
}

/**
 * @param {Drawing} drawing
 * @param {number} index of the colour
 * @param {number} share of its usual strength
 */
function areaStyle({ card, table, theme }, index, share) {
  if (card.display === 'area') return { areaStyle: { opacity: share * (card.chart?.stacked ? 0.75 : 0.22) } };
  if (table.series.length > 1) return {};
  const colour = theme.colours[index];
  const colorStops = [
    { offset: 0, color: `${colour}30` },
    { offset: 1, color: `${colour}00` },
  ];
  return { areaStyle: { opacity: share, color: { type: 'linear', x: 0, y: 0, x2: 0, y2: 1, colorStops } } };
}
