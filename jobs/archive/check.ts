import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { withDuckDb } from '../../lib/parquet.ts';
import { type ArchiveFile, listArchiveFiles } from '../../sql/archive/files.ts';
import { type Group, groupsOfTable } from '../../sql/archive/groups.ts';
import { type ArchiveHome, fetchFile, withScratch } from '../../sql/archive/home.ts';
import { groupsOfFile, writeCsv } from '../../sql/archive/parquet.ts';
import { copyInto, makeRestored, protectRestored } from '../../sql/archive/restored.ts';
import { type Client, type Pool, withTransaction } from '../../sql/database/db.ts';
import { compareStore } from './sweep.ts';
import { differences } from './write.ts';

type Deps = { pool: Pool; archive: ArchiveHome };

export type Verified = { files: number; rows: number; faults: string[] };

/**
 * Reads archived files again, of all tenants or of one, and compares each with the manifest: its bytes, its rows and their
 * digest. Returns the faults as sentences.
 */
export async function verifyArchive(deps: Deps, tenantId?: string): Promise<Verified> {
  const faults: string[] = [];
  const files = await listArchiveFiles(deps.pool, { tenantId });
  let rows = 0;
  await withScratch(deps.archive, 'read', (scratch) =>
    withDuckDb(scratch, async (run) => {
      for (const file of files) {
        const path = join(scratch, `${file.id}.parquet`);
        const found = await fetchFile(deps.archive.store, file, path).catch((error: Error) => void faults.push(error.message));
        if (found === undefined) {
          if (!faults.some((fault) => fault.startsWith(file.name))) faults.push(`${file.name} is not in the object store.`);
          continue;
        }
        const groups = await groupsOfFile(run, path).catch(
          (error: Error) => void faults.push(`${file.name}: ${error.message}`),
        );
        await rm(path);
        if (!groups) continue;
        const wrong = groups.length === 1 ? differences(file, groups[0]) : ['groups'];
        if (wrong.length > 0) faults.push(`${file.name} differs from the manifest: ${wrong.join(', ')}.`);
        rows += file.rows;
      }
    }),
  );
  if (tenantId === undefined)
    faults.push(...(await compareStore(deps)).orphans.map((name) => `${name} is not in the manifest.`));
  return { files: files.length, rows, faults };
}

export type RestoredRows = { table: string; files: number; rows: number; erased: number };

/**
 * Loads a tenant's archived events with `from` <= day < `to` into a scratch table of the schema private, and checks count and
 * digest of every day and type. Then `erase` removes people from it, before anybody can read it. Throws if rows differ; then no
 * table remains.
 */
export async function restoreArchive(
  deps: Deps,
  range: { tenantId: string; from: string; to: string },
  now: Date,
  erase: (client: Client, table: string) => Promise<number> = async () => 0,
): Promise<RestoredRows> {
  return withScratch(deps.archive, 'read', (scratch) =>
    withDuckDb(scratch, (run) =>
      withTransaction(deps.pool, 'begin', async (client) => {
        const files = await listArchiveFiles(client, { ...range, status: 'live' });
        const table = await makeRestored(client, now);
        for (const file of files) {
          const [path, csv] = [join(scratch, `${file.id}.parquet`), join(scratch, 'file.csv')];
          if (!(await fetchFile(deps.archive.store, file, path))) throw new Error(`${file.name} is not in the object store.`);
          await writeCsv(run, path, csv);
          await pipeline(createReadStream(csv), client.query(copyFrom(copyInto(table))));
          await rm(path);
        }
        const groups = await groupsOfTable(client, `private.${table}`);
        const wrong = unequal(groups, files);
        if (wrong) throw new Error(`${wrong} differs from the archive after the restore.`);
        await protectRestored(client, table);
        const erased = await erase(client, `private.${table}`);
        const rows = files.reduce((sum, file) => sum + file.rows, 0);
        return { table: `private.${table}`, files: files.length, rows: rows - erased, erased };
      }),
    ),
  );
}

// The first day and type whose rows differ from those of its files.
function unequal(groups: Group[], files: ArchiveFile[]): string | undefined {
  const keyOf = ({ day, type }: Group) => `${type} of ${day}`;
  const sums = new Map<string, { rows: number; digest: bigint[] }>();
  for (const [sign, list] of [
    [1, groups],
    [-1, files],
  ] as const) {
    for (const group of list) {
      const sum = sums.get(keyOf(group)) ?? { rows: 0, digest: [0n, 0n] };
      const digest = group.digest.split(' ').map((part, n) => (sum.digest[n] ?? 0n) + BigInt(sign) * BigInt(part));
      sums.set(keyOf(group), { rows: sum.rows + sign * group.rows, digest });
    }
  }
  return [...sums].find(([, { rows, digest }]) => rows !== 0 || digest.some((part) => part !== 0n))?.[0];
}
