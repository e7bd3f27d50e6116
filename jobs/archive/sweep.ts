import {
  type CondemnedFile,
  condemnExpired,
  condemnedFiles,
  countArchiveFiles,
  forgetArchiveFile,
  knownNames,
  postponeCondemned,
} from '../../sql/archive/files.ts';
import { ARCHIVE_PREFIX, prefixOfTenant } from '../../sql/archive/home.ts';
import { eachItem } from '../queue/each.ts';
import type { ArchiveDeps } from './write.ts';

type SweepDeps = Pick<ArchiveDeps, 'pool' | 'log' | 'archive' | 'lost'>;

/**
 * Destroys files past the retention of every rule. Returns how many. As for all functions here, the caller must have the
 * archive's turn.
 */
export async function expireArchive(deps: ArchiveDeps): Promise<number> {
  await condemnExpired(deps.pool, deps.clock());
  return destroyCondemned(deps);
}

/**
 * Destroys condemned files: all of one tenant's, or the due ones of all tenants. Returns how many. A file that cannot be
 * destroyed does not stop the others and is retried later.
 */
export async function destroyCondemned({ pool, log, archive, lost }: SweepDeps, tenantId?: string): Promise<number> {
  const telling = {
    log,
    message: 'cannot delete an archived file',
    about: ({ tenant_id, name }: CondemnedFile) => ({ tenant: tenant_id, name }),
    isFatal: () => lost?.aborted ?? false,
  };
  let destroyed = 0;
  await eachItem(await condemnedFiles(pool, tenantId), telling, async ({ id, name }) => {
    lost?.throwIfAborted();
    await archive.store.remove(name).catch(async (error: unknown) => {
      await postponeCondemned(pool, id);
      throw error;
    });
    await forgetArchiveFile(pool, id);
    destroyed++;
  });
  return destroyed;
}

/** `orphans`: objects that are not in the manifest. `missing`: number of files in the manifest that the store lacks. */
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
 * Removes files that are not in the manifest, which a killed run leaves. Returns how many. If the store lacks a file of the
 * manifest, it throws and removes nothing: store and manifest may not belong together, for example after a restore, and an
 * operator must check.
 */
export async function sweepArchive(deps: ArchiveDeps): Promise<number> {
  await deps.archive.store.sweep(new Date(Date.now() - 86_400_000));
  const { orphans, missing } = await compareStore(deps);
  if (missing > 0)
    throw new Error(`${missing} archived files are missing in the object store. \`mirante archive verify\` lists them.`);
  await removeAll(deps, orphans);
  if (orphans.length > 0)
    deps.log.warn({ orphans: orphans.length }, 'removed files that are not in the manifest of the archive');
  return orphans.length;
}

/** Destroys all of one tenant's objects in the archive, in the manifest or not. Returns how many. */
export async function destroyTenant(deps: Pick<ArchiveDeps, 'log' | 'archive'>, tenantId: string): Promise<number> {
  const names: string[] = [];
  for await (const { name } of deps.archive.store.list(prefixOfTenant(tenantId))) names.push(name);
  await removeAll(deps, names);
  return names.length;
}

async function removeAll(
  { log, archive, lost }: Pick<ArchiveDeps, 'log' | 'archive' | 'lost'>,
  names: string[],
): Promise<void> {
  const about = (name: string) => ({ name });
  const telling = { log, message: 'cannot remove an archived file', about, isFatal: () => lost?.aborted ?? false };
  await eachItem(names, telling, async (name) => {
    lost?.throwIfAborted();
    await archive.store.remove(name);
  });
}
