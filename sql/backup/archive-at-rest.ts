import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { liveFiles, withArchiveTurn } from '../archive/files.ts';
import type { Client, Pool } from '../database/db.ts';
import type { Manifest } from './manifest.ts';

/**
 * Runs `work` while no archive file is added or removed, so that the manifest's rows and the files are from the same moment. A
 * database older than the archive has no turn to take.
 */
export async function withArchiveAtRest<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  return (await hasArchive(pool)) ? withArchiveTurn(pool, work) : work();
}

/** Throws if the copied objects lack a file with archived events, or have it with another size. */
export async function refuseMissing(pool: Pool | Client, folder: string, { included }: Manifest['objects']): Promise<void> {
  if (!included || !(await hasArchive(pool))) return;
  for (const { name, bytes } of await liveFiles(pool)) {
    const found = await stat(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    if (found?.size !== bytes)
      throw new Error(
        `The archived file ${name} is not in the object store as it should be, so this backup would not be whole. \`mirante archive verify\` says more; is MIRANTE_DATA_DIR or OBJECT_STORE_URL the one of API and jobs?`,
      );
  }
}

async function hasArchive(pool: Pool | Client): Promise<boolean> {
  const { rows } = await pool.query<{ there: boolean }>("select to_regclass('storage.archive_turn') is not null as there");
  return rows[0]?.there ?? false;
}
