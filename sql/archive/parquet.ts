import { literal, PARQUET, readCsv } from '../../lib/parquet.ts';
import { isParticular, spellingsOf, wordPattern } from '../../lib/people.ts';
import { particularPattern } from '../events/about.ts';
import { type FieldsOf, isNamedInData } from '../privacy/matching.ts';
import type { Person } from '../privacy/place.ts';
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

const TEXTS = ['type', 'source', 'event_id', 'attributes'];

/** Condition for rows about a person by the envelope or by the pseudonym, as ABOUT is in sql/events/about.ts. */
function byEnvelope(subject: string, hash: string): string {
  const pattern = particularPattern(subject);
  const hashed = ['data', 'attributes', 'source', 'event_id'].map((name) => `contains(${name}, ${literal(hash)})`);
  const plain = pattern === null ? [] : TEXTS.map((name) => `regexp_matches(${name}, ${literal(pattern)}, 'i')`);
  return [`subject in (${literal(subject)}, ${literal(hash)})`, ...hashed, ...plain]
    .map((one) => `coalesce(${one}, false)`)
    .join(' or ');
}

// Whether `data` holds the identifier at all. isNamedInData() says whether in a position that identifies people.
function byData(subject: string): string {
  const pattern = particularPattern(subject);
  const plain = `contains(data, ${literal(JSON.stringify(subject).slice(1, -1))})`;
  return `coalesce(${plain}${pattern === null ? '' : ` or regexp_matches(data, ${literal(pattern)}, 'i')`}, false)`;
}

/** Condition for rows that may be about a person; isArchivedAbout() decides. */
export const mayBeAbout = (subject: string, hash: string) => `(${byEnvelope(subject, hash)} or ${byData(subject)})`;

/** Condition for the rows of one file that are about a person, in positions that identify people. */
export async function aboutPerson(run: Run, path: string, person: Person, fieldsOf: FieldsOf): Promise<string> {
  const byNow = byEnvelope(person.subject, person.hash);
  const rows = await run(
    `select ${KEY} as key, type, data from read_parquet(${literal(path)}, hive_partitioning = false)
     where ${byData(person.subject)} and not (${byNow})`,
  );
  const keys = rows
    .filter(({ type, data }) => isNamedInData(String(type), String(data), person, fieldsOf))
    .map((row) => literal(String(row.key)));
  return keys.length === 0 ? `(${byNow})` : `(${byNow} or ${KEY} in (${keys.join(', ')}))`;
}

/** Whether an archived row that mayBeAbout() has let pass is about the person. */
export function isArchivedAbout(row: Record<string, string | null>, person: Person, fieldsOf: FieldsOf): boolean {
  const { subject, type, source, event_id, attributes, data } = row;
  if (subject === person.subject || subject === person.hash) return true;
  if ([data, attributes, source, event_id].some((text) => text?.includes(person.hash))) return true;
  const pattern = isParticular(person.subject) ? new RegExp(wordPattern(spellingsOf(person.subject)), 'iu') : undefined;
  if (pattern && [type, source, event_id, attributes].some((text) => pattern.test(text ?? ''))) return true;
  return typeof data === 'string' && isNamedInData(type ?? '', data, person, fieldsOf);
}

/** Rewrites a file without the rows that match `filter`; the others keep their order. */
export async function writeWithout(run: Run, path: string, filter: string, to: string): Promise<void> {
  await run(
    toParquet(`select ${NAMES} from read_parquet(${literal(path)}, hive_partitioning = false) where not ${filter}`, to),
  );
}

const KEY = 'epoch_us(time)::varchar || id';
const CHANGES = { key: 'varchar', data: 'varchar' };

/** Condition for rows whose key is in a CSV file of keys and data. */
export const isKeyIn = (changes: string) => `(${KEY} in (select key from ${readCsv([changes], CHANGES)}))`;

/** Keys and `data` of a file's rows, some thousand at a time. */
export async function* dataOfFile(run: Run, path: string): AsyncGenerator<{ key: string; data: string }[]> {
  for (let after = ''; ; ) {
    const rows = (await run(
      `select ${KEY} as key, data from read_parquet(${literal(path)}, hive_partitioning = false)
       where data is not null and ${KEY} > ${literal(after)} order by key limit 5000`,
    )) as { key: string; data: string }[];
    if (rows.length > 0) yield rows;
    if (rows.length < 5000) return;
    after = rows.at(-1)?.key ?? '';
  }
}

/** Rewrites a file with the `data` of a CSV file of keys and data, where it has the key; the order stays. */
export async function writeWithData(run: Run, path: string, changes: string, to: string): Promise<void> {
  const columns = NAMES.split(', ').map((name) => (name === 'data' ? 'coalesce(c.data, e.data) as data' : `e.${name}`));
  await run("set timezone = 'UTC'");
  await run(
    toParquet(
      `select ${columns.join(', ')} from read_parquet(${literal(path)}, hive_partitioning = false) e
       left join ${readCsv([changes], CHANGES)} c on c.key = ${KEY.replace('time', 'e.time').replace('|| id', '|| e.id')} order by e.time, e.id`,
      to,
    ),
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
