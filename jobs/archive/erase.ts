import { join } from 'node:path';
import type { Logger } from '../../lib/log.ts';
import { withDuckDb } from '../../lib/parquet.ts';
import { digestWithout } from '../../sql/archive/columns.ts';
import { type ArchiveFile, condemn, enterArchiveFile, listArchiveFiles, withArchiveTurn } from '../../sql/archive/files.ts';
import type { Group } from '../../sql/archive/groups.ts';
import { type ArchiveHome, ChangedFile, fetchFile, withScratch } from '../../sql/archive/home.ts';
import { aboutPerson, groupsOfFile, isArchivedAbout, type Run, writeWithout } from '../../sql/archive/parquet.ts';
import { eraseRestored } from '../../sql/archive/restored.ts';
import { archivedInOrder } from '../../sql/archive/rows.ts';
import { type Client, type Pool, withTransaction } from '../../sql/database/db.ts';
import { recordsOf } from '../../sql/events/event-records.ts';
import { type ClaimedRequest, ClaimLost, notePrivacyProgress } from '../../sql/privacy/claims.ts';
import { noteErased, noteErasedFile } from '../../sql/privacy/erased-so-far.ts';
import { declaredFields } from '../../sql/privacy/event-place.ts';
import type { FieldsOf } from '../../sql/privacy/matching.ts';
import { keptBecause, obligedTypes } from '../../sql/privacy/obliged.ts';
import { type Erased, nothingErased, type Person, type SubjectRecord } from '../../sql/privacy/place.ts';
import { eachItem } from '../queue/each.ts';
import { destroyCondemned } from './sweep.ts';
import { prove } from './write.ts';

/** Its name in certificates, next to the places of sql/privacy/places.ts. */
const PLACE = 'archive';

/**
 * Rewrites every archived file that contains a person, without the person: the remaining rows are proved, the new file replaces
 * the old one in the manifest, and the old one is destroyed. Each file is recorded in the request at once. Scratch tables of
 * restored parts of the archive are covered too. A file that cannot be rewritten does not stop the others; the error is thrown at
 * the end. Throws Busy if another worker uses the archive.
 */
export async function eraseFromArchive(
  deps: { pool: Pool; log: Logger; archive: ArchiveHome },
  request: ClaimedRequest,
  person: Person,
): Promise<void> {
  const rewriteAll = (lost: AbortSignal) =>
    withScratch(deps.archive, 'archive', (scratch) =>
      withDuckDb(scratch, async (run) => {
        const turned = { ...deps, lost };
        await destroyCondemned(turned, person.tenantId);
        const files = await listArchiveFiles(deps.pool, { tenantId: person.tenantId });
        const fields = await declaredOf(deps.pool, person.tenantId);
        const telling = {
          log: deps.log,
          message: 'cannot rewrite an archived file',
          about: ({ name }: ArchiveFile) => ({ tenant: person.tenantId, privacy_request: request.id, name }),
          isFatal: (error: unknown) => error instanceof ClaimLost || lost.aborted,
        };
        await withTransaction(deps.pool, 'begin', async (client) =>
          noteErased(client, request, PLACE, await eraseRestored(client, person), 80),
        );
        const obliged = new Set(await obligedTypes(deps.pool, person.tenantId));
        const read = nothingErased();
        await eachItem(files, telling, async (file) => {
          lost.throwIfAborted();
          // Before a file is fetched, so that a worker that has lost its lease stores nothing more.
          await notePrivacyProgress(deps.pool, request, 80);
          add(read, await rewrite(deps, run, scratch, file, request, person, { fields, isObliged: obliged.has(file.type) }));
        });
        await withTransaction(deps.pool, 'begin', (client) => noteErased(client, request, PLACE, read, 80, true));
        await destroyCondemned(turned, person.tenantId);
      }),
    );
  await withArchiveTurn(deps.pool, rewriteAll, 'try');
}

async function declaredOf(pool: Pool, tenantId: string): Promise<FieldsOf> {
  const fields = await withTransaction(pool, 'begin', (client) => declaredFields(client, tenantId));
  return (type) => fields.get(type);
}

function add(sum: Erased, one: Erased): void {
  for (const name of ['rows', 'files', 'bytes'] as const) sum.searched[name] += one.searched[name];
  sum.kept.push(...one.kept);
  sum.unsearched = [...(sum.unsearched ?? []), ...(one.unsearched ?? [])];
}

// Returns what is not recorded yet: all except the removal, which is recorded in the transaction that replaces the file.
async function rewrite(
  deps: { pool: Pool; archive: ArchiveHome },
  run: Run,
  scratch: string,
  file: ArchiveFile,
  request: ClaimedRequest,
  person: Person,
  { fields, isObliged }: { fields: FieldsOf; isObliged: boolean },
): Promise<Erased> {
  const path = join(scratch, `${file.id}.parquet`);
  const unread = (why: string) => ({ ...nothingErased(), unsearched: [{ what: file.name, why }] });
  try {
    if (!(await fetchFile(deps.archive.store, file, path))) return unread('The file is missing in the object store.');
  } catch (error) {
    if (error instanceof ChangedFile) return unread('The file was changed since it was archived, and is not read.');
    throw error;
  }
  const read = { ...nothingErased(), searched: { rows: file.rows, files: 1, bytes: file.bytes } };
  const about = await aboutPerson(run, path, person, fields);
  const [gone] = await groupsOfFile(run, path, about);
  if (!gone) return read;
  if (isObliged) return { ...read, kept: [{ records: gone.rows, why: keptBecause(file.type) }] };
  const successor = gone.rows === file.rows ? undefined : await proveRest(deps, run, scratch, { path, about, file, gone });
  await withTransaction(deps.pool, 'begin', async (client) => {
    if (successor) await enterArchiveFile(client, { ...successor, status: file.status }, file.id);
    await condemn(client, [file.id]);
    await noteErased(client, request, PLACE, { ...nothingErased(), removed: gone.rows }, 80, true);
    await noteErasedFile(client, request, { type: file.type, day: file.day, removed: gone.rows });
  });
  return read;
}

// The expected count and digest are known before the remaining rows are stored.
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
    throw new Error(`${file.name} does not have the expected rows after the erasure.`);
  return prove(deps, run, left, rest);
}

/**
 * Archived events about a person, for the person's copy. If a file is rewritten in the meantime, this throws and the copy starts
 * over.
 */
export async function* findInArchive(client: Client, archive: ArchiveHome, person: Person): AsyncGenerator<SubjectRecord[]> {
  const { tenantId, subject, hash } = person;
  const fields = await declaredFields(client, tenantId);
  const files = await listArchiveFiles(client, { tenantId, status: 'live' });
  const newestFirst = files.reverse().map((file) => ({ ...file, visible_from: '-infinity' }));
  for await (const rows of archivedInOrder(archive, newestFirst, { about: { subject, hash } })) {
    const found = rows.filter((row) => isArchivedAbout(row, person, (type) => fields.get(type)));
    if (found.length > 0) yield await recordsOf(client, found);
  }
}
