import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { type ArchiveHome, openArchive } from '../../sql/archive/home.ts';
import { cleanUp } from './clean-up.ts';
import { type TestDatabase, testSecret } from './harness.ts';

/** An archive in a temporary folder, or in the store at `url`. */
export async function useArchive(url?: string): Promise<ArchiveHome & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mirante-archive-'));
  const config = { OBJECT_STORE_URL: url, MIRANTE_DATA_DIR: folder };
  const home = openArchive(config, openObjectStore(config));
  cleanUp(async () => {
    home.store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { ...home, folder };
}

/** Dependencies of jobs that read or write files. */
export const jobDeps = ({ jobs, engine }: Pick<TestDatabase, 'jobs' | 'engine'>, archive: ArchiveHome) => ({
  pool: jobs,
  engine,
  log: pino({ level: 'silent' }),
  clock: () => new Date(),
  objects: archive.store,
  archive,
  secret: testSecret,
});
