import { parseArgs } from 'node:util';
import type { Config } from '../../lib/config.ts';
import { type ChainLink, readChain } from '../../sql/audit/audit-log.ts';
import type { Client } from '../../sql/database/db.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

const HEAD = /^(\d+):([0-9a-f]{64})$/;

/** The command `audit`. Returns a sentence with the number of rows and the head; throws with the first fault. */
export async function verifyAudit(args: string[], config: Config): Promise<string> {
  const { values, positionals } = parseArgs({ args, options: { head: { type: 'string' } }, allowPositionals: true });
  if (positionals.join(' ') !== 'verify') throw new UsageError('Use `audit verify`.');
  return asOwner(config, 'audit', (pool) => verifyChain(pool, values.head));
}

/**
 * Recomputes the whole chain, page by page. Only a comparison with an earlier `head` reveals that the end of the log was
 * removed or rewritten.
 */
export async function verifyChain(client: Pick<Client, 'query'>, head?: string): Promise<string> {
  const known = head === undefined ? undefined : parseHead(head);
  let last: ChainLink | undefined;
  for (;;) {
    const links = await readChain(client, last);
    for (const link of links) {
      checkLink(link, last?.seq ?? 0);
      if (link.seq === known?.seq && link.hash !== known.hash) {
        throw new Error(`Row ${link.seq} differs from the given head: the chain was rewritten.`);
      }
      last = link;
    }
    if (links.length === 0) break;
  }
  const rows = last?.seq ?? 0;
  if (known && known.seq > rows) {
    throw new Error(`Rows ${rows + 1} to ${known.seq}, the given head, are missing: the end of the log was removed.`);
  }
  return last
    ? `The audit log is complete and unchanged. Rows: ${rows}. Head: ${last.seq}:${last.hash}`
    : 'The audit log is empty.';
}

function parseHead(text: string): { seq: number; hash: string } {
  const [, seq, hash] = HEAD.exec(text) ?? [];
  if (hash === undefined) throw new UsageError('A head has the form <seq>:<hash>, as `audit verify` prints it.');
  return { seq: Number(seq), hash };
}

function checkLink({ seq, hash, computed }: ChainLink, before: number): void {
  if (seq > before + 1) throw new Error(`Row ${before + 1} was removed.`);
  if (seq <= before) throw new Error(`Row ${seq} was inserted.`);
  if (hash !== computed) {
    throw new Error(
      `Row ${seq} does not follow from the previous row: it was changed, or a row was inserted or removed there.`,
    );
  }
}
