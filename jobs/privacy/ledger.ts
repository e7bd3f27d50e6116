import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Logger } from '../../lib/log.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import { type Client, type Pool, withTransaction } from '../../sql/database/db.ts';
import {
  type Adopted,
  adoptEntry,
  ledgerHead,
  ledgerLines,
  lockLedger,
  nextEntry,
  placeEntry,
  readChainOf,
  repeatEntry,
} from '../../sql/privacy/ledger.ts';

export const LEDGER_PREFIX = 'erasure-ledger/';

const nameOf = (seq: number) => `${LEDGER_PREFIX}${String(seq).padStart(12, '0')}.json`;

export type LedgerDeps = {
  pool: Pool;
  log: Logger;
  objects: ObjectStore;
  /** The folder of backups: a second copy of the ledger, in case the object store is lost with the database. */
  backups?: ObjectStore | undefined;
};

/** The lines of the ledger in a store, from entry `from` to the last. Throws if one before the last is missing. */
export async function readLedger(store: ObjectStore, from = 1): Promise<string[]> {
  const lines: string[] = [];
  for (let body = await store.get(nameOf(from)); body; body = await store.get(nameOf(from + lines.length)))
    lines.push(await text(body));
  for await (const { name } of store.list(LEDGER_PREFIX))
    if (name > nameOf(from + lines.length))
      throw new Error(`${nameOf(from + lines.length)} is missing from the erasure ledger.`);
  return lines;
}

/** Writes those of `lines`, from entry `from` on, that the store does not have. */
export async function writeLedger(store: ObjectStore, lines: string[], from = 1): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mirante-ledger-'));
  try {
    for (const [n, line] of lines.entries()) {
      const name = nameOf(from + n);
      if (await store.stat(name)) continue;
      await writeFile(join(folder, 'line'), line, { mode: 0o600 });
      await store.put(name, join(folder, 'line'));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Gives every open entry its place in the chain and stores it outside the database. An entry is durable there before anything is
 * erased for it. If the store is ahead, the database was restored: what it does not know is repeated first, and returned. Throws if
 * the two chains differ.
 */
export async function publishLedger(deps: LedgerDeps): Promise<Adopted[]> {
  const adopted: Adopted[] = [];
  for (;;) {
    const left = await withTransaction(deps.pool, 'begin', async (client) => {
      await lockLedger(client);
      const { seq } = await ledgerHead(client);
      // A new store, or one that lost its files.
      if (seq > 0 && !(await deps.objects.stat(nameOf(seq)))) await writeLedger(deps.objects, await ledgerLines(client));
      if (await deps.objects.stat(nameOf(seq + 1)))
        adopted.push(...(await adoptLines(client, await readLedger(deps.objects, seq + 1))));
      const next = await nextEntry(client);
      if (!next) return false;
      await writeLedger(deps.objects, [next.line], next.seq);
      await placeEntry(client, next);
      return true;
    });
    if (!left) break;
  }
  if (adopted.length > 0)
    deps.log.error({ entries: adopted.length }, 'the database was older than its erasure ledger; the erasures are repeated');
  if (deps.backups) await copyLedger(deps, deps.backups);
  return adopted;
}

// The database continues without it: the object store has the same entries.
async function copyLedger({ pool, log, objects }: LedgerDeps, backups: ObjectStore): Promise<void> {
  try {
    const { seq } = await ledgerHead(pool);
    if (seq === 0 || (await backups.stat(nameOf(seq)))) return;
    let from = seq;
    while (from > 1 && !(await backups.stat(nameOf(from - 1)))) from--;
    await writeLedger(backups, await readLedger(objects, from), from);
  } catch (error) {
    log.error({ err: error }, 'cannot copy the erasure ledger into the folder of backups');
  }
}

/** Continues the chain of this database with lines from outside, and repeats what it did not know. Call it under the lock. */
export async function adoptLines(client: Client, lines: string[]): Promise<Adopted[]> {
  const entries = readChainOf(lines, await ledgerHead(client));
  const adopted: Adopted[] = [];
  for (const [n, entry] of entries.entries()) {
    const isNew = await adoptEntry(client, entry, lines[n] as string);
    if (isNew) adopted.push({ entry, repeated: await repeatEntry(client, entry, entries.slice(n + 1)) });
  }
  return adopted;
}
