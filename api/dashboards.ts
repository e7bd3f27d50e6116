import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { faultsOf, type Known, variablesOf } from './card-query.ts';

const words = z.strictObject({ en: z.string().min(1), 'pt-BR': z.string().min(1) });
const name = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/);
const columnName = z.string().regex(/^[a-z][a-z0-9_]*$/);

const column = z.strictObject({
  name: columnName,
  title: words,
  format: z
    .enum(['time', 'instant', 'text', 'count', 'decimal', 'share', 'milliseconds', 'seconds', 'bytes', 'usd'])
    .meta({ description: '`time` is the start of a bucket, `share` from 0 to 1' }),
});

const tone = z.enum(['good', 'warning', 'bad']);

const chart = z.strictObject({
  x: columnName.optional().meta({ description: 'Times or categories; of a trend its two periods' }),
  y: z.array(columnName).min(1).meta({ description: 'Figures' }),
  series: columnName.optional().meta({ description: 'One series for each value of this column' }),
  rows: columnName.optional().meta({ description: 'The vertical axis of a heat map' }),
  stacked: z.boolean().optional(),
  goal: z.number().optional().meta({ description: 'Of progress; elsewhere a line' }),
  min: z.number().optional(),
  max: z.number().optional(),
  segments: z
    .array(z.strictObject({ to: z.number(), tone }))
    .min(1)
    .optional()
    .meta({ description: 'Of a gauge, upwards from `min`' }),
  better: z.enum(['higher', 'lower']).optional().meta({ description: 'Of a trend: which way is good' }),
});

/** A trend has two rows: the period before, and this one. */
const display = z.enum(['line', 'area', 'bar', 'row', 'pie', 'scalar', 'trend', 'gauge', 'progress', 'heatmap', 'table']);

const layout = z.strictObject({
  column: z.int().min(0).max(23),
  row: z.int().min(0),
  width: z.int().min(1).max(24),
  height: z.int().min(1),
});

const card = z.strictObject({
  name,
  title: words,
  description: words.optional(),
  empty: words.optional().meta({ description: 'What to do where there are no rows' }),
  display,
  layout,
  columns: z.array(column).min(1),
  chart: chart.optional(),
});

const choice = z.strictObject({
  name: columnName,
  title: words,
  values: z.strictObject({ card: name, column: columnName }).meta({ description: 'Whose values are offered' }),
});
const window = z.strictObject({ name: z.enum(['from', 'to', 'interval']), title: words });

/** What `dashboard.json` may hold, and what the API says of a dashboard. */
export const definition = z.strictObject({
  audience: z.enum(['customer', 'operations', 'internal']),
  title: words,
  description: words,
  parameters: z.array(z.union([window, choice])),
  cards: z.array(card).min(1),
});

export type Words = z.infer<typeof words>;
export type Column = z.infer<typeof column>;
export type Parameter = z.infer<typeof window> | z.infer<typeof choice>;
export type Card = z.infer<typeof card> & { sql: string };
export type Dashboard = Omit<z.infer<typeof definition>, 'cards'> & { slug: string; cards: Card[] };

/** Every dashboard of a folder, by its slug. Throws an Error that names the file where one is not as it must be. */
export function loadDashboards(folder = new URL('../dashboards/', import.meta.url)): Map<string, Dashboard> {
  const slugs = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return new Map(slugs.map(({ name: slug }) => [slug, loadDashboard(new URL(`${slug}/`, folder), slug)]));
}

function loadDashboard(folder: URL, slug: string): Dashboard {
  const parsed = definition.safeParse(JSON.parse(readFileSync(new URL('dashboard.json', folder), 'utf8')));
  if (!name.safeParse(slug).success || !parsed.success) {
    throw new Error(`dashboards/${slug}/dashboard.json: ${parsed.error ? z.prettifyError(parsed.error) : 'not a slug'}`);
  }
  const cards = parsed.data.cards.map((found) => ({
    ...found,
    sql: readFileSync(new URL(`${found.name}.sql`, folder), 'utf8').trimEnd(),
  }));
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  const dashboard = { ...parsed.data, slug, cards };
  const faults = faultsOfDashboard(dashboard);
  if (files.length !== cards.length) faults.push('each .sql file is of one card, and each card has its own');
  if (faults.length > 0) throw new Error(`dashboards/${slug}: ${faults.join('; ')}`);
  return dashboard;
}

const isChoice = (parameter: Parameter): parameter is z.infer<typeof choice> => 'values' in parameter;

/** Which variables the cards of a dashboard may use. */
export function knownTo({ audience, parameters }: Pick<Dashboard, 'audience' | 'parameters'>): Known {
  const [choices, rest] = [parameters.filter(isChoice), parameters.filter((parameter) => !isChoice(parameter))];
  return {
    required: [...(audience === 'customer' ? ['grant'] : []), ...rest.map((parameter) => parameter.name)],
    optional: choices.map((parameter) => parameter.name),
  };
}

const FOLD_ROW = 12;
const MOST_ABOVE_FOLD = 7;
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

/** What is wrong with a dashboard as a whole, and with each of its cards. */
export function faultsOfDashboard(dashboard: Dashboard): string[] {
  const { audience, cards, parameters } = dashboard;
  const known = knownTo(dashboard);
  const faults = cards.flatMap((one) => [
    ...faultsOf(one.sql, audience, known).map((fault) => `${one.name}.sql ${fault}`),
    ...faultsOfChart(one).map((fault) => `${one.name} ${fault}`),
  ]);
  const names = cards.map((one) => one.name);
  if (new Set(names).size < names.length) faults.push('each card has a name of its own');
  const used = new Set(cards.flatMap((one) => variablesOf(one.sql)));
  for (const parameter of parameters) {
    if (!used.has(parameter.name)) faults.push(`no card uses the parameter ${parameter.name}`);
    if (!isChoice(parameter)) continue;
    const source = cards.find((one) => one.name === parameter.values.card);
    if (!source?.columns.some((one) => one.name === parameter.values.column)) {
      faults.push(`the values of ${parameter.name} come from no column`);
    }
    if (source && variablesOf(source.sql).includes(parameter.name)) {
      faults.push(`the values of ${parameter.name} come from a card that it narrows`);
    }
  }
  if (cards.filter((one) => one.layout.row < FOLD_ROW).length > MOST_ABOVE_FOLD) {
    faults.push(`at most ${MOST_ABOVE_FOLD} cards begin in the first ${FOLD_ROW} rows`);
  }
  for (const [index, one] of cards.entries()) {
    if (one.layout.column + one.layout.width > 24) faults.push(`${one.name} is wider than the grid of 24 columns`);
    const other = cards.slice(0, index).find((before) => overlap(before.layout, one.layout));
    if (other) faults.push(`${one.name} lies on ${other.name}`);
  }
  return faults;
}

type Layout = z.infer<typeof layout>;

const overlap = (a: Layout, b: Layout) =>
  a.column < b.column + b.width && b.column < a.column + a.width && a.row < b.row + b.height && b.row < a.row + a.height;

function faultsOfChart({ display: kind, chart: given, columns }: Card): string[] {
  if (kind === 'table') return given ? ['is a table and has no chart'] : [];
  if (!given) return [`is a ${kind} and needs a chart`];
  const missing = (NEEDS[kind] ?? []).filter((key) => given[key] === undefined);
  const named = [given.x, ...given.y, given.series, given.rows].filter((one) => one !== undefined);
  return [
    ...missing.map((key) => `is a ${kind} and its chart needs ${key}`),
    ...named.filter((one) => !columns.some((known) => known.name === one)).map((one) => `has no column ${one}`),
  ];
}
