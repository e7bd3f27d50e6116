import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryLock } from 'fs-native-extensions';

export type FolderLock = {
  /** Whether the previous holder was killed, so that its child processes may still be running. */
  isAfterKill: boolean;
  release: () => void;
};

// Beyond the text, because Windows does not let other processes read locked bytes.
const LOCKED_BYTE = 2 ** 30;

/** Another program has the folder. Nothing was done. */
export class FolderInUse extends Error {}

/**
 * Locks a data folder for one program. The kernel releases the lock when this process ends, so no process id matters. `alone`:
 * also locks out commands that use the folder's database. Throws FolderInUse, whose message names the holder.
 */
export function lockFolder(folder: string, program: string, { alone = false } = {}): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = open(folder, 'lock');
  if (!isTaken(file, folder)) throw refusal(folder);
  const database = alone ? open(folder, 'lock.database') : undefined;
  if (database !== undefined && !isTaken(database, folder)) {
    closeSync(file);
    throw new FolderInUse(`Another command is using the database of ${resolve(folder)}. Wait until it has finished.`);
  }
  const isAfterKill = noteIn(folder) !== '';
  ftruncateSync(file);
  writeSync(file, `${program}, since ${new Date().toISOString()}\n`);
  return {
    isAfterKill,
    release() {
      ftruncateSync(file);
      for (const descriptor of [database, file]) if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}

/**
 * Locks a data folder's database for a command. Many commands may share it. Throws FolderInUse while another has the folder
 * `alone`.
 */
export function lockDatabase(folder: string): { release: () => void } {
  const file = open(folder, 'lock.database');
  if (!isTaken(file, folder, true)) throw refusal(folder);
  return { release: () => closeSync(file) };
}

const open = (folder: string, name: string) => openSync(join(folder, name), 'a+', 0o600);

const noteIn = (folder: string) => readFileSync(join(folder, 'lock'), 'utf8').trim();

function isTaken(file: number, folder: string, shared = false): boolean {
  let taken = false;
  try {
    taken = tryLock(file, LOCKED_BYTE, 1, { shared });
  } catch (error) {
    throw new Error(`${resolve(folder)} is on a file system without locks. Move it to another one.`, { cause: error });
  } finally {
    if (!taken) closeSync(file);
  }
  return taken;
}

function refusal(folder: string): FolderInUse {
  const holder = noteIn(folder) || 'another program';
  return new FolderInUse(
    `${resolve(folder)} is in use by ${holder}. Stop that first (Ctrl-C in its terminal), or use another MIRANTE_DATA_DIR, PORT and METRICS_PORT.`,
  );
}
