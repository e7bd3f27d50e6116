import { readdirSync, readFileSync } from 'node:fs';
import { trendOf } from '../../sql/dashboards/trends.ts';
import { type CardVariables, faultsOfTotals, variablesOf } from './card-query.ts';
import { type Card, type Dashboard, type DashboardFile, fileSchema, isChoice, name, sqlFileOf } from './definition.ts';
import { faultsOfDashboard } from './faults.ts';
import type { FixedParameters } from './query.ts';
import { readWords, type SharedWords } from './words.ts';

const SHIPPED = new URL('../../dashboards/', import.meta.url);

/** Returns the dashboards of a folder, by slug. Throws an Error with one line for each fault. */
export function loadDashboards(folder = SHIPPED): Map<string, Dashboard> {
  const { dashboards, faults } = readDashboards(folder);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return new Map(dashboards.map((dashboard) => [dashboard.slug, dashboard]));
}

/** Returns the dashboards of a folder, and one line for each fault, with its file. */
export function readDashboards(folder = SHIPPED): { dashboards: Dashboard[]; faults: string[] } {
  const slugs = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const words = readWords(folder);
  const read = slugs.map(({ name: slug }) => readDashboard(new URL(`${slug}/`, folder), slug, words));
  const dashboards = read.flatMap(({ dashboard }) => dashboard ?? []);
  // A file that cannot be read might use any of the texts.
  const unused = dashboards.length === slugs.length ? words.unused() : [];
  return { dashboards, faults: [...read.flatMap(({ faults }) => faults), ...words.faults, ...unused] };
}

function readDashboard(folder: URL, slug: string, words: SharedWords): { dashboard?: Dashboard; faults: string[] } {
  const files = readdirSync(folder);
  const read = (file: string) => readFileSync(new URL(file, folder), 'utf8');
  const named = (faults: string[]) => faults.map((fault) => `dashboards/${slug}/${fault}`);
  if (!files.includes('dashboard.json')) return { faults: named(['dashboard.json: is missing']) };
  const { file, faults: misread } = parseFile(read('dashboard.json'));
  if (!file) return { faults: named(misread.map((fault) => `dashboard.json: ${fault}`)) };
  const { filled, unknown } = words.fill(file);
  const own = [...new Set(filled.cards.map(sqlFileOf))];
  const missing = own.filter((one) => !files.includes(one));
  const strange = files.filter((one) => one !== 'dashboard.json' && !own.includes(one));
  const selects = new Map(own.map((one) => [one, missing.includes(one) ? '' : read(one).trimEnd()]));
  const totals = new Set(filled.cards.filter(({ query }) => query).map(sqlFileOf));
  const cards = filled.cards.map((one) => {
    const select = selects.get(sqlFileOf(one)) as string;
    return {
      ...one,
      sql: one.query
        ? trendOf(
            select,
            one.columns.map((column) => column.name),
          )
        : select,
    };
  });
  const dashboard = { ...filled, slug, cards };
  const faults = [
    ...(name.safeParse(slug).success ? [] : ['dashboard.json: the name of its folder is not a valid slug']),
    ...unknown.map((key) => `dashboard.json: words.json has no text ${key}`),
    ...missing.map((one) => `${one}: is missing`),
    ...strange.map((one) => `${one}: belongs to no card`),
  ];
  if (missing.length === 0) {
    for (const one of totals) faults.push(...faultsOfTotals(selects.get(one) as string).map((fault) => `${one}: ${fault}`));
    faults.push(...faultsOfDashboard(dashboard, knownTo(dashboard)));
  }
  return { dashboard, faults: named([...new Set(faults)]) };
}

function parseFile(text: string): { file?: DashboardFile; faults: string[] } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return { faults: [(error as Error).message] };
  }
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`) };
  }
  const { $schema: _, ...file } = parsed.data;
  return { file, faults: [] };
}

/**
 * Returns the cards of a link that fixes these parameters. Leaves out cards that a fixed choice cannot narrow, because they
 * would show what the link hides. The card that offers the values of the choice stays, with their rows (`rowsFor`).
 */
export function cardsFor({ cards, parameters }: Dashboard, locked: FixedParameters): Card[] {
  const fixed = parameters.filter(isChoice).filter(({ name }) => Object.hasOwn(locked, name));
  return cards.filter((one) =>
    fixed.every(({ name, values }) => values.card === one.name || variablesOf(one.sql).includes(name)),
  );
}

/** Returns the rows of a card that a link with these fixed parameters may show. */
export function rowsFor<Row extends Record<string, unknown>>(
  { parameters }: Dashboard,
  { name }: Card,
  locked: FixedParameters,
  rows: Row[],
): Row[] {
  const sources = parameters.filter(isChoice).filter((one) => one.values.card === name && Object.hasOwn(locked, one.name));
  return rows.filter((row) => sources.every((one) => [locked[one.name]].flat().includes(row[one.values.column] as string)));
}

/** Whether these parameters fix a choice. */
export const fixesChoice = ({ parameters }: Dashboard, given: FixedParameters): boolean =>
  parameters.filter(isChoice).some(({ name }) => Object.hasOwn(given, name));

/** Returns the variables that the cards of a dashboard may use. */
export function knownTo({ audience, parameters }: Pick<Dashboard, 'audience' | 'parameters'>): CardVariables {
  const [choices, rest] = [parameters.filter(isChoice), parameters.filter((parameter) => !isChoice(parameter))];
  return {
    required: [...(audience === 'customer' ? ['grant'] : []), ...rest.map((parameter) => parameter.name)],
    optional: choices.map((parameter) => parameter.name),
  };
}
