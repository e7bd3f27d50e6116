import { dirname, join, resolve } from 'node:path';
import { ledgerFolder, longestLedger, NoLedger, repeatErasures } from '../../jobs/privacy/repeat-erasures.ts';
import type { PrivacyDeps } from '../../jobs/privacy/serve-requests.ts';
import type { Config } from '../../lib/config.ts';
import { createLog } from '../../lib/log.ts';
import { type ObjectStore, openFolderStore } from '../../lib/object-store.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { openArchive } from '../../sql/archive/home.ts';
import { type Pool, withClient } from '../../sql/database/db.ts';
import { detectEngine } from '../../sql/storage/engine.ts';
import { secretIn } from '../files.ts';
import { asOwner } from './owner.ts';

type LedgerConfig = Pick<Config, 'MIRANTE_DATA_DIR' | 'MIRANTE_SECRET' | 'OBJECT_STORE_URL'>;

/** The lines of the erasure ledger from outside the database; undefined if the operator goes on without. */
export type OutsideLedger = string[] | undefined;

/** Options of every command that brings back data. */
export const LEDGER_OPTIONS = { ledger: { type: 'string' }, 'without-ledger': { type: 'boolean' } } as const;

/** What was given of them. */
export type LedgerGiven = { ledger?: string | undefined; 'without-ledger'?: boolean | undefined };

export const WITHOUT_LEDGER =
  'The erasure ledger was not used (--without-ledger): people who were erased since the copy was made may be back.';

/** Why a command goes no further, and what to do. */
export const REFUSED =
  'People who were erased since would be back. Name a folder with the ledger (--ledger <folder>), or say --without-ledger to bring the data back as they are.';

/** The folder of backups of this data folder. Jobs keep a second copy of the ledger in it. */
export const backupsOf = (config: Pick<Config, 'MIRANTE_DATA_DIR'>) => join(config.MIRANTE_DATA_DIR, 'backups');

/**
 * Reads the ledger from the object store, the folder of backups, beside the backup, and the given folder; the longest counts.
 * Throws if there is none, or if copies differ, unless `--without-ledger`.
 */
export async function outsideLedger(config: LedgerConfig, given: LedgerGiven & { backup?: string }): Promise<OutsideLedger> {
  if (given['without-ledger']) return undefined;
  const store = openObjectStore(config);
  try {
    const folders = [
      backupsOf(config),
      ...(given.backup ? [dirname(resolve(given.backup))] : []),
      ...(given.ledger ? [given.ledger] : []),
    ];
    const copies: ObjectStore[] = folders.flatMap((folder) => ledgerFolder(folder) ?? []);
    if (given.ledger && !ledgerFolder(given.ledger)) throw new NoLedger(`${given.ledger} has no erasure ledger.`);
    return await longestLedger([store, ...copies]);
  } catch (error) {
    throw error instanceof Error ? new Error(`${error.message} ${REFUSED}`, { cause: error }) : error;
  } finally {
    store.close();
  }
}

/** The lines of the ledger in a folder. Throws if it has none. */
export async function readLedgerAt(folder: string): Promise<string[]> {
  const copy = ledgerFolder(folder);
  if (!copy) throw new NoLedger(`${folder} has no erasure ledger.`);
  return longestLedger([copy]);
}

/** Repeats what the ledger has and this database does not. Returns sentences that say what was done. */
export async function repeatOn(databaseUrl: string, config: LedgerConfig, ledger: OutsideLedger): Promise<string[]> {
  if (!ledger) return [WITHOUT_LEDGER];
  return asOwner(
    { DATABASE_URL: databaseUrl },
    'erasure ledger',
    (pool) => withErasers(pool, config, (deps) => repeatErasures(deps, ledger)),
    6,
  );
}

/** Runs `work` with what serving privacy requests needs, in this process. */
export async function withErasers<T>(pool: Pool, config: LedgerConfig, work: (deps: PrivacyDeps) => Promise<T>): Promise<T> {
  const objects = openObjectStore(config);
  try {
    return await work({
      pool,
      engine: await withClient(pool, detectEngine),
      log: createLog('privacy', 'warn'),
      clock: () => new Date(),
      objects,
      archive: openArchive(config, objects),
      backups: openFolderStore(resolve(backupsOf(config))),
      secret: config.MIRANTE_SECRET ?? secretIn(config.MIRANTE_DATA_DIR),
    });
  } finally {
    objects.close();
  }
}
