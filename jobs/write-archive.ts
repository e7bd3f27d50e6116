import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { v7 as uuidv7 } from 'uuid';
import { CsvSlices } from '../lib/csv-slices.ts';
import type { Logger } from '../lib/log.ts';
import { withDuckDb } from '../lib/parquet.ts';
import { type ArchiveHome, nameOf, storeProved, withScratch } from '../sql/archive-home.ts';
import { CopyOut } from '../sql/copy-out.ts';
import { type Client, type Pool, withTransaction } from '../sql/db.ts';
import { type ArchiveFile, condemn, enterArchiveFile, listArchiveFiles, takeOver } from '../sql/queries/archive-files.ts';
import { archivingTenants, copyOfDay, type Group, groupsBefore, inCopyOrder } from '../sql/queries/archive-groups.ts';
import { groupsOfFile, type Run, writeEvents } from '../sql/queries/archive-parquet.ts';

export type ArchiveDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  archive: ArchiveHome;
  /** Aborts when the turn ends under the work. */
  lost?: AbortSignal;
};

export type Written = { files: number; rows: number; bytes: number };

/**
 * Archives all events before `boundary` that the rules keep at `now`: every file is written, read back, compared with the database by
 * count and digest, stored, read back from there, and only then entered as proved. What an earlier run has proved and what still is so
 * is left as it is. To be called by whose turn it is.
 */
export async function archiveBefore(deps: ArchiveDeps, boundary: Date, now: Date): Promise<Written> {
  const written: Written = { files: 0, rows: 0, bytes: 0 };
  const tenants = await withTransaction(deps.pool, 'begin read only', archivingTenants);
  const failed: Error[] = [];
  for (const tenantId of tenants) {
    deps.lost?.throwIfAborted();
    // What goes wrong with one keeps no other waiting.
    await withScratch(deps.archive, 'archive', (scratch) =>
      withDuckDb(scratch, (run) => archiveTenant(deps, { run, scratch, written }, tenantId, boundary, now)),
    ).catch((error: Error) => {
      deps.log.error({ err: error, tenant: tenantId }, 'a tenant was not archived');
      failed.push(error);
    });
  }
  if (failed.length > 1) throw new Error(`${failed.length} tenants were not archived, the first: ${failed[0]?.message}`);
  if (failed[0]) throw failed[0];
  return written;
}

type Work = { run: Run; scratch: string; written: Written };

async function archiveTenant(deps: ArchiveDeps, work: Work, tenantId: string, boundary: Date, now: Date): Promise<void> {
  // One snapshot for what is compared and what is copied.
  await withTransaction(deps.pool, 'begin isolation level repeatable read read only', async (client) => {
    const missing = await missingOf(deps, client, tenantId, boundary, now);
    for (const [day, ofDay] of byDay(missing)) {
      const groups = ofDay.sort(inCopyOrder);
      const slices = new CsvSlices(
        work.scratch,
        groups.map(({ rows }) => rows),
      );
      await pipeline(client.query(new CopyOut(copyOfDay(tenantId, day, boundary, groups))), slices);
      for (const [n, group] of groups.entries()) {
        const csv = slices.groups[n] ?? [];
        add(work.written, await writeGroup(deps, work.run, group, csv, join(work.scratch, `${uuidv7()}.parquet`)));
        for (const path of csv) await rm(path);
      }
    }
  });
}

// Files that the store does not have as it took them.
async function notStored({ archive }: Pick<ArchiveDeps, 'archive'>, files: ArchiveFile[]): Promise<ArchiveFile[]> {
  const found: ArchiveFile[] = [];
  for (const file of files) if ((await archive.store.stat(file.name))?.bytes !== file.bytes) found.push(file);
  return found;
}

/**
 * Throws where the store lacks a file of those that takeOverBefore() may take: somebody may have removed it since it was proved. To be called
 * right before, by whose turn it is, and while writers still may write, for a store may take its time.
 */
export async function ensureStored(deps: Pick<ArchiveDeps, 'pool' | 'archive'>): Promise<void> {
  for (const tenantId of await withTransaction(deps.pool, 'begin read only', archivingTenants)) {
    const [lost] = await notStored(deps, await listArchiveFiles(deps.pool, { tenantId, status: 'proved' }));
    if (lost) throw new Error(`${lost.name} is not in the object store as it was proved: nothing is dropped.`);
  }
}

// Groups without a proved file; those whose file is no longer what the database holds are condemned and written anew.
async function missingOf(deps: ArchiveDeps, client: Client, tenantId: string, boundary: Date, now: Date): Promise<Group[]> {
  const groups = await groupsBefore(client, tenantId, boundary, now);
  const files = await listArchiveFiles(client, { tenantId, status: 'proved' });
  const { proved, stale } = compare(groups, files);
  const kept = new Set(proved.values());
  const lost = await notStored(
    deps,
    files.filter(({ id }) => kept.has(id)),
  );
  for (const { name } of lost) deps.log.error({ name }, 'a proved file is not in the store as it was: it is written anew');
  await condemn(deps.pool, [...stale, ...lost.map(({ id }) => id)]);
  const held = new Set(files.filter((file) => kept.has(file.id) && !lost.includes(file)).map(({ id }) => id));
  return groups.filter((group) => !held.has(proved.get(group) ?? ''));
}

/** Which groups have a proved file that is equal to them, by its id, and which files are equal to none. */
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

/** In what two groups differ. */
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

/** Proves that the file at `path` holds just this group, stores it and gives its entry for the manifest, not yet made. */
export async function prove(deps: Pick<ArchiveDeps, 'archive'>, run: Run, group: Group, path: string): Promise<ArchiveFile> {
  const found = await groupsOfFile(run, path);
  const wrong = found.length === 1 ? differences(group, found[0]) : ['groups'];
  if (wrong.length > 0)
    throw new Error(`${group.type} of ${group.day} was not archived as it is stored: ${wrong.join(', ')} differ.`);
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
 * Says, in the transaction that drops it, that the archive answers for what lies before `boundary`. Throws where anything there is not
 * proved: it must be kept. Nobody may write there meanwhile.
 */
export async function takeOverBefore(client: Client, boundary: Date, now: Date): Promise<void> {
  for (const tenantId of await archivingTenants(client)) {
    const groups = await groupsBefore(client, tenantId, boundary, now);
    const { proved, stale } = compare(groups, await listArchiveFiles(client, { tenantId, status: 'proved' }));
    const missing = groups.find((group) => !proved.has(group));
    if (missing)
      throw new Error(
        `${missing.type} of ${missing.day}, tenant ${tenantId}, is not in the archive as it is stored: nothing is dropped.`,
      );
    await condemn(client, stale);
    await takeOver(client, [...proved.values()]);
  }
}

function byDay(groups: Group[]): Map<string, Group[]> {
  const days = new Map<string, Group[]>();
  for (const group of groups) days.set(group.day, [...(days.get(group.day) ?? []), group]);
  return days;
}

function add(sum: Written, more: Written): void {
  sum.files += more.files;
  sum.rows += more.rows;
  sum.bytes += more.bytes;
}
