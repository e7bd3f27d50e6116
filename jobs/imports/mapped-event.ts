import { type Mapping, mappingSchema } from '../../sql/imports/mapping.ts';
import type { ImportDocument } from './importer.ts';
import { Rejected } from './outcomes.ts';

const MEMBERS = ['type', 'id', 'time', 'subject', 'source'] as const;

/** The mapping of a document; one that says nothing if there is none. */
export function mappingOf({ mapping }: ImportDocument): Mapping {
  const { data, error } = mappingSchema.safeParse(mapping ?? {});
  if (error) throw new Rejected('invalid-mapping', `The mapping is not valid: ${error.issues[0]?.message}.`);
  return data;
}

/** Makes events of rows that have these columns. Throws Rejected if a mapped column is missing. */
export function eventMaker(mapping: Mapping, columns: readonly string[]): (cell: (column: string) => unknown) => string {
  const known = new Set(columns);
  const used = new Set<string>();
  const sources = MEMBERS.flatMap((member) => {
    const from = mapping[member] ?? (known.has(member) ? member : undefined);
    if (from === undefined) return [];
    if (typeof from === 'string') used.add(from);
    return [[member, from] as const];
  });
  const data = mapping.data
    ? Object.entries(mapping.data)
    : columns.filter((column) => !used.has(column)).map((column) => [column, column] as const);
  const asked = [...used, ...Object.values(mapping.data ?? {}), ...(mapping.numbers ?? [])];
  const missing = asked.find((column) => !known.has(column));
  if (missing !== undefined) {
    throw new Rejected(
      'column-missing',
      `The mapping names the column ${missing.slice(0, 100)}, which the document does not have.`,
    );
  }
  if (!sources.some(([member]) => member === 'type')) {
    throw new Rejected('type-missing', 'No column is called type. Send a mapping that says which type the events have.');
  }
  const numbers = new Set(mapping.numbers);
  return (cell) => {
    const event: Record<string, unknown> = { specversion: '1.0' };
    for (const [member, from] of sources) {
      const value = typeof from === 'string' ? cell(from) : from.value;
      if (value !== undefined && value !== null && value !== '')
        event[member] = typeof value === 'number' ? String(value) : value;
    }
    event.data = Object.fromEntries(
      data.map(([name, column]) => [name, numbers.has(column) ? numberOf(cell(column)) : cell(column)]),
    );
    return JSON.stringify(event);
  };
}

// What is no number stays text, so that nothing is lost; the schema of the type can refuse it. An empty cell is no value.
function numberOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  if (text === '') return null;
  return /^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/.test(text) ? Number(text) : value;
}
