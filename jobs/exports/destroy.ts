import {
  type DoomedFile,
  doomedFiles,
  doomedFilesOf,
  expireExports,
  forgetDoomed,
  keptObjects,
  postponeDoomed,
  unknownObjects,
} from '../../sql/exports/upkeep.ts';
import { eachItem, throwAll } from '../queue/each.ts';
import type { ExportDeps } from './deps.ts';
import { tellEnded } from './finish.ts';
import { clearScratch } from './step.ts';

type DestroyDeps = Pick<ExportDeps, 'pool' | 'log' | 'clock' | 'objects'>;

const PAGE = 500;
const DAY_MS = 86_400_000;

/**
 * Expires exports past their retention, and destroys the files of every export that failed or was cancelled, expired or deleted.
 * Returns how many files were destroyed. A file that cannot be destroyed does not stop the others and is retried later; the
 * errors are thrown at the end.
 */
export async function destroyExports(deps: DestroyDeps): Promise<number> {
  await expireExports(deps.pool, deps.clock());
  const failures: unknown[] = [];
  await tellEnded(deps).catch((error: unknown) => failures.push(error));
  let destroyed = 0;
  const due = async function* () {
    for (let files: DoomedFile[]; ; ) {
      files = await doomedFiles(deps.pool, deps.clock(), PAGE);
      yield* files;
      if (files.length < PAGE) return;
    }
  };
  await eachItem(due(), telling(deps), async (file) => {
    await destroy(deps, file);
    destroyed++;
  }).catch((error: unknown) => failures.push(error));
  if (destroyed > 0) deps.log.info({ files: destroyed }, 'export files deleted');
  throwAll(failures, 'cannot end exports');
  return destroyed;
}

/** Destroys the files of one tenant's exports that an erasure ended. It does not wait for files of other tenants. */
export async function destroyErased(deps: DestroyDeps, tenantId: string): Promise<void> {
  await eachItem(await doomedFilesOf(deps.pool, deps.clock(), tenantId), telling(deps), (file) => destroy(deps, file));
}

const telling = ({ log }: DestroyDeps) => ({
  log,
  message: 'cannot delete an export file',
  about: ({ tenant_id, export_id, object }: DoomedFile) => ({ tenant: tenant_id, export: export_id, object }),
});

async function destroy({ pool, objects, clock }: DestroyDeps, { object }: DoomedFile): Promise<void> {
  try {
    await objects.remove(object);
  } catch (error) {
    await postponeDoomed(pool, object, clock());
    throw error;
  }
  await forgetDoomed(pool, object);
}

/** Removes all of a tenant's export files, including those that belong to no export. Returns how many. */
export async function destroyAllOf({ objects, log }: Pick<DestroyDeps, 'objects' | 'log'>, tenantId: string): Promise<number> {
  const names: string[] = [];
  for await (const { name } of objects.list(`exports/${tenantId}/`)) names.push(name);
  await eachItem(names, tellingName(log), (name) => objects.remove(name));
  return names.length;
}

const tellingName = (log: ExportDeps['log']) => ({
  log,
  message: 'cannot delete an export file',
  about: (object: string) => ({ object }),
});

/**
 * Compares the store with the exports. Removes files older than a day that belong to no export, and logs files of exports that
 * the store lacks as an error. Also removes unfinished files, here and in the store. Returns the number of files removed and the
 * names of the missing ones.
 */
export async function checkExportFiles(deps: ExportDeps): Promise<{ orphans: number; missing: string[] }> {
  const { pool, objects, log } = deps;
  const yesterday = new Date(deps.clock().getTime() - DAY_MS);
  const kept = new Set(await keptObjects(pool));
  const found = new Set<string>();
  let old: string[] = [];
  let orphans = 0;
  const failures: unknown[] = [];
  const removeUnknown = async () => {
    const unknown = await unknownObjects(pool, old);
    old = [];
    await eachItem(unknown, tellingName(log), async (name) => {
      await objects.remove(name);
      orphans++;
    }).catch((error: unknown) => failures.push(error));
  };
  for await (const { name, modifiedAt } of objects.list('exports/')) {
    found.add(name);
    if (modifiedAt < yesterday && !kept.has(name)) old.push(name);
    if (old.length >= PAGE) await removeUnknown();
  }
  await removeUnknown();
  const absent = [...kept].filter((name) => !found.has(name));
  // A file that was destroyed in the meantime is not missing.
  const still = new Set(absent.length > 0 ? await keptObjects(pool) : []);
  const missing = absent.filter((name) => still.has(name));
  const swept = await objects.sweep(yesterday);
  await clearScratch(deps);
  if (missing.length > 0) log.error({ files: missing.length, first: missing.slice(0, 10) }, 'export files are missing');
  log.debug({ files: found.size, orphans, missing: missing.length, swept }, 'files of exports checked');
  throwAll(failures, 'cannot remove export files');
  return { orphans, missing };
}
