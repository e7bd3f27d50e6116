import type { Columns } from '../../lib/parquet.ts';

type Column = {
  /** Type in the Parquet file. Identifiers and JSON are text, because not every reader knows better types for them. */
  parquet: string;
  /** SQL for the value's exact text, in PostgreSQL and in DuckDB. Equal values have the same text in both; null stays null. */
  inPostgres: string;
  inDuckDb: string;
};

const text = (name: string): Column => ({ parquet: 'varchar', ...measured(`${name}::text`, name) });
const instant = (name: string): Column => ({
  parquet: 'timestamptz',
  inPostgres: `(extract(epoch from ${name}) * 1000000)::bigint::text`,
  inDuckDb: `epoch_us(${name})::varchar`,
});

// Prefixed with its length, so that two different rows never have the same text.
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
  // The bits of the double, because PostgreSQL and DuckDB format doubles differently.
  duration_ms: {
    parquet: 'double',
    inPostgres: `('x' || encode(float8send(duration_ms), 'hex'))::bit(64)::text`,
    inDuckDb: 'duration_ms::bit::varchar',
  },
  bytes: { parquet: 'integer', inPostgres: 'bytes::text', inDuckDb: 'bytes::varchar' },
  // Hashed first, because these values are long.
  data: { parquet: 'varchar', inPostgres: 'md5(data::text)', inDuckDb: 'md5(data)' },
  attributes: { parquet: 'varchar', inPostgres: 'md5(attributes::text)', inDuckDb: 'md5(attributes)' },
};

/** Columns of an archived file, in order, with their types: those of private.events. */
export const ARCHIVE_COLUMNS: Columns = Object.fromEntries(
  Object.entries(COLUMNS).map(([name, { parquet }]) => [name, parquet]),
);

const rowHash = (texts: string[]) => `md5(${texts.map((one) => `coalesce(${one}, '-')`).join(` || ' ' || `)})`;

/** SQL for the MD5 of a row of private.events. Select it as `hash` to compute a digest. */
export const HASH_IN_POSTGRES = rowHash(Object.values(COLUMNS).map((column) => column.inPostgres));
export const HASH_IN_DUCKDB = rowHash(Object.values(COLUMNS).map((column) => column.inDuckDb));

/**
 * SQL for the digest of rows, in any order: two sums over 60 bits each of their hashes. The digest of a part can be subtracted,
 * so that the rest's digest is known before it is read.
 */
export const DIGEST_IN_POSTGRES = [1, 16]
  .map((from) => `coalesce(sum(('x' || substr(hash, ${from}, 15))::bit(60)::bigint), 0)::text`)
  .join(` || ' ' || `);
export const DIGEST_IN_DUCKDB = [1, 16]
  .map((from) => `coalesce(sum(('0x' || substr(hash, ${from}, 15))::bigint), 0)::varchar`)
  .join(` || ' ' || `);

/** The digest of the rest after the rows with the digest `part` are removed from those of `whole`. */
export function digestWithout(whole: string, part: string): string {
  const gone = part.split(' ').map(BigInt);
  return whole
    .split(' ')
    .map((sum, n) => String(BigInt(sum) - (gone[n] ?? 0n)))
    .join(' ');
}

/** SQL for archived rows from a JSON array text, with the columns and types of app.events. */
export function archivedRecords(json: string): string {
  return `select time::timestamptz, id::uuid, received_at::timestamptz, type, source, event_id, subject, outcome,
      duration_ms::double precision, bytes::integer, data::jsonb, attributes::jsonb
    from json_to_recordset(${json}::json) as r (time text, id text, received_at text, type text, source text, event_id text,
      subject text, outcome text, duration_ms text, bytes text, data text, attributes text)`;
}
