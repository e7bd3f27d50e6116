import { ARCHIVE_PREFIX, prefixOfTenant } from '../sql/archive-home.ts';
import {
  condemnExpired,
  countArchiveFiles,
  forgetArchiveFile,
  knownNames,
  listArchiveFiles,
} from '../sql/queries/archive-files.ts';
import type { ArchiveDeps } from './write-archive.ts';

/** Destroys what no rule keeps any longer. Gives how many files that were. To be called by whose turn it is, like all of these. */
export async function expireArchive(deps: ArchiveDeps): Promise<number> {
  await condemnExpired(deps.pool, deps.clock());
  return destroyCondemned(deps);
}

/** Destroys condemned files, of one tenant or of all. Gives how many. */
export async function destroyCondemned(
  deps: Pick<ArchiveDeps, 'pool' | 'archive' | 'lost'>,
  tenantId?: string,
): Promise<number> {
  const files = await listArchiveFiles(deps.pool, { tenantId, status: 'condemned' });
  for (const { id, name } of files) {
    deps.lost?.throwIfAborted();
    await deps.archive.store.remove(name);
    await forgetArchiveFile(deps.pool, id);
  }
  return files.length;
}

/** What the store has and the manifest does not, and how many files of the manifest the store has not. */
export type Unaccounted = { orphans: string[]; missing: number };

const BATCH = 1_000;

/** Compares the store with the manifest, both ways. */
export async function compareStore(deps: Pick<ArchiveDeps, 'pool' | 'archive'>): Promise<Unaccounted> {
  const orphans: string[] = [];
  let known = 0;
  let names: string[] = [];
  const look = async () => {
    const found = await knownNames(deps.pool, names);
    known += found.size;
    orphans.push(...names.filter((name) => !found.has(name)));
    names = [];
  };
  for await (const { name } of deps.archive.store.list(ARCHIVE_PREFIX)) {
    if (names.push(name) === BATCH) await look();
  }
  await look();
  return { orphans, missing: (await countArchiveFiles(deps.pool)) - known };
}

/**
 * Removes files that the manifest does not know, which a killed run leaves. Nothing is removed where the store lacks a file of the
 * manifest: then one of the two is not the other's, such as after a restore, and a person must look.
 */
export async function sweepArchive(deps: ArchiveDeps): Promise<number> {
  await deps.archive.store.sweep(new Date(Date.now() - 86_400_000));
  const { orphans, missing } = await compareStore(deps);
  if (missing > 0)
    throw new Error(`The object store lacks ${missing} files of the archive; \`mirante archive verify\` names them.`);
  for (const name of orphans) {
    deps.lost?.throwIfAborted();
    await deps.archive.store.remove(name);
  }
  if (orphans.length > 0)
    deps.log.warn({ orphans: orphans.length }, 'files that the manifest of the archive does not know were removed');
  return orphans.length;
}

/** Destroys all that the archive and its store have of one tenant, known to the manifest or not. Gives how many files. */
export async function destroyTenant(deps: Pick<ArchiveDeps, 'archive'>, tenantId: string): Promise<number> {
  let destroyed = 0;
  for await (const { name } of deps.archive.store.list(prefixOfTenant(tenantId))) {
    await deps.archive.store.remove(name);
    destroyed++;
  }
  return destroyed;
}
