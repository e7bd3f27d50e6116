import type { Card, Column } from '../../api/dashboards/definition.ts';

type Settings = Record<string, unknown>;
type Chart = NonNullable<Card['chart']>;

const COLORS = { good: '#84BB4C', warning: '#F9CF48', bad: '#ED6E6E' };

/** Metabase's `display` and `visualization_settings` of a card. Keys of the settings name columns of the query. */
export function drawn(card: Card): { display: string; settings: Settings } {
  const { chart, columns } = card;
  const column_settings = Object.fromEntries(columns.map((column) => [JSON.stringify(['name', column.name]), written(column)]));
  const { display, settings } = chart ? (DRAW[card.display] ?? asTable)(chart, columns) : asTable(undefined, columns);
  return { display, settings: { ...settings, column_settings } };
}

type Draw = (chart: Chart | undefined, columns: Column[]) => { display: string; settings: Settings };

const titleOf = (columns: Column[], name: string | undefined) => columns.find((column) => column.name === name)?.title.en;

const asTable: Draw = (_, columns) => ({
  display: 'table',
  settings: { 'table.columns': columns.map(({ name }) => ({ name, enabled: true })) },
});

const axes =
  (display: string): Draw =>
  (given, columns) => {
    const { x, y, series, stacked, goal, min, max } = given as Chart;
    const settings: Settings = {
      'graph.dimensions': series ? [x, series] : [x],
      'graph.metrics': y,
      'graph.x_axis.labels_enabled': false,
      'graph.y_axis.title_text': y.length === 1 ? titleOf(columns, y[0]) : '',
      series_settings: series ? {} : Object.fromEntries(y.map((name) => [name, { title: titleOf(columns, name) }])),
    };
    if (stacked) settings['stackable.stack_type'] = 'stacked';
    if (goal !== undefined) Object.assign(settings, { 'graph.show_goal': true, 'graph.goal_value': goal });
    if (min !== undefined || max !== undefined) {
      settings['graph.y_axis.auto_range'] = false;
      if (min !== undefined) settings['graph.y_axis.min'] = min;
      if (max !== undefined) settings['graph.y_axis.max'] = max;
    }
    return { display, settings };
  };

const pie: Draw = (chart) => ({
  display: 'pie',
  settings: {
    'pie.dimension': chart?.x,
    'pie.metric': chart?.y[0],
    'pie.show_legend': true,
    'pie.percent_visibility': 'legend',
  },
});

const scalar: Draw = (chart) => ({ display: 'scalar', settings: { 'scalar.field': chart?.y[0] } });

// Metabase compares only along a column of times. If the two windows have names, a table shows both.
const trend: Draw = (chart, columns) => {
  const format = columns.find(({ name }) => name === chart?.x)?.format;
  if (format !== 'time' && format !== 'instant') return asTable(undefined, columns);
  return {
    display: 'smartscalar',
    settings: {
      'scalar.field': chart?.y[0],
      'scalar.comparisons': [{ id: 'before', type: 'previousValue' }],
      'scalar.switch_positive_negative': chart?.better === 'lower',
    },
  };
};

const gauge: Draw = (chart) => {
  const segments = chart?.segments ?? [];
  return {
    display: 'gauge',
    settings: {
      'gauge.segments': segments.map(({ to, tone }, index) => ({
        min: index === 0 ? (chart?.min ?? 0) : segments[index - 1]?.to,
        max: to,
        color: COLORS[tone],
        label: '',
      })),
    },
  };
};

const progress: Draw = (chart) => ({
  display: 'progress',
  settings: { 'progress.goal': chart?.goal, 'progress.value': chart?.y[0], 'progress.color': COLORS.good },
});

// Metabase's pivot tables need its own query builder, but a plain table can be pivoted and coloured by value.
const heatmap: Draw = (chart, columns) => ({
  display: 'table',
  settings: {
    ...asTable(undefined, columns).settings,
    'table.pivot': true,
    'table.pivot_column': chart?.x,
    'table.cell_column': chart?.y[0],
    'table.column_formatting': [
      {
        id: 0,
        type: 'range',
        columns: [chart?.y[0]],
        colors: ['white', '#509EE3'],
        min_type: null,
        max_type: null,
        min_value: 0,
        max_value: 100,
      },
    ],
  },
});

const DRAW: Partial<Record<Card['display'], Draw>> = {
  line: axes('line'),
  area: axes('area'),
  bar: axes('bar'),
  row: axes('row'),
  pie,
  scalar,
  trend,
  gauge,
  progress,
  heatmap,
};

const FORMATS: Record<Column['format'], Settings> = {
  time: { time_enabled: null, date_style: 'YYYY/M/D' },
  instant: { time_enabled: 'minutes', date_style: 'YYYY/M/D' },
  text: {},
  word: {},
  period: {},
  count: { number_style: 'decimal', decimals: 0 },
  decimal: { number_style: 'decimal' },
  share: { number_style: 'percent', decimals: 1 },
  milliseconds: { number_style: 'decimal', suffix: ' ms' },
  seconds: { number_style: 'decimal', suffix: ' s' },
  bytes: { number_style: 'decimal', decimals: 0, suffix: ' B' },
  usd: { number_style: 'currency', currency: 'USD' },
};

const written = ({ title, format }: Column): Settings => ({ column_title: title.en, ...FORMATS[format] });
