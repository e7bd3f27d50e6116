import type { TenantManifest } from './manifest.ts';

type Table = TenantManifest['tables'][number];

// By PostgreSQL type: the type of standard SQL that any database accepts, DuckDB's type for Parquet, and JSON Schema's.
const TYPES: Record<string, [standard: string, duckdb: string, json: object]> = {
  uuid: ['varchar(36)', 'VARCHAR', { type: 'string', format: 'uuid' }],
  text: ['text', 'VARCHAR', { type: 'string' }],
  'timestamp with time zone': ['timestamp with time zone', 'TIMESTAMPTZ', { type: 'string', format: 'date-time' }],
  date: ['date', 'DATE', { type: 'string', format: 'date' }],
  boolean: ['boolean', 'BOOLEAN', { type: 'boolean' }],
  smallint: ['smallint', 'SMALLINT', { type: 'integer' }],
  integer: ['integer', 'INTEGER', { type: 'integer' }],
  bigint: ['bigint', 'BIGINT', { type: 'integer' }],
  numeric: ['numeric(38, 0)', 'DECIMAL(38, 0)', { type: 'integer' }],
  'double precision': ['double precision', 'DOUBLE', { type: 'number' }],
  jsonb: ['text', 'JSON', { description: 'JSON' }],
  json: ['text', 'JSON', { description: 'JSON' }],
  bytea: ['text', 'VARCHAR', { type: 'string', description: 'Bytes as hexadecimal digits after \\x' }],
};
const OTHER: [string, string, object] = ['text', 'VARCHAR', { type: 'string', description: 'As PostgreSQL writes it' }];

const typeOf = (type: string) => TYPES[type] ?? OTHER;

/** The DuckDB types of a table's columns. */
export const duckDbTypes = ({ columns }: Pick<Table, 'columns'>) =>
  Object.fromEntries(columns.map(({ name, type }) => [name, typeOf(type)[1]]));

/** SQL that creates the tables in any SQL database, with standard types, to load the CSV files into. */
export function schemaSql(tables: Table[]): string {
  const statements = tables.map(({ name, description, columns, key }) => {
    const lines = columns.map((column) => {
      const mandatory = column.nullable ? '' : ' not null';
      return `    ${quoted(column.name)} ${typeOf(column.type)[0]}${mandatory}`;
    });
    // Dimensions of a roll-up may be null, which a primary key does not allow.
    const unique = key.length > 0 && columns.every((column) => !key.includes(column.name) || !column.nullable);
    if (unique) lines.push(`    primary key (${key.map(quoted).join(', ')})`);
    const about = description ? `-- ${description.replaceAll('\n', ' ')}\n` : '';
    return `${about}create table ${quoted(name)} (\n${lines.join(',\n')}\n);`;
  });
  return `${statements.join('\n\n')}\n`;
}

const quoted = (name: string) => `"${name}"`;

/** One JSON Schema for a row of each table. */
export function jsonSchemas(tables: Table[]): string {
  const rows = tables.map(({ name, description, columns }) => [
    name,
    {
      ...(description && { description }),
      type: 'object',
      properties: Object.fromEntries(
        columns.map((column) => [
          column.name,
          { ...typeOf(column.type)[2], ...(column.description && { title: column.description }) },
        ]),
      ),
      required: columns.filter(({ nullable }) => !nullable).map(({ name }) => name),
    },
  ]);
  const document = { $schema: 'https://json-schema.org/draft/2020-12/schema', $defs: Object.fromEntries(rows) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The README of the folder. */
export function readme({ tenant, made_at, tables, left, objects }: TenantManifest, parquet: boolean): string {
  const listed = tables.map(({ name, kind, rows }) => `| ${name} | ${kind} | ${rows} |`).join('\n');
  const reasons = Object.entries(left).map(([name, reason]) => `- ${name}: ${reason}`);
  return `# ${tenant.name} (${tenant.slug})

All data of this tenant in Mirante at ${made_at}, in one snapshot.

- \`tables/*.csv\`: RFC 4180, UTF-8, with a header; an empty cell is null, \`""\` is an empty text. Times have their offset, JSON and bytes
  (hexadecimal after \`\\x\`) are texts, numbers have all their digits.
- \`schema.sql\`: the same tables in standard SQL. \`schema.json\`: a JSON Schema for the rows of each.
${parquet ? '- `parquet/*.parquet`: the same tables as Parquet (zstd).\n' : ''}${
  objects.length > 0
    ? '- `objects/`: archived raw events as they are in the object store, Parquet with the columns of the table events.\n'
    : ''
}- \`manifest.json\`: versions, rows of each table, bytes and SHA-256 of each file.

Into another Mirante: \`mirante import-all <this folder>\`. Into PostgreSQL: \`psql -f schema.sql\`, then for each table
\`\\copy "events" from tables/events.csv (format csv, header)\`. Into DuckDB: \`.read schema.sql\`, then
\`copy events from 'tables/events.csv' (header, allow_quoted_nulls false)\`.

Not included:
${reasons.join('\n')}

| table | kind | rows |
|---|---|---|
${listed}
`;
}
