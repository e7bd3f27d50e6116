import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const words = z.strictObject({ en: z.string().min(1), 'pt-BR': z.string().min(1) });
const name = z.string().regex(/^[a-z][a-z0-9-]{0,49}$/);

const column = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  title: words,
  format: z.enum(['time', 'text', 'count', 'share', 'milliseconds']),
});

const card = z.strictObject({
  name,
  title: words,
  display: z.enum(['line', 'bar', 'row', 'table']),
  layout: z
    .strictObject({
      column: z.int().min(0).max(23),
      row: z.int().min(0),
      width: z.int().min(1).max(24),
      height: z.int().min(1),
    })
    .refine(({ column, width }) => column + width <= 24, 'is wider than the grid of 24 columns'),
  columns: z.array(column).min(1),
});

/** What `dashboard.json` may hold, and what the API says of a dashboard. */
export const definition = z.strictObject({
  audience: z.literal('customer'),
  title: words,
  description: words,
  parameters: z.array(z.strictObject({ name: z.enum(['from', 'to', 'interval']), title: words })),
  cards: z.array(card).min(1),
});

export type Words = z.infer<typeof words>;
export type Column = z.infer<typeof column>;
/** `text` takes the value of `variables[i]` as its `$i+1`. */
export type CardQuery = { text: string; variables: string[] };
export type Card = z.infer<typeof card> & { query: CardQuery };
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
  const known = ['grant', ...parsed.data.parameters.map((parameter) => parameter.name)];
  const cards = parsed.data.cards.map((found) => {
    const sql = readFileSync(new URL(`${found.name}.sql`, folder), 'utf8');
    const faults = faultsOf(sql, known);
    if (faults.length > 0) throw new Error(`dashboards/${slug}/${found.name}.sql ${faults.join('; ')}`);
    return { ...found, query: numbered(sql) };
  });
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  if (new Set(cards.map((found) => found.name)).size < cards.length || files.length !== cards.length) {
    throw new Error(`dashboards/${slug}: each .sql file is of one card, and each card has its own`);
  }
  return { ...parsed.data, slug, cards };
}

const VARIABLE = /\{\{([a-z_]+)\}\}/g;
const OTHER_SCHEMA =
  /\b(?:app|ops|door|private|storage|limits|bullmq|migrations|public|information_schema|pg_\w+|_?timescaledb\w*)\s*\./i;
// What may follow `from` and `join`: a function of bi with the grant as its first argument, or a query in brackets.
const SOURCE = /\b(?:from|join)\s+(?!bi\.[a-z_]+\(\{\{grant\}\}, |\(select\b)/i;

/** What is wrong with a customer's card. That it reads no table is held by the role it runs as; this says so before it runs. */
export function faultsOf(sql: string, known: readonly string[]): string[] {
  const variables = [...sql.matchAll(VARIABLE)].map(([, variable]) => variable as string);
  const literals = sql.split("'").filter((_, index) => index % 2 === 1);
  const rules: [boolean, string][] = [
    [!/^select\b/.test(sql), 'must be one select'],
    [/\[\[|\]\]/.test(sql), 'must have no optional part: every variable is required'],
    [/[{}$;"]|--|\/\*/.test(sql.replace(VARIABLE, '')), 'must not hold comments, semicolons, dollars, braces or quoted names'],
    [literals.some((text) => text.includes('{{')), 'must not hold a variable within a text'],
    [variables.some((variable) => !known.includes(variable)), `knows the variables ${known.join(', ')}`],
    [!/\bbi\.[a-z_]+\(/.test(sql), 'must call a function of bi'],
    [/\bbi\.(?![a-z_]+\(\{\{grant\}\}, )/i.test(sql), 'must begin each call of a function of bi with {{grant}}'],
    [SOURCE.test(sql) || OTHER_SCHEMA.test(sql), 'must read functions of bi only'],
  ];
  return rules.filter(([broken]) => broken).map(([, fault]) => fault);
}

function numbered(sql: string): CardQuery {
  const variables = [...new Set([...sql.matchAll(VARIABLE)].map(([, variable]) => variable as string))];
  return { text: sql.replace(VARIABLE, (_, variable: string) => `$${variables.indexOf(variable) + 1}`), variables };
}
