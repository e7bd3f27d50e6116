import { literal, PARQUET, readCsv } from '../../lib/parquet.ts';
import { ARCHIVE_COLUMNS, DIGEST_IN_DUCKDB, HASH_IN_DUCKDB } from './columns.ts';
import type { Group } from './groups.ts';

/** Runs a DuckDB statement; see withDuckDb(). */
export type Run = (sql: string) => Promise<Record<string, unknown>[]>;

const NAMES = Object.keys(ARCHIVE_COLUMNS).join(', ');

const toParquet = (query: string, path: string) => `copy (${query}) to ${literal(path)} (${PARQUET})`;

/** Writes events to a Parquet file. `slices` are CSV files in the order of the key. */
export async function writeEvents(run: Run, slices: string[], path: string): Promise<void> {
  await run("set timezone = 'UTC'");
  await run(toParquet(`from ${readCsv(slices, ARCHIVE_COLUMNS)}`, path));
}

/** The groups of a file, as groupsBefore() returns them for the database: one group, or none if the file is empty. */
export async function groupsOfFile(run: Run, path: string, filter = 'true'): Promise<Group[]> {
  await run("set timezone = 'UTC'");
  const rows = await run(
    `select tenant_id, type, strftime(day, '%Y-%m-%d') as day, count(*)::double as rows, ${DIGEST_IN_DUCKDB} as digest,
       min(time)::varchar as first_time, max(time)::varchar as last_time, min(received_at)::varchar as first_received_at,
       max(received_at)::varchar as last_received_at
     from (
       select tenant_id, type, (epoch_us(time) // 86400000000) as number, make_timestamp(number * 86400000000) as day, time, received_at,
         ${HASH_IN_DUCKDB} as hash
       from read_parquet(${literal(path)}, hive_partitioning = false) where ${filter}
     )
     group by tenant_id, type, day`,
  );
  return rows as Group[];
}

/** Condition for rows about a person: the identifier or its pseudonym, as in sql/privacy/places.ts. */
export const aboutPerson = (subject: string, hash: string) =>
  `(coalesce(subject in (${literal(subject)}, ${literal(hash)}), false) or coalesce(contains(data, ${literal(hash)}), false)
    or coalesce(contains(attributes, ${literal(hash)}), false))`;

/** Rewrites a file without the rows that match `filter`; the others keep their order. */
export async function writeWithout(run: Run, path: string, filter: string, to: string): Promise<void> {
  await run(
    toParquet(`select ${NAMES} from read_parquet(${literal(path)}, hive_partitioning = false) where not ${filter}`, to),
  );
}

/** Converts a file to CSV for PostgreSQL's `copy … from`: an unquoted empty cell is null. */
export async function writeCsv(run: Run, path: string, to: string): Promise<void> {
  await run("set timezone = 'UTC'");
  await run(
    `copy (select ${NAMES} from read_parquet(${literal(path)}, hive_partitioning = false)) to ${literal(to)}
       (format csv, header false, delimiter ',', quote '"', escape '"', nullstr '', force_quote (tenant_id, id, type, source, event_id, subject, outcome, data, attributes))`,
  );
}
