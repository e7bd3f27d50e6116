import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { v7 as uuidv7 } from 'uuid';
import type { Logger } from '../../lib/log.ts';
import { withDuckDb } from '../../lib/parquet.ts';
import { type ArchiveFile, condemn, enterArchiveFile, listArchiveFiles, takeOver } from '../../sql/archive/files.ts';
import { archivingTenants, copyOfDay, daysBefore, type Group, groupsBefore, inCopyOrder } from '../../sql/archive/groups.ts';
import { type ArchiveHome, nameOf, storeProved, withScratch } from '../../sql/archive/home.ts';
import { groupsOfFile, type Run, writeEvents } from '../../sql/archive/parquet.ts';
import { CopyOut } from '../../sql/database/copy-out.ts';
import { type Client, type Pool, withTransaction } from '../../sql/database/db.ts';
import { CsvSlices } from '../exports/csv-slices.ts';
import { eachItem } from '../queue/each.ts';

export type ArchiveDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  archive: ArchiveHome;
  /** Aborts when the archive's turn is lost during the work. */
  lost?: AbortSignal;
};

export type Written = { files: number; rows: number; bytes: number };

/**
 * Archives all events before `boundary` that the rules keep at `now`. Every file is written, read back, compared with the
 * database by count and digest, stored, read back from the store, and only then entered as proved. Files that an earlier run has
 * proved and that still match stay as they are. The caller must have the archive's turn.
 */
export async function archiveBefore(deps: ArchiveDeps, boundary: Date, now: Date): Promise<Written> {
  const written: Written = { files: 0, rows: 0, bytes: 0 };
  const tenants = await withTransaction(deps.pool, 'begin read only', archivingTenants);
  const telling = {
    log: deps.log,
    message: 'cannot archive a tenant',
    about: (tenant: string) => ({ tenant }),
    isFatal: () => deps.lost?.aborted ?? false,
  };
  await eachItem(tenants, telling, (tenantId) =>
    withScratch(deps.archive, 'archive', (scratch) =>
      withDuckDb(scratch, async (run) => {
        deps.lost?.throwIfAborted();
        const days = await withTransaction(deps.pool, 'begin read only', (client) => daysBefore(client, tenantId, boundary));
        for (const day of days) await archiveDay(deps, { run, scratch, written }, { tenantId, day, boundary, now });
      }),
    ),
  );
  return written;
}

type Work = { run: Run; scratch: string; written: Written };
type OfDay = { tenantId: string; day: string; boundary: Date; now: Date };

// The transaction ends before anything is stored, so that cleanup need not wait for an upload.
async function archiveDay(deps: ArchiveDeps, work: Work, ofDay: OfDay): Promise<void> {
  const files = await listArchiveFiles(deps.pool, { tenantId: ofDay.tenantId, status: 'proved', day: ofDay.day });
  const lost = await notStored(deps, files);
  for (const { name } of lost)
    deps.log.error({ name }, 'a verified file was changed or lost in the object store; writing it again');
  const { missing, stale, slices } = await copyMissing(
    deps,
    work.scratch,
    ofDay,
    files.filter((file) => !lost.includes(file)),
  );
  await condemn(deps.pool, [...stale, ...lost.map(({ id }) => id)]);
  for (const [n, group] of missing.entries()) {
    const csv = slices[n] ?? [];
    add(work.written, await writeGroup(deps, work.run, group, csv, join(work.scratch, `${uuidv7()}.parquet`)));
    for (const path of csv) await rm(path);
  }
}

// Copies the groups of a day that have no proved file. One snapshot covers both the comparison and the copy. Files that no longer
// match the database are stale.
async function copyMissing(
  { pool }: Pick<ArchiveDeps, 'pool'>,
  scratch: string,
  { tenantId, day, boundary, now }: OfDay,
  files: ArchiveFile[],
): Promise<{ missing: Group[]; stale: string[]; slices: string[][] }> {
  return withTransaction(pool, 'begin isolation level repeatable read read only', async (client) => {
    const groups = await groupsBefore(client, tenantId, boundary, now, day);
    const { proved, stale } = compare(groups, files);
    const missing = groups.filter((group) => !proved.has(group)).sort(inCopyOrder);
    if (missing.length === 0) return { missing, stale, slices: [] };
    const slices = new CsvSlices(
      scratch,
      missing.map(({ rows }) => rows),
    );
    await pipeline(client.query(new CopyOut(copyOfDay(tenantId, day, boundary, missing))), slices);
    return { missing, stale, slices: slices.groups };
  });
}

// Files that are missing in the store or have another size there.
async function notStored({ archive }: Pick<ArchiveDeps, 'archive'>, files: ArchiveFile[]): Promise<ArchiveFile[]> {
  const found: ArchiveFile[] = [];
  for (const file of files) if ((await archive.store.stat(file.name))?.bytes !== file.bytes) found.push(file);
  return found;
}

/**
 * Throws if the store lacks a file that takeOverBefore() may use: it may have been removed since it was proved. Call it right
 * before, with the archive's turn, and while writers may still write, because a store may be slow.
 */
export async function ensureStored(deps: Pick<ArchiveDeps, 'pool' | 'archive'>): Promise<void> {
  for (const tenantId of await withTransaction(deps.pool, 'begin read only', archivingTenants)) {
    const [lost] = await notStored(deps, await listArchiveFiles(deps.pool, { tenantId, status: 'proved' }));
    if (lost) throw new Error(`${lost.name} was changed or lost in the object store. Nothing is dropped.`);
  }
}

/** `proved`: groups with an equal proved file, by the file's id. `stale`: ids of files that equal no group. */
export function compare(groups: Group[], files: ArchiveFile[]): { proved: Map<Group, string>; stale: string[] } {
  const proved = new Map<Group, string>();
  const stale: string[] = [];
  const keyOf = ({ type, day }: Group) => `${day} ${type}`;
  const byKey = new Map(groups.map((group) => [keyOf(group), group]));
  for (const file of files) {
    const group = byKey.get(keyOf(file));
    if (group && !proved.has(group) && differences(group, file).length === 0) proved.set(group, file.id);
    else stale.push(file.id);
  }
  return { proved, stale };
}

const COMPARED = [
  'tenant_id',
  'type',
  'day',
  'rows',
  'digest',
  'first_time',
  'last_time',
  'first_received_at',
  'last_received_at',
] as const satisfies (keyof Group)[];

/** Names of the fields in which two groups differ. */
export function differences(one: Group, other: Group | undefined): string[] {
  return COMPARED.filter((name) => one[name] !== other?.[name]);
}

async function writeGroup(deps: ArchiveDeps, run: Run, group: Group, csv: string[], path: string): Promise<Written> {
  await writeEvents(run, csv, path);
  const file = await proveAndEnter(deps, run, group, path);
  await rm(path);
  deps.log.debug({ tenant: group.tenant_id, name: file.name, rows: file.rows, bytes: file.bytes }, 'archived');
  return { files: 1, rows: file.rows, bytes: file.bytes };
}

/**
 * Checks that the file at `path` contains exactly this group, and stores it. Returns its manifest entry, which is not saved yet.
 * Throws if the file differs.
 */
export async function prove(deps: Pick<ArchiveDeps, 'archive'>, run: Run, group: Group, path: string): Promise<ArchiveFile> {
  const found = await groupsOfFile(run, path);
  const wrong = found.length === 1 ? differences(group, found[0]) : ['groups'];
  if (wrong.length > 0)
    throw new Error(`The archive file of ${group.type} on ${group.day} differs from the stored events: ${wrong.join(', ')}.`);
  const entry = { ...group, id: uuidv7(), status: 'proved' as const };
  const name = nameOf(entry);
  return { ...entry, name, ...(await storeProved(deps.archive.store, name, path)) };
}

async function proveAndEnter(deps: ArchiveDeps, run: Run, group: Group, path: string): Promise<ArchiveFile> {
  const file = await prove(deps, run, group, path);
  deps.lost?.throwIfAborted();
  await enterArchiveFile(deps.pool, file);
  return file;
}

/**
 * In the transaction that drops the events before `boundary`: makes the archive answer for them. Throws if any of them is not
 * proved; then nothing may be dropped. Writers must be locked out.
 */
export async function takeOverBefore(client: Client, boundary: Date, now: Date): Promise<void> {
  for (const tenantId of await archivingTenants(client)) {
    const groups = await groupsBefore(client, tenantId, boundary, now);
    const { proved, stale } = compare(groups, await listArchiveFiles(client, { tenantId, status: 'proved' }));
    const missing = groups.find((group) => !proved.has(group));
    if (missing)
      throw new Error(
        `${missing.type} of ${missing.day}, tenant ${tenantId}, is not in the archive as it is stored. Nothing is dropped.`,
      );
    await condemn(client, stale);
    await takeOver(client, [...proved.values()]);
  }
}

function add(sum: Written, more: Written): void {
  sum.files += more.files;
  sum.rows += more.rows;
  sum.bytes += more.bytes;
}
