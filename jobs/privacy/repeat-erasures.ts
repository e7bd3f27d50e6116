import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectStore, openFolderStore } from '../../lib/object-store.ts';
import { withTransaction } from '../../sql/database/db.ts';
import { type Adopted, hashOfLine, ledgerHead, lockLedger, readChainOf } from '../../sql/privacy/ledger.ts';
import { outcomesOf } from '../../sql/privacy/privacy-requests.ts';
import { offboardTenants } from '../tenants/offboard.ts';
import { adoptLines, LEDGER_PREFIX, readLedger, writeLedger } from './ledger.ts';
import { type PrivacyDeps, servePrivacyRequests } from './serve-requests.ts';

/** The ledger outside the database cannot be had, or does not belong to this database. */
export class NoLedger extends Error {}

/** The store of a folder with a copy of the ledger, which may be the folder of the entries itself; undefined if it has none. */
export function ledgerFolder(folder: string): ObjectStore | undefined {
  const parent = folder.replace(/\/+$/, '').endsWith(LEDGER_PREFIX.slice(0, -1)) ? join(folder, '..') : folder;
  return existsSync(join(parent, LEDGER_PREFIX)) ? openFolderStore(parent) : undefined;
}

/**
 * The longest of several copies of the ledger. Throws NoLedger if all are empty, or if one is not the beginning of the longest.
 */
export async function longestLedger(copies: ObjectStore[]): Promise<string[]> {
  const all: string[][] = [];
  for (const copy of copies) all.push(await readLedger(copy));
  const longest = all.reduce((best, lines) => (lines.length > best.length ? lines : best), []);
  if (longest.length === 0) throw new NoLedger('There is no erasure ledger outside the database.');
  for (const lines of all)
    if (lines.length > 0 && hashOfLine(lines.at(-1) as string) !== hashOfLine(longest[lines.length - 1] as string))
      throw new NoLedger('Two copies of the erasure ledger differ: one of them belongs to another platform, or was changed.');
  readChainOf(longest, { seq: 0, line: null });
  return longest;
}

/** Adopts the ledger from outside, and repeats what this database does not know, before anything is served. Returns sentences. */
export async function repeatErasures(deps: PrivacyDeps, lines: string[]): Promise<string[]> {
  const adopted = await withTransaction(deps.pool, 'begin', async (client) => {
    await lockLedger(client);
    const head = await ledgerHead(client);
    if (head.line !== null && lines[head.seq - 1] !== head.line)
      throw new NoLedger(
        lines.length < head.seq
          ? `The erasure ledger outside the database ends at entry ${lines.length}, and the database already has ${head.seq}.`
          : 'The erasure ledger outside the database is not that of this database.',
      );
    return adoptLines(client, lines.slice(head.seq));
  });
  await writeLedger(deps.objects, lines);
  return carryOut(deps, adopted, lines.length);
}

/** Serves what was scheduled, and says what was repeated. */
export async function carryOut(deps: PrivacyDeps, adopted: Adopted[], entries: number): Promise<string[]> {
  await servePrivacyRequests(deps);
  await offboardTenants(deps);
  const of = (...kinds: string[]) =>
    adopted.filter(({ entry, repeated }) => kinds.includes(entry.kind) && repeated !== 'no-tenant');
  const outcomes = await outcomesOf(
    deps.pool,
    of('erasure').map(({ entry }) => entry.id),
  );
  const removed = outcomes.reduce(
    (sum, { outcome }) => sum + (outcome?.places ?? []).reduce((n, place) => n + place.removed + place.changed, 0),
    0,
  );
  const open = outcomes.filter(({ status }) => status !== 'completed').length;
  const alone = adopted.filter(({ repeated }) => repeated === 'by-pseudonym').length;
  return [
    `Erasure ledger: ${entries} entries, ${adopted.length} of them unknown to what was restored. Repeated: erasures ${outcomes.length} (records ${removed}), withdrawals and restorations of consent ${of('withdrawal', 'restoration').length}, destroyed keys ${of('key-destroyed').length}, removed tenants ${adopted.filter(({ entry, repeated }) => entry.kind === 'offboarding' && repeated === 'scheduled').length}.`,
    ...(alone > 0
      ? [
          `Erasures that found only the pseudonym, because the key of the identifier is not here: ${alone}. Their certificates say so.`,
        ]
      : []),
    ...(open > 0
      ? [`Erasures that are not complete yet: ${open}. Do not serve anything before the jobs have completed them.`]
      : []),
  ];
}
