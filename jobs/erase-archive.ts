import { join } from 'node:path';
import { withDuckDb } from '../lib/parquet.ts';
import { type ArchiveHome, fetchFile, withScratch } from '../sql/archive-home.ts';
import { type Pool, withTransaction } from '../sql/db.ts';
import { digestWithout } from '../sql/queries/archive-columns.ts';
import { type ArchiveFile, condemn, enterArchiveFile, listArchiveFiles, withArchiveTurn } from '../sql/queries/archive-files.ts';
import type { Group } from '../sql/queries/archive-groups.ts';
import { aboutPerson, groupsOfFile, type Run, writeWithout } from '../sql/queries/archive-parquet.ts';
import type { Person } from '../sql/queries/places.ts';
import { noteErased, notePrivacyProgress, type OpenRequest } from '../sql/queries/privacy-requests.ts';
import { destroyCondemned } from './sweep-archive.ts';
import { prove } from './write-archive.ts';

export type ErasedFile = { type: string; day: string; removed: number };

/** As it stands in certificates beside the places of sql/queries/places.ts. */
const PLACE = 'archive';

/** How often the request says that it is still being served. */
const EVERY_FILES = 50;

/**
 * Rewrites every archived file that holds a person, without it: what is left is proved, entered in the old one's place, and the old one
 * is destroyed. Gives the files that were rewritten; each is noted in the request as soon as it is.
 */
export async function eraseFromArchive(
  deps: { pool: Pool; archive: ArchiveHome },
  request: OpenRequest,
  person: Person,
): Promise<ErasedFile[]> {
  const erased: ErasedFile[] = [];
  await withArchiveTurn(deps.pool, () =>
    withScratch(deps.archive, 'archive', (scratch) =>
      withDuckDb(scratch, async (run) => {
        await destroyCondemned(deps, person.tenantId);
        for (const [n, file] of (await listArchiveFiles(deps.pool, { tenantId: person.tenantId })).entries()) {
          if (n % EVERY_FILES === 0) await notePrivacyProgress(deps.pool, request.id, 80);
          const removed = await rewrite(deps, run, scratch, file, request, person);
          if (removed > 0) erased.push({ type: file.type, day: file.day, removed });
        }
        await destroyCondemned(deps, person.tenantId);
      }),
    ),
  );
  return erased;
}

async function rewrite(
  deps: { pool: Pool; archive: ArchiveHome },
  run: Run,
  scratch: string,
  file: ArchiveFile,
  request: OpenRequest,
  { subject, hash }: Person,
): Promise<number> {
  const path = join(scratch, 'old.parquet');
  const about = aboutPerson(subject, hash);
  if (!(await fetchFile(deps.archive.store, file, path))) throw new Error(`${file.name} is not in the object store.`);
  const [gone] = await groupsOfFile(run, path, about);
  if (!gone) return 0;
  const successor = gone.rows === file.rows ? undefined : await proveRest(deps, run, scratch, { path, about, file, gone });
  await withTransaction(deps.pool, 'begin', async (client) => {
    if (successor) await enterArchiveFile(client, { ...successor, status: file.status }, file.id);
    await condemn(client, [file.id]);
    await noteErased(client, request.id, PLACE, { removed: gone.rows, hours: 0 }, 80);
  });
  return gone.rows;
}

// What must be left is known by count and digest before it is written.
async function proveRest(
  deps: { archive: ArchiveHome },
  run: Run,
  scratch: string,
  { path, about, file, gone }: { path: string; about: string; file: ArchiveFile; gone: Group },
): Promise<ArchiveFile> {
  const rest = join(scratch, 'rest.parquet');
  await writeWithout(run, path, about, rest);
  const [left] = await groupsOfFile(run, rest);
  if (left?.rows !== file.rows - gone.rows || left.digest !== digestWithout(file.digest, gone.digest))
    throw new Error(`${file.name} without the person is not what must be left of it.`);
  return prove(deps, run, left, rest);
}
