import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { type ArchiveHome, openArchive } from '../../sql/archive/home.ts';
import type { TestDatabase } from './harness.ts';

/** An archive in a folder of its own, or on the store of `url`; to be removed in `afterAll`, awaited. */
export async function makeArchive(url?: string): Promise<ArchiveHome & { folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mirante-archive-'));
  const config = { OBJECT_STORE_URL: url, MIRANTE_DATA_DIR: folder };
  const home = openArchive(config, openObjectStore(config));
  return {
    ...home,
    folder,
    async remove() {
      home.store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What jobs that reach files need. */
export const jobDeps = ({ jobs, engine }: Pick<TestDatabase, 'jobs' | 'engine'>, archive: ArchiveHome) => ({
  pool: jobs,
  engine,
  log: pino({ level: 'silent' }),
  clock: () => new Date(),
  objects: archive.store,
  archive,
});
