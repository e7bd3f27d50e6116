import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryLock } from 'fs-native-extensions';

export type FolderLock = {
  /** Whether the program that held it before was killed, so that what it had started may still be ending. */
  isAfterKill: boolean;
  release: () => void;
};

// Beyond the text, because Windows lets nobody read bytes that another has locked.
const LOCKED_BYTE = 2 ** 30;

/** Another program has the folder: nothing was tried. */
export class FolderInUse extends Error {}

/**
 * Takes a data folder for one program. The kernel holds the lock for this process and ends it with it, so that no process id counts. With
 * `alone`, commands that use the folder's database are kept out too. Throws a sentence that names the holder where there is one.
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

/** Notes that a command uses the database of a data folder. Many may at once, but none while another has the folder `alone`: then it throws. */
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
