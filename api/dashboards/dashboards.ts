import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { readInput } from '../../lib/input-faults.ts';
import { type CardVariables, variablesOf } from './card-query.ts';
import { faultsOfDashboard } from './faults.ts';

const words = z.strictObject({ en: z.string().min(1), 'pt-BR': z.string().min(1) });
const name = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/);
const columnName = z.string().regex(/^[a-z][a-z0-9_]*$/);

const column = z.strictObject({
  name: columnName,
  title: words,
  format: z
    .enum(['time', 'instant', 'text', 'word', 'period', 'count', 'decimal', 'share', 'milliseconds', 'seconds', 'bytes', 'usd'])
    .meta({
      description:
        '`time` is the start of a bucket, `word` one of the platform that pages translate, `period` an ISO week or month, `share` from 0 to 1',
    }),
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
  interval: z
    .enum(['week', 'month'])
    .optional()
    .meta({ description: 'Width of the buckets of `x` where it is always the same' }),
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

/** What stands in a file: the definition, and the name of the schema that an editor checks it with. */
export const fileSchema = definition.extend({ $schema: z.literal('../schema.json') });

const SHIPPED = new URL('../../dashboards/', import.meta.url);

/** Every dashboard of a folder, by its slug. Throws an Error that names all that is wrong. */
export function loadDashboards(folder = SHIPPED): Map<string, Dashboard> {
  const { dashboards, faults } = readDashboards(folder);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return new Map(dashboards.map((dashboard) => [dashboard.slug, dashboard]));
}

/** The dashboards of a folder, and one line with its file for everything that is wrong with them. */
export function readDashboards(folder = SHIPPED): { dashboards: Dashboard[]; faults: string[] } {
  const slugs = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const read = slugs.map(({ name: slug }) => readDashboard(new URL(`${slug}/`, folder), slug));
  return { dashboards: read.flatMap(({ dashboard }) => dashboard ?? []), faults: read.flatMap(({ faults }) => faults) };
}

function readDashboard(folder: URL, slug: string): { dashboard?: Dashboard; faults: string[] } {
  const files = readdirSync(folder);
  const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
  const named = (faults: string[]) => faults.map((fault) => `dashboards/${slug}/${fault}`);
  if (!files.includes('dashboard.json')) return { faults: named(['dashboard.json: The file is missing.']) };
  let content: unknown;
  try {
    content = JSON.parse(read('dashboard.json'));
  } catch (error) {
    return { faults: named([`dashboard.json: ${(error as Error).message}`]) };
  }
  const parsed = readInput(fileSchema, content, { whole: 'The file' });
  if (parsed.faults) return { faults: named(parsed.faults.map(({ detail }) => `dashboard.json: ${detail}`)) };
  const { $schema: _, ...found } = parsed.data;
  const own = found.cards.map((one) => `${one.name}.sql`);
  const missing = own.filter((file) => !files.includes(file)).map((file) => `${file}: the file is missing`);
  const strange = files.filter((file) => file !== 'dashboard.json' && !own.includes(file));
  const cards = found.cards.map((one) => ({
    ...one,
    sql: files.includes(`${one.name}.sql`) ? read(`${one.name}.sql`).trimEnd() : '',
  }));
  const dashboard = { ...found, slug, cards };
  const faults = [
    ...(name.safeParse(slug).success ? [] : ['dashboard.json: the name of its folder is not a valid slug']),
    ...missing,
    ...strange.map((file) => `${file}: no card has this name`),
    ...(missing.length > 0 ? [] : faultsOfDashboard(dashboard, knownTo(dashboard))),
  ];
  return { dashboard, faults: named(faults) };
}

const isChoice = (parameter: Parameter): parameter is z.infer<typeof choice> => 'values' in parameter;

/**
 * The cards of a link that fixes these parameters. Where a choice is fixed, those that it cannot narrow are left out: they would
 * show what the link keeps back. The one that the choice's values come from stays, with its one row (`rowsFor`).
 */
export function cardsFor({ cards, parameters }: Dashboard, locked: Record<string, string>): Card[] {
  const fixed = parameters.filter(isChoice).filter(({ name }) => Object.hasOwn(locked, name));
  return cards.filter((one) =>
    fixed.every(({ name, values }) => values.card === one.name || variablesOf(one.sql).includes(name)),
  );
}

/** Rows of a card as a link may show them that fixes these parameters. */
export function rowsFor<Row extends Record<string, unknown>>(
  { parameters }: Dashboard,
  { name }: Card,
  locked: Record<string, string>,
  rows: Row[],
): Row[] {
  const sources = parameters.filter(isChoice).filter((one) => one.values.card === name && Object.hasOwn(locked, one.name));
  return rows.filter((row) => sources.every((one) => row[one.values.column] === locked[one.name]));
}

/** Whether these parameters fix a choice. */
export const fixesChoice = ({ parameters }: Dashboard, given: Record<string, string>): boolean =>
  parameters.filter(isChoice).some(({ name }) => Object.hasOwn(given, name));

/** Which variables the cards of a dashboard may use. */
export function knownTo({ audience, parameters }: Pick<Dashboard, 'audience' | 'parameters'>): CardVariables {
  const [choices, rest] = [parameters.filter(isChoice), parameters.filter((parameter) => !isChoice(parameter))];
  return {
    required: [...(audience === 'customer' ? ['grant'] : []), ...rest.map((parameter) => parameter.name)],
    optional: choices.map((parameter) => parameter.name),
  };
}
