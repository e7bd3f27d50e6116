// @ts-check
/** @import { Drawing } from './charts.js' */

const LONGEST = 24;

/**
 * What was noted of a bucket.
 * @param {Drawing} drawing
 * @param {number} index
 */
export function notesAt({ table, reader }, index) {
  const span = table.spanOf?.(index, index);
  if (!span) return [];
  const [from, to] = [Date.parse(span.from), Date.parse(span.to)];
  return reader.page.marks().filter(({ time }) => Date.parse(time) >= from && Date.parse(time) < to);
}

/**
 * Lines across a chart of times where something was noted, as a series of their own: what the legend hides takes its lines along.
 * @param {Drawing} drawing
 */
export function marksOf(drawing) {
  const { table, theme, size, reader } = drawing;
  if (!table.spanOf || reader.page.marks().length === 0) return [];
  const data = table.categories.flatMap((_, index) => {
    const notes = notesAt(drawing, index);
    const text = notes.map((note) => note.text).join(' · ');
    return text === '' ? [] : [{ xAxis: index, name: text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text }];
  });
  if (data.length === 0) return [];
  return [
    {
      type: 'line',
      data: [],
      silent: true,
      markLine: {
        silent: true,
        symbol: ['none', 'circle'],
        symbolSize: size * 0.6,
        lineStyle: { color: theme.warning, type: 'solid', width: 1.5 },
        label: { formatter: '{b}', position: 'insideEndTop', color: theme.text, fontSize: size * 0.9 },
        data,
      },
    },
  ];
}
