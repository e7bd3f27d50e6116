import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { type ObjectStore, openFolderStore } from './object-store.ts';
import { openS3Store } from './s3-store.ts';

/** Opens the store of OBJECT_STORE_URL, or the folder `objects` of the data directory if it is not set. */
export function openObjectStore(config: Pick<Config, 'OBJECT_STORE_URL' | 'MIRANTE_DATA_DIR'>): ObjectStore {
  const { OBJECT_STORE_URL: url, MIRANTE_DATA_DIR } = config;
  if (url?.startsWith('s3:')) return openS3Store(url);
  return openFolderStore(url ? fileURLToPath(url) : resolve(MIRANTE_DATA_DIR, 'objects'));
}
