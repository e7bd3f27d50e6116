/** What can be exported; the columns of each stand below. */
export type Dataset = 'events' | 'metrics';

/** A column of an export, in the same place whatever the format. */
export type ExportColumn = {
  name: string;
  /** PostgreSQL's type of the value; in CSV each is written as text. */
  sql: 'uuid' | 'timestamptz' | 'text' | 'double precision' | 'integer' | 'jsonb';
  /** DuckDB's type to read that text as. */
  duckdb: 'TIMESTAMPTZ' | 'VARCHAR' | 'DOUBLE' | 'INTEGER' | 'JSON';
  /** Datatype of CSV on the Web. */
  csvw: 'string' | 'dateTimeStamp' | 'double' | 'integer' | 'json';
  description: string;
  /** Whether a cell may be empty, which is null. */
  nullable: boolean;
  /** What the value is counted in. */
  unit?: string;
};

type Kind = Pick<ExportColumn, 'sql' | 'duckdb' | 'csvw'>;

// As text in Parquet too: pandas would read a UUID as 16 bytes.
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
    always('id', UUID, 'Key of the event: its own id where that is a UUID, else one made from source and id.'),
    always('time', TIME, 'When it happened, as its sender says.'),
    always('received_at', TIME, 'When it was stored.'),
    always('type', TEXT, 'Event type.'),
    always('source', TEXT, 'Who sent it.'),
    always('event_id', TEXT, 'Its id as it was sent; unique among the events of one source.'),
    maybe('subject', TEXT, 'What or whom it is about; a pseudonym where its type says so.'),
    maybe('outcome', TEXT, 'success or failure.'),
    maybe('duration_ms', NUMBER, 'How long it took.', 'ms'),
    always('bytes', COUNT, 'Its size as it was sent.', 'bytes'),
    maybe('data', JSON_TEXT, 'What it says, as JSON; numbers keep the digits that were sent.'),
    maybe('attributes', JSON_TEXT, 'Its further CloudEvents attributes, as a JSON object.'),
  ],
  metrics: [
    always('metric', TEXT, 'Name of the metric, as in GET /v1/metrics.'),
    always('bucket', TIME, 'Start of the hour or UTC day.'),
    maybe('type', TEXT, 'Dimension: event type.'),
    maybe('outcome', TEXT, 'Dimension: success or failure.'),
    maybe('route', TEXT, 'Dimension: route of a request.'),
    maybe('marketplace', TEXT, 'Dimension: marketplace of a validation or correction.'),
    maybe('rule', TEXT, 'Dimension: rule of a validation or correction.'),
    maybe('value', NUMBER, 'The figure; empty where it is unknown, as an error rate without outcomes is.'),
    always('unit', TEXT, 'What the figure is counted in.'),
  ],
};

export const DATASETS = Object.keys(COLUMNS) as Dataset[];

/** Columns of a dataset, in the order of every format. */
export function columnsOf(dataset: Dataset): readonly ExportColumn[] {
  return COLUMNS[dataset];
}
