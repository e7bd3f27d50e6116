import { type CardVariables, faultsOf, variablesOf } from './card-query.ts';
import { type Card, type Dashboard, sqlFileOf } from './definition.ts';

const FOLD_ROW = 12;
const MAX_ABOVE_FOLD = 7;
const COLUMNS = 24;
const NEEDS: Partial<Record<Card['display'], (keyof NonNullable<Card['chart']>)[]>> = {
  line: ['x'],
  area: ['x'],
  bar: ['x'],
  row: ['x'],
  pie: ['x'],
  trend: ['x', 'better'],
  gauge: ['min', 'max', 'segments'],
  progress: ['goal'],
  heatmap: ['x', 'rows'],
};
const ONE_NUMBER: Card['display'][] = ['pie', 'scalar', 'trend', 'gauge', 'progress', 'heatmap'];

/** Returns the faults of a dashboard and of its cards. Each begins with the name of its file. */
export function faultsOfDashboard(dashboard: Dashboard, known: CardVariables): string[] {
  const { audience, cards } = dashboard;
  return [
    ...cards.flatMap((one) => faultsOf(one.sql, audience, known).map((fault) => `${sqlFileOf(one)}: ${fault}`)),
    ...[
      ...cards.flatMap((one) => faultsOfCard(one).map((fault) => `${one.name} ${fault}`)),
      ...faultsOfParameters(dashboard),
      ...faultsOfLayout(cards),
    ].map((fault) => `dashboard.json: ${fault}`),
  ];
}

function faultsOfCard({ display, query, chart, columns, empty }: Card): string[] {
  const faults = empty ? [] : ['does not say what to do if it is empty'];
  if (display === 'trend' && !query) faults.push('is a trend and needs a query');
  if (display !== 'trend' && query) faults.push('has a query, which only a trend may have');
  const names = columns.map(({ name }) => name);
  if (new Set(names).size < names.length) faults.push('names a column twice');
  if (display === 'table') return chart ? [...faults, 'is a table and must not have a chart'] : faults;
  if (!chart) return [...faults, `is a ${display} and needs a chart`];
  const missing = (NEEDS[display] ?? []).filter((key) => chart[key] === undefined);
  const named = [chart.x, ...chart.y, chart.series, chart.rows].filter((one) => one !== undefined);
  const numbers = columns
    .filter(({ format }) => !['time', 'instant', 'text', 'word', 'period'].includes(format))
    .map(({ name }) => name);
  return [
    ...faults,
    ...missing.map((key) => `is a ${display} and its chart needs ${key}`),
    ...named.filter((one) => !names.includes(one)).map((one) => `has no column ${one}`),
    ...chart.y
      .filter((one) => names.includes(one) && !numbers.includes(one))
      .map((one) => `draws ${one}, which is not a number`),
    ...(chart.y.length > 1 && (ONE_NUMBER.includes(display) || chart.series) ? ['must draw exactly one number'] : []),
  ];
}

function faultsOfParameters({ cards, parameters }: Dashboard): string[] {
  const used = new Set(cards.flatMap((one) => variablesOf(one.sql)));
  const faults: string[] = [];
  for (const parameter of parameters) {
    if (!used.has(parameter.name)) faults.push(`no card uses the parameter ${parameter.name}`);
    if (!('values' in parameter)) continue;
    const source = cards.find((one) => one.name === parameter.values.card);
    if (!source?.columns.some((one) => one.name === parameter.values.column)) {
      faults.push(`the values of ${parameter.name} come from a column that does not exist`);
    }
    if (source && variablesOf(source.sql).includes(parameter.name)) {
      faults.push(`the values of ${parameter.name} come from a card that this parameter filters`);
    }
  }
  return faults;
}

function faultsOfLayout(cards: Card[]): string[] {
  const faults: string[] = [];
  const names = cards.map((one) => one.name);
  if (new Set(names).size < names.length) faults.push('two cards have the same name');
  if (cards.filter((one) => one.layout.row < FOLD_ROW).length > MAX_ABOVE_FOLD) {
    faults.push(`at most ${MAX_ABOVE_FOLD} cards may begin in the first ${FOLD_ROW} rows`);
  }
  for (const [index, one] of cards.entries()) {
    if (one.layout.column + one.layout.width > COLUMNS) faults.push(`${one.name} is wider than the grid of ${COLUMNS} columns`);
    const other = cards.slice(0, index).find((before) => overlap(before.layout, one.layout));
    if (other) faults.push(`${one.name} overlaps ${other.name}`);
  }
  const covered = cards.reduce((sum, { layout: { width, height } }) => sum + width * height, 0);
  const rows = Math.max(...cards.map(({ layout: { row, height } }) => row + height));
  if (faults.length === 0 && covered < COLUMNS * rows) faults.push('the cards leave a gap');
  return faults;
}

const overlap = (a: Card['layout'], b: Card['layout']) =>
  a.column < b.column + b.width && b.column < a.column + a.width && a.row < b.row + b.height && b.row < a.row + a.height;
