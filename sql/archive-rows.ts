import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDb, literal, openDuckDb } from '../lib/parquet.ts';
import { type ArchiveHome, fetchFile, openScratch } from './archive-home.ts';
import { ARCHIVE_COLUMNS } from './queries/archive-columns.ts';
import type { ReadableFile } from './queries/archive-manifest.ts';
import { aboutPerson } from './queries/archive-parquet.ts';

/** An archived event: each value as text, or null. */
export type ArchivedRow = Record<string, string | null>;

/** A file was rewritten or destroyed after the manifest was read. Whoever asks again gets what holds now. */
export class ArchiveChanged extends Error {}

/** What a reader looks for; an optimisation but for `visible_from` of each file: PostgreSQL judges again. */
export type RowFilter = {
  from?: string | null;
  to?: string | null;
  subjects?: readonly string[] | null;
  /** Before this time and id. */
  before?: { time: string; id: string } | null;
  /** Only what leads to this person. */
  about?: { subject: string; hash: string };
};

const VALUES = Object.keys(ARCHIVE_COLUMNS)
  .filter((name) => name !== 'tenant_id')
  .map((name) => `${name}::varchar as ${name}`)
  .join(', ');

function conditions({ from, to, subjects, before, about }: RowFilter): string {
  const where = ['true'];
  if (from) where.push(`time >= timestamptz ${literal(from)}`);
  if (to) where.push(`time < timestamptz ${literal(to)}`);
  if (subjects) where.push(`subject in (${subjects.map(literal).join(', ')})`);
  if (before) where.push(`(time, id) < (timestamptz ${literal(before.time)}, ${literal(before.id)})`);
  if (about) where.push(aboutPerson(about.subject, about.hash));
  return where.join(' and ');
}

// Each file by its own end: types may be kept for different times. An event that came again after it had left, and left again, is in
// two files of its type and day.
function rowsOf(files: LocalFile[]): string {
  const each = files.map(
    ({ path, visible_from }) =>
      `select * from read_parquet(${literal(path)}, hive_partitioning = false) where time >= timestamptz ${literal(visible_from)}`,
  );
  const twice = new Set(files.map(({ type }) => type)).size < files.length;
  return `${twice ? 'select distinct on (time, id) * from (' : ''}${each.join(' union all ')}${twice ? ')' : ''}`;
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

/** Several read at once, within a program of a gigabyte. */
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

/** How many files one page may look into before it ends early. */
const MOST_FILES = 200;

/**
 * The newest archived events that match, `limit` at most, of files that are given the newest day first. Where they lie in too many files
 * for one page, `reached` says from when on all are there.
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
      const found = await duckDb.run(
        `select ${VALUES} from (${rowsOf(local)}) where ${conditions(filter)} order by time desc, id desc limit ${limit - rows.length}`,
      );
      rows.push(...(found as ArchivedRow[]));
      for (const { path } of local) await rm(path);
      opened += ofDay.length;
      if (rows.length >= limit) break;
      if (opened >= MOST_FILES) return { rows, reached: `${day} 00:00:00+00` };
    }
    return { rows, reached: null };
  });
}

/** Letters that go to PostgreSQL at once, about. */
const BATCH_LETTERS = 2_000_000;

/** All archived events that match, of files that are given the newest day first, in the order of time and id, some thousand at a time. */
export async function* archivedInOrder(
  home: ArchiveHome,
  files: ReadableFile[],
  filter: RowFilter,
): AsyncGenerator<ArchivedRow[]> {
  const oldestFirst = [...days(files)].reverse();
  for (const [, ofDay] of oldestFirst) {
    yield* rowsOfDay(home, ofDay, filter);
  }
}

async function* rowsOfDay(home: ArchiveHome, files: ReadableFile[], filter: RowFilter): AsyncGenerator<ArchivedRow[]> {
  const { folder, duckDb, close } = await openReader(home);
  try {
    const local = await fetchAll(home, files, folder);
    const query = `select ${VALUES} from (${rowsOf(local)}) where ${conditions(filter)} order by time, id`;
    for await (const rows of duckDb.stream(query)) yield* cut(rows as ArchivedRow[]);
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
