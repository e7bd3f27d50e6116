import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { v4 as uuid } from 'uuid';

export type StoredObject = { name: string; bytes: number; modifiedAt: Date };

/** Files by name, in a folder or in an S3 store. Names are relative paths with `/`. */
export type ObjectStore = {
  /** Stores the file at `path` under `name` and replaces an existing object. Readers never see a partial object. */
  put: (name: string, path: string) => Promise<void>;
  /** The content, or the bytes from `start` to `end`, both included; undefined if the object does not exist. */
  get: (name: string, range?: { start: number; end: number }) => Promise<Readable | undefined>;
  stat: (name: string) => Promise<StoredObject | undefined>;
  /** All objects whose names begin with `prefix`, which ends with `/` or is empty; in no order. */
  list: (prefix: string) => AsyncGenerator<StoredObject>;
  /** Deletes the object. A missing object is not an error. */
  remove: (name: string) => Promise<void>;
  /** Deletes unfinished writes that began before `before`. Returns how many files it deleted. */
  sweep: (before: Date) => Promise<number>;
  close: () => void;
};

/** Folder of unfinished files; no object has such a name. */
const UNFINISHED = '.unfinished';

/** Opens a folder on this machine as a store. */
export function openFolderStore(root: string): ObjectStore {
  const pathOf = (name: string) => {
    const path = join(root, name);
    if (!path.startsWith(root + sep) || path.startsWith(join(root, UNFINISHED)))
      throw new Error(`${name} is not a valid object name.`);
    return path;
  };

  async function* walk(folder: string): AsyncGenerator<StoredObject> {
    const entries = await opendir(folder).catch(ifMissing);
    if (!entries) return;
    for await (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (path !== join(root, UNFINISHED)) yield* walk(path);
        continue;
      }
      // Another process may have removed it in the meantime.
      const found = await stat(path).catch(ifMissing);
      if (found) yield { name: relative(root, path).replaceAll(sep, '/'), bytes: found.size, modifiedAt: found.mtime };
    }
  }

  return {
    async put(name, path) {
      const target = pathOf(name);
      const unfinished = join(root, UNFINISHED, uuid());
      await mkdir(dirname(unfinished), { recursive: true, mode: 0o700 });
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      try {
        await copyFile(path, unfinished);
        await sync(unfinished);
        await rename(unfinished, target);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      await sync(dirname(target));
    },
    async get(name, range) {
      const file = await open(pathOf(name)).catch(ifMissing);
      return file && createReadStream('', { fd: file, ...range });
    },
    async stat(name) {
      const found = await stat(pathOf(name)).catch(ifMissing);
      return found?.isFile() ? { name, bytes: found.size, modifiedAt: found.mtime } : undefined;
    },
    list: (prefix) => walk(prefix === '' ? root : pathOf(prefix)),
    remove: (name) => rm(pathOf(name), { force: true }),
    async sweep(before) {
      const entries = await opendir(join(root, UNFINISHED)).catch(ifMissing);
      if (!entries) return 0;
      let swept = 0;
      for await (const { name } of entries) {
        const path = join(root, UNFINISHED, name);
        const found = await stat(path).catch(ifMissing);
        if (!found || found.mtime >= before) continue;
        await rm(path, { force: true });
        swept++;
      }
      return swept;
    },
    close: () => undefined,
  };
}

// An acknowledged write must survive a power loss.
async function sync(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
