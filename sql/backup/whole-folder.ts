import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Creates a folder that gets its name only when it is complete. `work` fills a folder next to it, which is removed if the work
 * fails, and stays as `.unfinished-…` if the process is killed. Throws if `folder` already exists.
 */
export async function makeWhole<T>(folder: string, work: (unfinished: string) => Promise<T>): Promise<T> {
  const target = resolve(folder);
  refuseExisting(target);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const unfinished = await mkdtemp(join(dirname(target), `.unfinished-${basename(target)}-`));
  try {
    const result = await work(unfinished);
    refuseExisting(target);
    await rename(unfinished, target);
    await syncFolder(dirname(target));
    return result;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

function refuseExisting(target: string): void {
  if (existsSync(target)) throw new Error(`${target} already exists and is not overwritten. Choose another folder.`);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
