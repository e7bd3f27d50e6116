// @ts-check
/** @import { Answer, Card, Reader } from './types.d.ts' */
/** @import { Table } from './chart-data.js' */
/** @import { Theme } from './theme.js' */
import { goalLine, legend, tooltip, valueAxis } from './axes.js';
import { labelled, summaryOf, tableOf } from './chart-data.js';
import { gauge, heatmap, pie } from './dials.js';
import { letter, themeNow } from './theme.js';

/** @typedef {{ card: Card, table: Table, answer: Answer, reader: Reader, theme: Theme, width: number, height: number, size: number }} Drawing */

/** The charts' library: asked for once, and only when the page has been painted, because reading it takes a while. */
const library = new Promise((done) => requestAnimationFrame(() => setTimeout(done))).then(
  () => import(new URL('./echarts.js', import.meta.url).href),
);

/**
 * Draws a card into `box`, and again when the box or the colours change; gives what ends that.
 * @param {HTMLElement} box
 * @param {Card} card
 * @param {Answer} answer
 * @param {Reader} reader
 */
export async function draw(box, card, answer, reader) {
  const echarts = await library;
  const table = tableOf(card, answer, reader);
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', summaryOf(card, table, reader));
  const chart = echarts.init(box, null, { renderer: 'svg' });
  const paint = (animation = false) => {
    const drawing = {
      card,
      table,
      answer,
      reader,
      theme: themeNow(),
      width: box.clientWidth,
      height: box.clientHeight,
      size: letter() * 0.75,
    };
    chart.setOption({ ...optionOf(drawing), animation }, { notMerge: true });
  };
  paint(!matchMedia('(prefers-reduced-motion: reduce)').matches);
  const resized = new ResizeObserver(() => {
    if (chart.getWidth() === box.clientWidth && chart.getHeight() === box.clientHeight) return;
    chart.resize();
    paint();
  });
  resized.observe(box);
  // Paper has the light colours.
  const scheme = matchMedia('screen and (prefers-color-scheme: dark)');
  const repaint = () => paint();
  scheme.addEventListener('change', repaint);
  return () => {
    resized.disconnect();
    scheme.removeEventListener('change', repaint);
    chart.dispose();
  };
}

/** @param {Drawing} drawing */
function optionOf(drawing) {
  const { card, theme, size } = drawing;
  const base = {
    color: theme.colours,
    textStyle: { fontFamily: theme.font, fontSize: size, color: theme.muted },
    animationDuration: 350,
    aria: { enabled: false },
  };
  if (card.display === 'pie') return { ...base, ...pie(drawing) };
  if (card.display === 'gauge') return { ...base, ...gauge(drawing) };
  if (card.display === 'heatmap') return { ...base, ...heatmap(drawing) };
  return { ...base, ...(card.display === 'row' ? rows(drawing) : alongAxis(drawing)) };
}

/** @param {Drawing} drawing */
function alongAxis(drawing) {
  const { card, table, answer, theme, width, size, reader } = drawing;
  const { display, chart } = card;
  const isBar = display === 'bar';
  const shown = table.walls && labelled(table.walls, answer.interval, Math.max(2, Math.floor(width / (size * 6.5))));
  const goal = chart?.goal;
  const points = table.categories.length;
  return {
    ...legend(drawing),
    grid: {
      top: table.series.length > 1 ? size * 2.8 : size,
      left: 0,
      right: size * 0.8,
      bottom: size * 0.8,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    tooltip: { ...tooltip(drawing), axisPointer: { ...tooltip(drawing).axisPointer, type: isBar ? 'shadow' : 'line' } },
    xAxis: {
      type: 'category',
      data: table.shorts,
      boundaryGap: isBar || points === 1,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.line } },
      axisLabel: {
        color: theme.muted,
        fontSize: size,
        hideOverlap: true,
        ...(shown
          ? { interval: (/** @type {number} */ index) => shown.has(index) }
          : { width: width / points, overflow: 'truncate' }),
      },
    },
    yAxis: valueAxis(drawing),
    series: table.series.map(({ name, values, format }, index) => ({
      name,
      type: isBar ? 'bar' : 'line',
      data: values,
      ...(chart?.stacked && { stack: 'all' }),
      ...(isBar
        ? {
            barMaxWidth: size * 3,
            barCategoryGap: '28%',
            barGap: '10%',
            itemStyle: { borderRadius: chart?.stacked && index < table.series.length - 1 ? 0 : [3, 3, 0, 0] },
          }
        : {
            showSymbol: points < 2 || values.filter((value) => value !== null).length < 3,
            symbol: 'circle',
            symbolSize: 6,
            lineStyle: { width: chart?.stacked ? 1 : 2, type: chart?.stacked || index < 4 ? 'solid' : 'dashed' },
            ...areaStyle(drawing, index),
          }),
      ...(goal !== undefined &&
        index === 0 && { markLine: goalLine(goal, reader.say('goal', { value: reader.show(goal, format) }), drawing) }),
    })),
  };
}

/**
 * @param {Drawing} drawing
 * @param {number} index
 */
function areaStyle({ card, table, theme }, index) {
  if (card.display === 'area') return { areaStyle: { opacity: card.chart?.stacked ? 0.75 : 0.22 } };
  if (table.series.length > 1) return {};
  const colour = theme.colours[index];
  const colorStops = [
    { offset: 0, color: `${colour}30` },
    { offset: 1, color: `${colour}00` },
  ];
  return { areaStyle: { color: { type: 'linear', x: 0, y: 0, x2: 0, y2: 1, colorStops } } };
}

/** @param {Drawing} drawing */
function rows(drawing) {
  const { table, theme, width, size, reader, card } = drawing;
  const isOne = table.series.length === 1;
  const most = Math.max(size * 6, Math.min(width * 0.38, size * 18));
  return {
    ...legend(drawing),
    grid: {
      top: isOne ? 0 : size * 2.8,
      left: 0,
      right: isOne ? size * 4.5 : size,
      bottom: size * 0.8,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    tooltip: { ...tooltip(drawing), axisPointer: { ...tooltip(drawing).axisPointer, type: 'shadow' } },
    xAxis: { ...valueAxis(drawing), ...(isOne && { axisLabel: { show: false }, splitLine: { show: false } }) },
    yAxis: {
      type: 'category',
      inverse: true,
      data: table.categories,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        color: theme.text,
        fontSize: size,
        width: most,
        overflow: 'truncate',
        interval: table.categories.length > 25 ? 'auto' : 0,
      },
    },
    series: table.series.map(({ name, values, format }, index) => ({
      name,
      type: 'bar',
      data: values,
      barMaxWidth: size * 1.6,
      barCategoryGap: '32%',
      ...(card.chart?.stacked && { stack: 'all' }),
      itemStyle: { borderRadius: card.chart?.stacked && index < table.series.length - 1 ? 0 : [0, 3, 3, 0] },
      ...(isOne && {
        label: {
          show: true,
          position: 'right',
          color: theme.muted,
          fontSize: size,
          formatter: (/** @type {{ value: number }} */ { value }) => reader.brief(value, format),
        },
      }),
    })),
  };
}
