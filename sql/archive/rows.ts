import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDb, literal, openDuckDb } from '../../lib/parquet.ts';
import { ARCHIVE_COLUMNS } from './columns.ts';
import { type ArchiveHome, fetchFile, openScratch } from './home.ts';
import type { ReadableFile } from './manifest.ts';
import { mayBeAbout } from './parquet.ts';

/** An archived event: each value as text, or null. */
export type ArchivedRow = Record<string, string | null>;

/** A file was rewritten or destroyed after the manifest was read. A retry reads the current files. */
export class ArchiveChanged extends Error {}

/** The archive cannot be read right now. The message tells the client why; the same request may succeed later. */
export class ArchiveUnavailable extends Error {}

/** What a reader looks for. Except for each file's `visible_from` it is only an optimisation: PostgreSQL filters again. */
export type RowFilter = {
  from?: string | null;
  to?: string | null;
  /** Accepted values; an empty text: not set. */
  sources?: readonly string[] | null;
  subjects?: readonly string[] | null;
  outcomes?: readonly string[] | null;
  marketplaces?: readonly string[] | null;
  /** Before this time and id. */
  before?: { time: string; id: string } | null;
  /** Only rows that may be about this person. */
  about?: { subject: string; hash: string };
};

const VALUES = Object.keys(ARCHIVE_COLUMNS)
  .filter((name) => name !== 'tenant_id')
  .map((name) => `${name}::varchar as ${name}`)
  .join(', ');

function conditions({ from, to, sources, subjects, outcomes, marketplaces, before, about }: RowFilter): string {
  const where = ['true'];
  if (from) where.push(`time >= timestamptz ${literal(from)}`);
  if (to) where.push(`time < timestamptz ${literal(to)}`);
  const oneOf = (sql: string, values: readonly string[]) => where.push(`${sql} in (${values.map(literal).join(', ')})`);
  if (sources) oneOf('source', sources);
  if (subjects) oneOf('subject', subjects);
  if (outcomes) oneOf("coalesce(outcome, '')", outcomes);
  // A rough search of the text: a value that is longer than 200 characters begins with what is looked for.
  if (marketplaces && !marketplaces.includes(''))
    where.push(
      `(${marketplaces.map((value) => `coalesce(contains(data, ${literal(JSON.stringify(value).slice(0, -1))}), false)`).join(' or ')})`,
    );
  if (before) where.push(`(time, id) < (timestamptz ${literal(before.time)}, ${literal(before.id)})`);
  if (about) where.push(mayBeAbout(about.subject, about.hash));
  return where.join(' and ');
}

// Each file has its own end, because types may have different retention. An event that was archived, sent again and archived
// again is in two files of its type and day.
function rowsOf(files: LocalFile[], columns: string, filter: RowFilter, slice = 'true'): string {
  const where = `${conditions(filter)} and ${slice}`;
  const each = files.map(
    ({ path, visible_from }) =>
      `select ${columns} from read_parquet(${literal(path)}, hive_partitioning = false)
       where time >= timestamptz ${literal(visible_from)} and ${where}`,
  );
  const twice = new Set(files.map(({ type }) => type)).size < files.length;
  return twice ? `select distinct on (time, id) * from (${each.join(' union all ')})` : each.join(' union all ');
}

/** Size of one sorted query. DuckDB returns 2,048 rows at a time, and several such batches must fit in memory. */
const SLICE_BYTES = 16_000_000;

type End = { time: string; id: string };

// Column by column, because DuckDB turns two row comparisons into a `between`, which it does not support for rows. The first
// condition lets it skip parts of files.
function beyond({ time, id }: End, sign: '<=' | '>' | '>='): string {
  const at = `timestamptz ${literal(time)}`;
  return `(time ${sign[0]}= ${at} and (time ${sign[0]} ${at} or id ${sign} ${literal(id)}))`;
}

/**
 * Conditions that each select a small slice of the rows, in order: the largest rows are 64 kB, and a day may have any number.
 * `newest`: only the last N rows.
 */
async function slicesOf(duckDb: DuckDb, files: LocalFile[], filter: RowFilter, newest?: number): Promise<string[]> {
  const [first] = newest
    ? await duckDb.run(
        `select time::varchar as time, id from (${rowsOf(files, 'time, id', filter)}) order by time desc, id desc limit 1 offset ${newest - 1}`,
      )
    : [];
  const since = first ? beyond(first as End, '>=') : 'true';
  const length = 'coalesce(strlen(data), 0) + coalesce(strlen(attributes), 0) + 300 as length';
  // A window function directly over a file would keep its contents in memory.
  await duckDb.run(`create or replace temp table keys as ${rowsOf(files, `time, id, ${length}`, filter, since)}`);
  const ends = (await duckDb.run(
    `select max(time)::varchar as time, max_by(id, struct_pack(t := time, i := id)) as id
     from (select *, sum(length) over (order by time, id rows unbounded preceding) // ${SLICE_BYTES} as slice from keys)
     group by slice order by slice`,
  )) as End[];
  await duckDb.run('drop table keys');
  return ends.map((end, n) => {
    const last = ends[n - 1];
    return [since, ...(last ? [beyond(last, '>')] : []), beyond(end, '<=')].join(' and ');
  });
}

type LocalFile = ReadableFile & { path: string };

async function fetchAll(home: ArchiveHome, files: ReadableFile[], folder: string): Promise<LocalFile[]> {
  const local: LocalFile[] = [];
  for (const file of files) {
    const path = join(folder, `${file.id}.parquet`);
    if (!(await fetchFile(home.store, file, path))) throw new ArchiveChanged(`${file.name} is gone.`);
    local.push({ ...file, path });
  }
  return local;
}

function days(files: ReadableFile[]): Map<string, ReadableFile[]> {
  const found = new Map<string, ReadableFile[]>();
  for (const file of files) found.set(file.day, [...(found.get(file.day) ?? []), file]);
  return found;
}

async function withReader<T>(home: ArchiveHome, work: (duckDb: DuckDb, folder: string) => Promise<T>): Promise<T> {
  const { folder, duckDb, close } = await openReader(home);
  try {
    return await work(duckDb, folder);
  } finally {
    await close();
  }
}

/** Several read at once, within a program of one gigabyte. */
const READER_MEMORY = '192MB';

async function openReader(home: ArchiveHome) {
  const { folder, remove } = await openScratch(home, 'read');
  try {
    const duckDb = await openDuckDb(folder, READER_MEMORY);
    await duckDb.run("set timezone = 'UTC'");
    const close = async () => {
      duckDb.close();
      await remove();
    };
    return { folder, duckDb, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Maximum files that one page reads before it ends early. */
const MAX_FILES = 200;

/**
 * Returns the newest archived events that match, at most `limit`. `files` are ordered by newest day first. If they are spread
 * over too many files for one page, `reached` is the time from which all are included.
 */
export async function newestArchived(
  home: ArchiveHome,
  files: ReadableFile[],
  filter: RowFilter,
  limit: number,
): Promise<{ rows: ArchivedRow[]; reached: string | null }> {
  return withReader(home, async (duckDb, folder) => {
    const rows: ArchivedRow[] = [];
    let opened = 0;
    for (const [day, ofDay] of days(files)) {
      const local = await fetchAll(home, ofDay, folder);
      for (const slice of (await slicesOf(duckDb, local, filter, limit - rows.length)).reverse()) {
        const found = await duckDb.run(inOrder(local, filter, slice));
        rows.push(...(found as ArchivedRow[]).reverse());
      }
      for (const { path } of local) await rm(path);
      opened += ofDay.length;
      if (rows.length >= limit) break;
      if (opened >= MAX_FILES) return { rows, reached: `${day} 00:00:00+00` };
    }
    return { rows, reached: null };
  });
}

/** Approximate number of characters sent to PostgreSQL at once. */
const BATCH_LETTERS = 2_000_000;

/**
 * Yields all archived events that match, ordered by time and id, some thousand at a time. `files` are ordered by newest day
 * first. Stops early if `left` returns true.
 */
export async function* archivedInOrder(
  home: ArchiveHome,
  files: ReadableFile[],
  filter: RowFilter,
  left: () => boolean = () => false,
): AsyncGenerator<ArchivedRow[]> {
  const oldestFirst = [...days(files)].reverse();
  for (const [, ofDay] of oldestFirst) {
    if (left()) return;
    yield* rowsOfDay(home, ofDay, filter, left);
  }
}

const inOrder = (files: LocalFile[], filter: RowFilter, slice: string) =>
  `select ${VALUES} from (${rowsOf(files, '*', filter, slice)}) t order by t.time, t.id`;

async function* rowsOfDay(
  home: ArchiveHome,
  files: ReadableFile[],
  filter: RowFilter,
  left: () => boolean,
): AsyncGenerator<ArchivedRow[]> {
  const { folder, duckDb, close } = await openReader(home);
  try {
    const local = await fetchAll(home, files, folder);
    if (left()) return;
    for (const slice of await slicesOf(duckDb, local, filter)) {
      if (left()) return;
      for await (const rows of duckDb.stream(inOrder(local, filter, slice))) yield* cut(rows as ArchivedRow[]);
    }
  } finally {
    await close();
  }
}

function* cut(rows: ArchivedRow[]): Generator<ArchivedRow[]> {
  let batch: ArchivedRow[] = [];
  let letters = 0;
  for (const row of rows) {
    batch.push(row);
    letters += 200 + (row.data?.length ?? 0) + (row.attributes?.length ?? 0);
    if (letters < BATCH_LETTERS) continue;
    yield batch;
    batch = [];
    letters = 0;
  }
  if (batch.length > 0) yield batch;
}
