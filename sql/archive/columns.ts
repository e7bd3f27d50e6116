import type { Columns } from '../../lib/parquet.ts';

type Column = {
  /** Type in the Parquet file. Identifiers and JSON are text, because not every reader knows better types for them. */
  parquet: string;
  /** The value's exact text, in PostgreSQL and in DuckDB: the same value gives the same text in both, and null gives null. */
  inPostgres: string;
  inDuckDb: string;
};

const text = (name: string): Column => ({ parquet: 'varchar', ...measured(`${name}::text`, name) });
const instant = (name: string): Column => ({
  parquet: 'timestamptz',
  inPostgres: `(extract(epoch from ${name}) * 1000000)::bigint::text`,
  inDuckDb: `epoch_us(${name})::varchar`,
});

// With its length before it, so that no two rows have the same text by what their texts hold.
function measured(postgres: string, duckDb: string) {
  return {
    inPostgres: `(octet_length(${postgres}) || ':' || ${postgres})`,
    inDuckDb: `(strlen(${duckDb}) || ':' || ${duckDb})`,
  };
}

const COLUMNS: Record<string, Column> = {
  tenant_id: text('tenant_id'),
  time: instant('time'),
  id: text('id'),
  received_at: instant('received_at'),
  type: text('type'),
  source: text('source'),
  event_id: text('event_id'),
  subject: text('subject'),
  outcome: text('outcome'),
  // Its bits: the two write a double in different ways.
  duration_ms: {
    parquet: 'double',
    inPostgres: `('x' || encode(float8send(duration_ms), 'hex'))::bit(64)::text`,
    inDuckDb: 'duration_ms::bit::varchar',
  },
  bytes: { parquet: 'integer', inPostgres: 'bytes::text', inDuckDb: 'bytes::varchar' },
  // Long, and read once so.
  data: { parquet: 'varchar', inPostgres: 'md5(data::text)', inDuckDb: 'md5(data)' },
  attributes: { parquet: 'varchar', inPostgres: 'md5(attributes::text)', inDuckDb: 'md5(attributes)' },
};

/** The columns of an archived file, in order, with their types: those of private.events. */
export const ARCHIVE_COLUMNS: Columns = Object.fromEntries(
  Object.entries(COLUMNS).map(([name, { parquet }]) => [name, parquet]),
);

const rowHash = (texts: string[]) => `md5(${texts.map((one) => `coalesce(${one}, '-')`).join(` || ' ' || `)})`;

/** The MD5 of a row of private.events, for the select list that a digest is made over as `hash`. */
export const HASH_IN_POSTGRES = rowHash(Object.values(COLUMNS).map((column) => column.inPostgres));
export const HASH_IN_DUCKDB = rowHash(Object.values(COLUMNS).map((column) => column.inDuckDb));

/**
 * The digest of rows, in whatever order: two sums over 60 bits each of their hashes. That of a part taken away can be subtracted, so
 * that what is left is known before it is looked at.
 */
export const DIGEST_IN_POSTGRES = [1, 16]
  .map((from) => `coalesce(sum(('x' || substr(hash, ${from}, 15))::bit(60)::bigint), 0)::text`)
  .join(` || ' ' || `);
export const DIGEST_IN_DUCKDB = [1, 16]
  .map((from) => `coalesce(sum(('0x' || substr(hash, ${from}, 15))::bigint), 0)::varchar`)
  .join(` || ' ' || `);

/** The digest of what is left when the rows of the digest `part` have gone from those of `whole`. */
export function digestWithout(whole: string, part: string): string {
  const gone = part.split(' ').map(BigInt);
  return whole
    .split(' ')
    .map((sum, n) => String(BigInt(sum) - (gone[n] ?? 0n)))
    .join(' ');
}

/** Archived rows, given as the text of a JSON array, with the columns and types of app.events. */
export function archivedRecords(json: string): string {
  return `select time::timestamptz, id::uuid, received_at::timestamptz, type, source, event_id, subject, outcome,
      duration_ms::double precision, bytes::integer, data::jsonb, attributes::jsonb
    from json_to_recordset(${json}::json) as r (time text, id text, received_at text, type text, source text, event_id text,
      subject text, outcome text, duration_ms text, bytes text, data text, attributes text)`;
}
