import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createMeter } from '../../lib/checksums.ts';
import type { Config } from '../../lib/config.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import type { ArchiveFile } from './files.ts';

/** The store of archived files, and a folder on this machine for work on them. */
export type ArchiveHome = {
  store: ObjectStore;
  scratch: string;
  /**
   * Runs `work` when few others read, because each reader takes up to 192 MB. Returns undefined, at once, if too many already
   * wait. A tenant gets at most half of the places, to read and to wait, so that it cannot lock out others.
   */
  read: <T>(tenantId: string, work: () => Promise<T>) => Promise<T> | undefined;
};

/** Opens the archive: the store of all objects, and the scratch folder from the settings. */
export function openArchive(config: Pick<Config, 'MIRANTE_DATA_DIR'>, store: ObjectStore): ArchiveHome {
  return {
    store,
    scratch: resolve(config.MIRANTE_DATA_DIR, 'scratch'),
    read: createGate(READERS, WAITING),
  };
}

const READERS = 2;
const WAITING = 4;

/** At most `max` run at once, and at most `maxWaiting` wait. One tenant gets at most half of each. */
export function createGate(max: number, maxWaiting: number): ArchiveHome['read'] {
  const running: string[] = [];
  const waiting: { tenantId: string; go: () => void }[] = [];
  const of = (list: string[], tenantId: string) => list.filter((one) => one === tenantId).length;
  const mayEnter = (tenantId: string) => running.length < max && of(running, tenantId) < max / 2;
  const mayWait = (tenantId: string) => {
    const tenants = waiting.map((one) => one.tenantId);
    return tenants.length < maxWaiting && of(tenants, tenantId) < maxWaiting / 2;
  };
  return (tenantId, work) => {
    const enters = mayEnter(tenantId);
    if (!enters && !mayWait(tenantId)) return undefined;
    const entered = enters ? Promise.resolve() : new Promise<void>((go) => waiting.push({ tenantId, go }));
    if (enters) running.push(tenantId);
    // When one leaves, the first waiter that may enter does.
    const leave = () => {
      running.splice(running.indexOf(tenantId), 1);
      const next = waiting.findIndex((one) => mayEnter(one.tenantId));
      const [admitted] = next === -1 ? [] : waiting.splice(next, 1);
      if (!admitted) return;
      running.push(admitted.tenantId);
      admitted.go();
    };
    return entered.then(work).finally(leave);
  };
}

/** Prefix of all objects of the archive. */
export const ARCHIVE_PREFIX = 'archive/events/';

/** Prefix of one tenant's objects in the archive. */
export const prefixOfTenant = (tenantId: string) => `${ARCHIVE_PREFIX}tenant=${tenantId}/`;

const MAX_LETTERS = 120;

/**
 * The name of a new file. A type whose folder name would be too long is truncated and its hash appended; the file itself contains
 * the full type.
 */
export function nameOf({ tenant_id, type, day, id }: Pick<ArchiveFile, 'tenant_id' | 'type' | 'day' | 'id'>): string {
  const encoded = encodeURIComponent(type).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const hash = createHash('sha256').update(type).digest('hex').slice(0, 16);
  const folder = encoded.length <= MAX_LETTERS ? encoded : `${encoded.slice(0, MAX_LETTERS).replace(/%.?$/, '')}~${hash}`;
  return `${prefixOfTenant(tenant_id)}event_type=${folder}/day=${day}/${id}.parquet`;
}

/** Stores a file and reads all of it back. Throws if the store returns other bytes. */
export async function storeProved(store: ObjectStore, name: string, path: string): Promise<{ bytes: number; sha256: string }> {
  const { size: bytes } = await stat(path);
  const sha256 = await hashOf(createReadStream(path));
  await store.put(name, path);
  const held = await store.stat(name);
  const body = await store.get(name);
  const back = body && (await hashOf(body));
  if (held?.bytes !== bytes || back !== sha256) throw new Error(`The object store did not return ${name} as it was written.`);
  return { bytes, sha256 };
}

/** A file of the archive is not the one that was proved. */
export class ChangedFile extends Error {}

/**
 * Downloads a file of the manifest. Returns undefined if it is gone. Throws if it differs, byte for byte, from what was proved.
 */
export async function fetchFile(
  store: ObjectStore,
  file: Pick<ArchiveFile, 'name' | 'sha256'>,
  path: string,
): Promise<true | undefined> {
  const body = await store.get(file.name);
  if (!body) return undefined;
  const meter = createMeter();
  await pipeline(body, meter.stream, createWriteStream(path, { mode: 0o600 }));
  if (meter.read().sha256 !== file.sha256)
    throw new ChangedFile(`${file.name} has been changed since it was archived: its SHA-256 differs.`);
  return true;
}

async function hashOf(body: NodeJS.ReadableStream): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(body, hash);
  return hash.digest('hex');
}

/** Creates a new scratch folder; the caller removes it afterwards. */
export async function openScratch(
  { scratch: parent }: Pick<ArchiveHome, 'scratch'>,
  kind: 'archive' | 'read',
): Promise<{ folder: string; remove: () => Promise<void> }> {
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(parent, `${kind}-`));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs `work` with a new scratch folder, and removes the folder afterwards. */
export async function withScratch<T>(
  home: Pick<ArchiveHome, 'scratch'>,
  kind: 'archive' | 'read',
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const { folder, remove } = await openScratch(home, kind);
  try {
    return await work(folder);
  } finally {
    await remove();
  }
}

const DAY_MS = 86_400_000;

/** Removes folders of openScratch() that killed processes left. Call it with the archive's turn, before creating a folder. */
export async function clearScratch({ scratch: parent }: ArchiveHome): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const path = join(parent, name);
    const found = name.startsWith('read-') ? await stat(path).catch(() => undefined) : undefined;
    if (name.startsWith('archive-') || (found && found.mtimeMs < Date.now() - DAY_MS))
      await rm(path, { recursive: true, force: true });
  }
}
