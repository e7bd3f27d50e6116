import { z } from 'zod';

/** A text in each language. */
export const words = z.strictObject({ en: z.string().min(1), 'pt-BR': z.string().min(1) });
/** Name of a card, a folder or an SQL file. */
export const name = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/);
const columnName = z.string().regex(/^[a-z][a-z0-9_]*$/);

const format = z
  .enum(['time', 'instant', 'text', 'word', 'period', 'count', 'decimal', 'share', 'milliseconds', 'seconds', 'bytes', 'usd'])
  .meta({
    description:
      '`time` is the start of a bucket, `word` one of the platform that pages translate, `period` an ISO week or month, `share` from 0 to 1',
  });

const tone = z.enum(['good', 'warning', 'bad']);

const chart = z.strictObject({
  x: columnName.optional().meta({ description: 'Times or categories; of a trend its two windows' }),
  y: z.array(columnName).min(1).meta({ description: 'Numbers to draw' }),
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
  better: z.enum(['higher', 'lower']).optional().meta({ description: 'Of a trend: which direction is good' }),
});

/** A trend has two rows: the window before, and this one. */
const display = z.enum(['line', 'area', 'bar', 'row', 'pie', 'scalar', 'trend', 'gauge', 'progress', 'heatmap', 'table']);

const layout = z.strictObject({
  column: z.int().min(0).max(23),
  row: z.int().min(0),
  width: z.int().min(1).max(24),
  height: z.int().min(1),
});

const windowName = z.enum(['from', 'to', 'interval']);
const values = z
  .strictObject({ card: name, column: columnName })
  .meta({ description: 'The card and column whose values are offered' });

const columnOf = <Text extends z.ZodType>(text: Text) => z.strictObject({ name: columnName, title: text, format });
const windowOf = <Text extends z.ZodType>(text: Text) => z.strictObject({ name: windowName, title: text });
const choiceOf = <Text extends z.ZodType>(text: Text) => z.strictObject({ name: columnName, title: text, values });
const cardOf = <Text extends z.ZodType>(text: Text) =>
  z.strictObject({
    name,
    title: text,
    description: text.optional(),
    empty: text.optional().meta({ description: 'What to do if there are no rows' }),
    display,
    layout,
    columns: z.array(columnOf(text)).min(1),
    chart: chart.optional(),
  });
const dashboardOf = <Text extends z.ZodType, One extends z.ZodType>(text: Text, card: One) =>
  z.strictObject({
    audience: z.enum(['customer', 'operations', 'internal']),
    needs: z.enum(['test-results']).optional().meta({ description: 'Lists show it only to tenants that have such data' }),
    title: text,
    description: text,
    parameters: z.array(z.union([windowOf(text), choiceOf(text)])),
    cards: z.array(card).min(1),
  });

/** A dashboard as the API shows it. */
export const definition = dashboardOf(words, cardOf(words));

/** In a file, a text is written in place or is a name from `words.json`. */
const text = z
  .union([name, words])
  .meta({ id: 'text', description: 'A text in both languages, or the name of one in words.json' });
const query = name.optional().meta({
  description: 'Of a trend: the SQL file, without `.sql`, whose select runs for both windows. Several cards may share it',
});

/** The content of `dashboard.json`. `$schema` names the schema that editors use to check it. */
export const fileSchema = dashboardOf(text, cardOf(text).extend({ query })).extend({ $schema: z.literal('../schema.json') });

/** The content of `words.json`: shared texts by name. */
export const wordsSchema = z.strictObject({ $schema: z.literal('./words.schema.json') }).catchall(words);

export type Words = z.infer<typeof words>;
export type Column = z.infer<ReturnType<typeof columnOf<typeof words>>>;
export type Choice = z.infer<ReturnType<typeof choiceOf<typeof words>>>;
export type Parameter = z.infer<typeof definition>['parameters'][number];
/** `sql` is the query that runs; `query` names its file if that is not the card's own. */
export type Card = z.infer<typeof definition>['cards'][number] & { query?: string | undefined; sql: string };
export type Dashboard = Omit<z.infer<typeof definition>, 'cards'> & { slug: string; cards: Card[] };
export type DashboardFile = Omit<z.infer<typeof fileSchema>, '$schema'>;

/** Whether a reader may leave the parameter open and chooses its value among those that a card offers. */
export const isChoice = (parameter: Parameter): parameter is Choice => 'values' in parameter;

/** Returns the name of the file with a card's SQL. */
export const sqlFileOf = ({ name, query }: Pick<Card, 'name' | 'query'>): string => `${query ?? name}.sql`;
