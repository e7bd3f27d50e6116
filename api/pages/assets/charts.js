// @ts-check
/** @import { PageAnswer, PageCard, Choices, Reader } from './types.d.ts' */
/** @import { Table } from './chart-data.js' */
/** @import { Theme } from './theme.js' */
import { endLabels, goalLine, legend, namesOf, tooltip, valueAxis } from './axes.js';
import { labelled, summaryOf, tableOf } from './chart-data.js';
import { beforeOf, linesBefore } from './compare.js';
import { gauge, pie } from './dials.js';
import { choiceOf } from './filters.js';
import { heatmap } from './heatmap.js';
import { marksOf } from './marks.js';
import { pictureOf } from './picture.js';
import { barOf, linesOf } from './series.js';
import { letter, themeNow } from './theme.js';
import { zoomByDrag } from './zoom.js';

/** @typedef {{ card: PageCard, table: Table, answer: PageAnswer, reader: Reader, choices: Choices, theme: Theme, width: number, height: number, size: number }} Drawing */

/** The chart library. It is loaded once, after the first paint, because parsing it takes a while. */
const library = new Promise((done) => requestAnimationFrame(() => setTimeout(done))).then(
  () => import(new URL('./echarts.js', import.meta.url).href),
);

/**
 * Draws a card into `box`, and again when the box or the colours change. Returns a function that stops this, and one that
 * makes a picture of it.
 * @param {HTMLElement} box
 * @param {PageCard} card
 * @param {PageAnswer} answer
 * @param {Reader} reader
 * @param {Choices} choices
 */
export async function draw(box, card, answer, reader, choices) {
  const echarts = await library;
  const own = tableOf(card, answer, reader);
  const table = { ...own, before: beforeOf(card, own, answer.before, reader) };
  box.setAttribute('role', 'img');
  box.setAttribute('aria-label', summaryOf(card, table, reader));
  const chart = echarts.init(box, null, { renderer: 'svg' });
  const drawingNow = () => ({
    card,
    table,
    answer,
    reader,
    choices,
    theme: themeNow(),
    width: box.clientWidth,
    height: box.clientHeight,
    size: letter() * 0.75,
  });
  const paint = (animation = false) => {
    chart.setOption({ ...optionOf(drawingNow()), animation }, { notMerge: true });
    // Paper is narrower: the stylesheet scales the whole drawing down.
    box.querySelector('svg')?.setAttribute('viewBox', `0 0 ${chart.getWidth()} ${chart.getHeight()}`);
  };
  paint(!matchMedia('(prefers-reduced-motion: reduce)').matches);
  chart.on('legendselectchanged', (/** @type {{ selected: Record<string, boolean> }} */ { selected }) => {
    choices.hidden = new Set(Object.keys(selected).filter((name) => !selected[name]));
    if (AXES[card.display]) chart.setOption({ [AXES[card.display]]: valueAxis(drawingNow()) });
  });
  chart.on('click', (/** @type {{ name: string, seriesName?: string, value: unknown }} */ { name, seriesName, value }) => {
    const choice = choiceOf(card, answer, reader, [name, seriesName, ...namesAt(chart, card, value)]);
    if (choice) reader.page.choose(choice.name, choice.value);
  });
  const { zoom } = reader.page;
  const endZoom = zoom && AXES[card.display] ? zoomByDrag(chart, box, table, zoom) : () => {};
  const resized = new ResizeObserver(() => {
    // A print ends before a new drawing would be ready, so keep the current one.
    if (matchMedia('print').matches) return;
    if (chart.getWidth() === box.clientWidth && chart.getHeight() === box.clientHeight) return;
    chart.resize();
    paint();
  });
  resized.observe(box);
  // Paper uses the light colours.
  const scheme = matchMedia('screen and (prefers-color-scheme: dark)');
  const repaint = () => paint();
  const paper = matchMedia('print');
  for (const media of [scheme, paper]) media.addEventListener('change', repaint);
  addEventListener('themechange', repaint);
  return {
    stop: () => {
      endZoom();
      resized.disconnect();
      for (const media of [scheme, paper]) media.removeEventListener('change', repaint);
      removeEventListener('themechange', repaint);
      chart.dispose();
    },
    picture: () => pictureOf(echarts, drawingNow(), optionOf(drawingNow())),
  };
}

/**
 * The row and the column of a heat map's cell.
 * @param {any} chart of ECharts
 * @param {PageCard} card
 * @param {unknown} value
 * @returns {string[]}
 */
function namesAt(chart, { display }, value) {
  if (display !== 'heatmap' || !Array.isArray(value)) return [];
  const { xAxis, yAxis } = chart.getOption();
  return [yAxis[0].data[value[1]], xAxis[0].data[value[0]]];
}

/** The axis of the numbers. @type {Record<string, string>} */
const AXES = { line: 'yAxis', area: 'yAxis', bar: 'yAxis' };

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
  const { card, table, theme, width, size, reader } = drawing;
  const { display, chart } = card;
  const isBar = display === 'bar';
  const shown = table.walls && labelled(table.walls, table.interval, Math.max(2, Math.floor(width / (size * 6.5))));
  const goal = chart?.goal;
  const points = table.categories.length;
  const isBetween = isBar || points === 1;
  const [first, ...others] = isBar
    ? table.series.map((_, index) => barOf(drawing, index))
    : table.series.flatMap((_, index) => linesOf(drawing, index));
  const line = goal !== undefined && {
    markLine: goalLine(goal, reader.say('goal', { value: reader.show(goal, table.series[0]?.format ?? 'count') }), drawing),
  };
  return {
    ...legend(drawing),
    grid: {
      top: namesOf(table).length > 1 ? size * 2.8 : size,
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
      boundaryGap: isBetween,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: theme.line } },
      axisLabel: {
        color: theme.muted,
        fontSize: size,
        hideOverlap: true,
        ...endLabels(drawing, shown, isBetween),
        ...(shown
          ? { interval: (/** @type {number} */ index) => shown.has(index) }
          : { width: width / points, overflow: 'truncate' }),
      },
    },
    yAxis: valueAxis(drawing),
    series: [{ ...first, ...line }, ...others, ...linesBefore(drawing), ...marksOf(drawing)],
  };
}

/** @param {Drawing} drawing */
function rows(drawing) {
  const { table, theme, width, size, reader, card } = drawing;
  const isOne = table.series.length === 1;
  const most = Math.max(size * 6, Math.min(width * 0.38, size * 18));
  const goal = card.chart?.goal;
  const isByValue = isOne && reader.colours.isColoured(card.chart?.x ?? '');
  return {
    ...legend(drawing),
    grid: {
      top: goal === undefined ? (isOne ? 0 : size * 2.8) : size * 1.6,
      left: 0,
      right: isOne ? size * 4.5 : size,
      bottom: size * 0.8,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    tooltip: { ...tooltip(drawing), axisPointer: { ...tooltip(drawing).axisPointer, type: 'shadow' } },
    xAxis: isOne && goal === undefined ? { type: 'value', show: false } : valueAxis(drawing),
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
    series: table.series.map(({ name, values, format, colour }, index) => ({
      name,
      type: 'bar',
      color: theme.colours[colour],
      data: isByValue
        ? values.map((value, place) => ({
            value,
            itemStyle: { color: theme.colours[reader.colours.ofValue(table.categories[place])] },
          }))
        : values,
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
      ...(goal !== undefined &&
        index === 0 && {
          markLine: {
            ...goalLine(goal, reader.say('goal', { value: reader.show(goal, format) }), drawing),
            label: {
              formatter: reader.say('goal', { value: reader.show(goal, format) }),
              // The axis of this chart runs downwards.
              position: 'start',
              color: theme.muted,
              fontSize: size,
            },
          },
        }),
    })),
  };
}
