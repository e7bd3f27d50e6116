import { join } from 'node:path';
import { withDuckDb } from '../lib/parquet.ts';
import { type ArchiveHome, fetchFile, withScratch } from '../sql/archive-home.ts';
import { archivedInOrder } from '../sql/archive-rows.ts';
import { type Client, type Pool, withTransaction } from '../sql/db.ts';
import { digestWithout } from '../sql/queries/archive-columns.ts';
import {
  type ArchiveFile,
  condemn,
  enterArchiveFile,
  listArchiveFiles,
  withArchiveTurn,
} from '../sql/queries/archive-files.ts';
import type { Group } from '../sql/queries/archive-groups.ts';
import { aboutPerson, groupsOfFile, type Run, writeWithout } from '../sql/queries/archive-parquet.ts';
import { recordsOf } from '../sql/queries/event-records.ts';
import type { Found, Person } from '../sql/queries/places.ts';
import { noteErased, noteErasedFile, notePrivacyProgress, type OpenRequest } from '../sql/queries/privacy-requests.ts';
import { eraseRestored } from '../sql/queries/restored.ts';
import { destroyCondemned } from './sweep-archive.ts';
import { prove } from './write-archive.ts';

/** As it stands in certificates beside the places of sql/queries/places.ts. */
const PLACE = 'archive';

/** How often the request says that it is still being served. */
const EVERY_FILES = 50;

/**
 * Rewrites every archived file that holds a person, without it: what is left is proved, entered in the old one's place, and the old one
 * is destroyed. Each is noted in the request as soon as it is. Throws Busy where another is at work on the archive. Scratch tables that parts of the archive were restored into are reached too.
 */
export async function eraseFromArchive(
  deps: { pool: Pool; archive: ArchiveHome },
  request: OpenRequest,
  person: Person,
): Promise<void> {
  const rewriteAll = (lost: AbortSignal) =>
    withScratch(deps.archive, 'archive', (scratch) =>
      withDuckDb(scratch, async (run) => {
        await destroyCondemned({ ...deps, lost }, person.tenantId);
        await withTransaction(deps.pool, 'begin', async (client) =>
          noteErased(client, request.id, PLACE, { removed: await eraseRestored(client, person), hours: 0 }, 80),
        );
        for (const [n, file] of (await listArchiveFiles(deps.pool, { tenantId: person.tenantId })).entries()) {
          if (n % EVERY_FILES === 0) await notePrivacyProgress(deps.pool, request.id, 80);
          lost.throwIfAborted();
          await rewrite(deps, run, scratch, file, request, person);
        }
        await destroyCondemned({ ...deps, lost }, person.tenantId);
      }),
    );
  await withArchiveTurn(deps.pool, rewriteAll, 'try');
}

async function rewrite(
  deps: { pool: Pool; archive: ArchiveHome },
  run: Run,
  scratch: string,
  file: ArchiveFile,
  request: OpenRequest,
  { subject, hash }: Person,
): Promise<void> {
  const path = join(scratch, `${file.id}.parquet`);
  const about = aboutPerson(subject, hash);
  if (!(await fetchFile(deps.archive.store, file, path))) throw new Error(`${file.name} is not in the object store.`);
  const [gone] = await groupsOfFile(run, path, about);
  if (!gone) return;
  const successor = gone.rows === file.rows ? undefined : await proveRest(deps, run, scratch, { path, about, file, gone });
  await withTransaction(deps.pool, 'begin', async (client) => {
    if (successor) await enterArchiveFile(client, { ...successor, status: file.status }, file.id);
    await condemn(client, [file.id]);
    await noteErased(client, request.id, PLACE, { removed: gone.rows, hours: 0 }, 80);
    await noteErasedFile(client, request.id, { type: file.type, day: file.day, removed: gone.rows });
  });
}

// What must be left is known by count and digest before it is written.
async function proveRest(
  deps: { archive: ArchiveHome },
  run: Run,
  scratch: string,
  { path, about, file, gone }: { path: string; about: string; file: ArchiveFile; gone: Group },
): Promise<ArchiveFile> {
  const rest = join(scratch, `${file.id}-rest.parquet`);
  await writeWithout(run, path, about, rest);
  const [left] = await groupsOfFile(run, rest);
  if (left?.rows !== file.rows - gone.rows || left.digest !== digestWithout(file.digest, gone.digest))
    throw new Error(`${file.name} without the person is not what must be left of it.`);
  return prove(deps, run, left, rest);
}

/** Archived events about a person, for the copy that it may have. A file that is rewritten meanwhile ends it: it is begun again. */
export async function* findInArchive(
  client: Client,
  archive: ArchiveHome,
  { tenantId, subject, hash }: Person,
): AsyncGenerator<Found[]> {
  const files = await listArchiveFiles(client, { tenantId, status: 'live' });
  const newestFirst = files.reverse().map((file) => ({ ...file, visible_from: '-infinity' }));
  for await (const rows of archivedInOrder(archive, newestFirst, { about: { subject, hash } })) {
    if (rows.length > 0) yield await recordsOf(client, rows);
  }
}
