// @ts-check
/** @import { Drawing } from './charts.js' */
import { columnOf, sumOf } from './chart-data.js';
import { tip, tipOptions } from './theme.js';

/**
 * One number between a minimum and a maximum, on an arc with a colour for each segment.
 * @param {Drawing} drawing
 */
export function gauge({ card, answer, theme, reader, size, width, height }) {
  const { y = [], min = 0, max = 1, segments = [] } = card.chart ?? {};
  const { format } = columnOf(card, y[0]);
  const value = Number(answer.data.at(-1)?.[y[0] ?? ''] ?? min);
  const place = (/** @type {number} */ at) => Math.min(1, Math.max(0, (at - min) / (max - min)));
  const tone = segments.find(({ to }) => value <= to)?.tone ?? segments.at(-1)?.tone ?? 'good';
  // A small card has room only for the number and its tone.
  const radius = Math.min(width * 0.48, height * 0.62);
  const isSmall = radius < size * 7;
  const thick = Math.min(size * 1.3, radius * 0.13);
  const ends = isSmall ? '' : ` · ${reader.brief(min, format)} – ${reader.brief(max, format)}`;
  const arc = {
    type: 'gauge',
    min,
    max,
    startAngle: 200,
    endAngle: -20,
    center: ['50%', radius + (height - radius * 1.38) / 2],
    splitLine: { show: false },
    axisTick: { show: false },
  };
  return {
    series: [
      {
        ...arc,
        radius,
        axisLine: { lineStyle: { width: thick * 0.27, color: segments.map(({ to, tone: kind }) => [place(to), theme[kind]]) } },
        axisLabel: { show: false },
        pointer: { show: false },
        detail: { show: false },
        data: [{ value }],
      },
      {
        ...arc,
        radius: radius - thick * 0.6,
        axisLine: { roundCap: true, lineStyle: { width: thick, color: [[1, theme.line]] } },
        progress: { show: true, roundCap: true, width: thick, itemStyle: { color: theme[tone] } },
        axisLabel: { show: false },
        pointer: { show: false },
        title: { show: true, offsetCenter: [0, isSmall ? '42%' : '34%'], color: theme.muted, fontSize: size },
        detail: {
          offsetCenter: [0, isSmall ? '0%' : '-4%'],
          fontSize: Math.min(size * 2.6, radius * 0.36),
          fontWeight: 600,
          color: theme.text,
          formatter: () => reader.show(answer.data.at(-1)?.[y[0] ?? ''], format),
        },
        data: [
          {
            value: Math.min(max, Math.max(min, value)),
            name: `${reader.texts[`tone_${tone}`]}${ends}`,
          },
        ],
      },
    ],
  };
}

/** @param {Drawing} drawing */
export function pie({ card, table, theme, reader, choices, size, width, height }) {
  const { values, format } = table.series[0] ?? { values: [], format: 'count' };
  const sorted = table.categories.map((name, index) => ({ name, value: values[index] ?? 0 })).sort((a, b) => b.value - a.value);
  const slices =
    sorted.length > 8
      ? [
          ...sorted.slice(0, 7),
          { name: reader.texts.other, value: sumOf({ values: sorted.slice(7).map(({ value }) => value) }) },
        ]
      : sorted;
  const colourOf = (/** @type {string} */ name) =>
    name === reader.texts.other ? theme.muted : theme.colours[reader.colours.ofValue(name)];
  const whole = slices.reduce((sum, { value }) => sum + value, 0);
  const isNarrow = width < size * 28;
  const outer = isNarrow ? Math.min(width * 0.42, height * 0.38) : Math.min(width * 0.25, height * 0.44);
  return {
    tooltip: {
      trigger: 'item',
      ...tipOptions(theme),
      /** @param {{ name: string, value: number, color: string }} slice */
      formatter: ({ name, value, color }) =>
        tip(name, [
          {
            name: columnOf(card, card.chart?.y[0]).title,
            value: `${reader.show(value, format)} (${reader.show(whole ? value / whole : 0, 'share')})`,
            colour: color,
          },
        ]),
    },
    legend: {
      type: 'scroll',
      selected: Object.fromEntries([...choices.hidden].map((name) => [name, false])),
      icon: 'roundRect',
      itemWidth: size,
      itemHeight: size * 0.7,
      textStyle: { color: theme.text, fontSize: size, width: isNarrow ? width * 0.7 : width * 0.4, overflow: 'truncate' },
      pageIconColor: theme.muted,
      pageTextStyle: { color: theme.muted },
      ...(isNarrow ? { orient: 'horizontal', bottom: 0, left: 'center' } : { orient: 'vertical', right: 0, top: 'middle' }),
      formatter: (/** @type {string} */ name) => {
        const value = slices.find((slice) => slice.name === name)?.value ?? 0;
        return `${reader.brief(whole ? value / whole : 0, 'share')}  ${name}`;
      },
    },
    series: [
      {
        type: 'pie',
        radius: [outer * 0.66, outer],
        center: isNarrow ? ['50%', '44%'] : ['27%', '50%'],
        data: slices.map((slice) => ({ ...slice, itemStyle: { color: colourOf(slice.name) } })),
        label: { show: false },
        itemStyle: { borderColor: theme.surface, borderWidth: 2 },
      },
    ],
  };
}
