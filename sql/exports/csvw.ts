import { columnsOf, type Dataset, type ExportColumn } from './columns.ts';
import type { Csv } from './selection.ts';

/** What a reader must know of a CSV besides its columns. */
export type Dialect = Pick<Csv, 'delimiter' | 'decimal'>;

const KEYS: Record<Dataset, readonly string[]> = {
  events: ['time', 'id'],
  metrics: [],
  test_results: ['student_id', 'test_id'],
};

/**
 * CSV on the Web metadata of one CSV file (https://www.w3.org/TR/tabular-metadata/): types, units and descriptions of its
 * columns. `url` is the file's URL relative to the metadata: its name, if both are in one folder.
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
