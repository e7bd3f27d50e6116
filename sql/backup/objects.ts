import { createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../../lib/config.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import type { Manifest } from './manifest.ts';

type Store = Pick<Config, 'OBJECT_STORE_URL' | 'MIRANTE_DATA_DIR'>;

/** Files of exports: a new export replaces them. */
const LEFT = 'exports/';
/** The erasure ledger: in every backup, and never replaced by an older one. */
const LEDGER = 'erasure-ledger/';

/** Copies a store that is a folder. An S3 store is too large to copy and has its own means of backup. */
export async function copyObjects(config: Store, folder: string): Promise<Manifest['objects']> {
  if (config.OBJECT_STORE_URL?.startsWith('s3:')) {
    const { hostname, pathname } = new URL(config.OBJECT_STORE_URL);
    const note = `The store s3://${hostname}${pathname} is no part of this backup: keep its versions, or replicate it.`;
    await copyFiles(config, LEDGER, folder);
    return { included: false, note };
  }
  const files = await copyFiles(config, '', folder);
  return { included: true, note: `Files of the object store: ${files}. Files of exports are left out.` };
}

async function copyFiles(config: Store, prefix: string, folder: string): Promise<number> {
  const store = openObjectStore(config);
  let files = 0;
  try {
    for await (const { name } of store.list(prefix)) {
      if (name.startsWith(LEFT)) continue;
      const content = await store.get(name);
      // An erasure may have removed it since it was listed.
      if (!content) continue;
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await pipeline(content, createWriteStream(path, { mode: 0o600, flush: true }));
      files += 1;
    }
  } finally {
    store.close();
  }
  return files;
}

/** Copies a backup's objects back into the object store. Returns how many. */
export async function returnObjects(config: Store, folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const store = openObjectStore(config);
  try {
    for (const file of files) {
      const name = relative(resolve(folder), resolve(file)).replaceAll(sep, '/');
      if (name.startsWith(LEDGER) && (await store.stat(name))) continue;
      await store.put(name, file);
    }
  } finally {
    store.close();
  }
  return files.length;
}
