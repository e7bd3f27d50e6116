/** What can be exported. */
export type Dataset = 'events' | 'metrics' | 'test_results';

/** A column of an export, in the same position in every format. */
export type ExportColumn = {
  name: string;
  /** PostgreSQL type of the value. In CSV each is written as text. */
  sql: 'uuid' | 'timestamptz' | 'text' | 'double precision' | 'integer' | 'jsonb';
  /** DuckDB type to read that text as. */
  duckdb: 'TIMESTAMPTZ' | 'VARCHAR' | 'DOUBLE' | 'INTEGER' | 'JSON';
  /** Datatype of CSV on the Web. */
  csvw: 'string' | 'dateTimeStamp' | 'double' | 'integer' | 'json';
  description: string;
  /** Whether a cell may be empty. An empty cell is null. */
  nullable: boolean;
  /** Unit of the value. */
  unit?: string;
};

type Kind = Pick<ExportColumn, 'sql' | 'duckdb' | 'csvw'>;

// Text in Parquet too: pandas would read a UUID as 16 bytes.
const UUID: Kind = { sql: 'uuid', duckdb: 'VARCHAR', csvw: 'string' };
const TIME: Kind = { sql: 'timestamptz', duckdb: 'TIMESTAMPTZ', csvw: 'dateTimeStamp' };
const TEXT: Kind = { sql: 'text', duckdb: 'VARCHAR', csvw: 'string' };
const NUMBER: Kind = { sql: 'double precision', duckdb: 'DOUBLE', csvw: 'double' };
const COUNT: Kind = { sql: 'integer', duckdb: 'INTEGER', csvw: 'integer' };
const JSON_TEXT: Kind = { sql: 'jsonb', duckdb: 'JSON', csvw: 'json' };

const always = (name: string, kind: Kind, description: string, unit?: string): ExportColumn => ({
  name,
  ...kind,
  description,
  nullable: false,
  ...(unit && { unit }),
});
const maybe = (name: string, kind: Kind, description: string, unit?: string): ExportColumn => ({
  ...always(name, kind, description, unit),
  nullable: true,
});

const COLUMNS: Record<Dataset, readonly ExportColumn[]> = {
  events: [
    always('id', UUID, 'Key of the event: its id if that is a UUID, else a UUID derived from source and id.'),
    always('time', TIME, 'Time of the event, as sent.'),
    always('received_at', TIME, 'Time at which the event was stored.'),
    always('type', TEXT, 'Event type.'),
    always('source', TEXT, 'Source of the event.'),
    always('event_id', TEXT, 'Id of the event as sent; unique for each source.'),
    maybe('subject', TEXT, 'Subject of the event; a pseudonym if the event type says so.'),
    maybe('outcome', TEXT, 'success or failure.'),
    maybe('duration_ms', NUMBER, 'Duration of the event.', 'ms'),
    always('bytes', COUNT, 'Size of the event as sent.', 'bytes'),
    maybe('data', JSON_TEXT, 'Data of the event as JSON; numbers keep the digits that were sent.'),
    maybe('attributes', JSON_TEXT, 'Other CloudEvents attributes, as a JSON object.'),
  ],
  metrics: [
    always('metric', TEXT, 'Name of the metric, as in GET /v1/metrics.'),
    always('bucket', TIME, 'Start of the hour or UTC day.'),
    maybe('type', TEXT, 'Dimension: event type.'),
    maybe('outcome', TEXT, 'Dimension: success or failure.'),
    maybe('route', TEXT, 'Dimension: route of a request.'),
    maybe('marketplace', TEXT, 'Dimension: marketplace of a validation or correction.'),
    maybe('rule', TEXT, 'Dimension: rule of a validation or correction.'),
    maybe('value', NUMBER, 'Value of the metric; empty if unknown, e.g. an error rate without outcomes.'),
    always('unit', TEXT, 'Unit of the value.'),
  ],
  test_results: [
    always('student_id', TEXT, 'Student number, as documents have it; leading zeros are part of it.'),
    always('test_id', TEXT, 'Id of the test.'),
    always('available_points', COUNT, 'Marks available.'),
    always('obtained_points', COUNT, 'Marks obtained.'),
    always('origins_import_vault', JSON_TEXT, 'Ids of the documents with scans of this student and test, as a JSON list.'),
    maybe('date_of_test', TIME, 'When the best scan was made.'),
    always('updated_on', TIME, 'When the marks or the date last changed. The window of an export is of this time.'),
  ],
};

export const DATASETS = Object.keys(COLUMNS) as Dataset[];

/** Columns of a dataset, in the order that every format uses. */
export function columnsOf(dataset: Dataset): readonly ExportColumn[] {
  return COLUMNS[dataset];
}
