import { columnsOf, type Dataset, type ExportColumn } from './columns.ts';
import type { Csv } from './selection.ts';

/** What a reader of the CSV must know besides its columns. */
export type Dialect = Pick<Csv, 'delimiter' | 'decimal'>;

const KEYS: Record<Dataset, readonly string[]> = { events: ['time', 'id'], metrics: [] };

/**
 * Metadata of one CSV file as CSV on the Web has it (https://www.w3.org/TR/tabular-metadata/): types, units, what each column is.
 * `url` is where the file is, seen from where the metadata lie: its name, where they lie beside each other.
 */
export function csvwOf(dataset: Dataset, url: string, { delimiter, decimal }: Dialect): object {
  return {
    '@context': ['http://www.w3.org/ns/csvw', { '@language': 'en' }],
    url,
    dialect: {
      encoding: 'utf-8',
      delimiter,
      quoteChar: '"',
      doubleQuote: true,
      lineTerminators: ['\r\n'],
      header: true,
      headerRowCount: 1,
    },
    tableSchema: {
      columns: columnsOf(dataset).map((column) => columnOf(column, decimal)),
      ...(KEYS[dataset].length > 0 && { primaryKey: KEYS[dataset] }),
    },
  };
}

function columnOf({ name, csvw, description, nullable, unit }: ExportColumn, decimal: Csv['decimal']): object {
  return {
    name,
    titles: name,
    'dc:description': description,
    datatype: csvw === 'double' && decimal === ',' ? { base: csvw, format: { decimalChar: ',' } } : csvw,
    required: !nullable,
    ...(unit && { 'schema:unitText': unit }),
  };
}
