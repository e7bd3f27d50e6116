import type { ObjectStore } from '../lib/object-store.ts';
import {
  type DoomedFile,
  doomedFiles,
  expireExports,
  forgetDoomed,
  keptObjects,
  unknownObjects,
} from '../sql/queries/export-upkeep.ts';
import { tellEnded } from './end-export.ts';
import { clearScratch, type ExportDeps } from './run-export.ts';

type DestroyDeps = Pick<ExportDeps, 'pool' | 'log' | 'clock' | 'objects'>;

const PAGE = 500;
const DAY_MS = 86_400_000;

/** Ends what has been kept long enough, and destroys the files of every export that has ended otherwise than completed. */
export async function destroyExports(deps: DestroyDeps): Promise<number> {
  await expireExports(deps.pool, deps.clock());
  await tellEnded(deps);
  let destroyed = 0;
  for (;;) {
    const files = await doomedFiles(deps.pool, deps.clock(), PAGE);
    for (const file of files) await destroy(deps, file);
    destroyed += files.length;
    if (files.length < PAGE) break;
  }
  if (destroyed > 0) deps.log.info({ files: destroyed }, 'files of exports destroyed');
  return destroyed;
}

async function destroy({ pool, objects }: DestroyDeps, { object }: DoomedFile): Promise<void> {
  await objects.remove(object);
  await forgetDoomed(pool, object);
}

/** Removes everything of a tenant's exports, also what no export knows. Gives how many files that were. */
export async function destroyAllOf(objects: ObjectStore, tenantId: string): Promise<number> {
  const names: string[] = [];
  for await (const { name } of objects.list(`exports/${tenantId}/`)) names.push(name);
  for (const name of names) await objects.remove(name);
  return names.length;
}

/**
 * Compares the store with what exports know: a file older than a day that no export knows is removed, one that an export has and the store has
 * not is an error. Also clears away what was begun and never finished, here and in the store.
 */
export async function checkExportFiles(deps: ExportDeps): Promise<{ orphans: number; missing: string[] }> {
  const { pool, objects, log } = deps;
  const yesterday = new Date(deps.clock().getTime() - DAY_MS);
  const kept = new Set(await keptObjects(pool));
  const found = new Set<string>();
  let old: string[] = [];
  let orphans = 0;
  const removeUnknown = async () => {
    for (const name of await unknownObjects(pool, old)) {
      await objects.remove(name);
      orphans++;
    }
    old = [];
  };
  for await (const { name, modifiedAt } of objects.list('exports/')) {
    found.add(name);
    if (modifiedAt < yesterday && !kept.has(name)) old.push(name);
    if (old.length >= PAGE) await removeUnknown();
  }
  await removeUnknown();
  const absent = [...kept].filter((name) => !found.has(name));
  // What was destroyed meanwhile is not missing.
  const still = new Set(absent.length > 0 ? await keptObjects(pool) : []);
  const missing = absent.filter((name) => still.has(name));
  const swept = await objects.sweep(yesterday);
  await clearScratch(deps);
  if (missing.length > 0) log.error({ files: missing.length, first: missing.slice(0, 10) }, 'files of exports are missing');
  log.info({ files: found.size, orphans, missing: missing.length, swept }, 'files of exports checked');
  return { orphans, missing };
}
