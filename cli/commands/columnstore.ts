import { parseArgs } from 'node:util';
import {
  columnstoreOff,
  columnstoreOn,
  convertDue,
  listParts,
  stopColumnstore,
  toRowstore,
} from '../../sql/archive/columnstore.ts';
import { type Pool, withClient } from '../../sql/database/db.ts';
import { detectEngine, hasColumnstore } from '../../sql/storage/engine.ts';
import type { DatabaseConfig } from './database.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

const TABLE = 'events';
const MAX_DAYS = 3650;

type Say = (sentence: string) => void;

/**
 * Switches events between row security and compression. Each step is its own transaction, so an interrupted command can be
 * run again. Reports each step with `say`.
 */
export async function switchColumnstore(args: string[], config: DatabaseConfig, say: Say): Promise<void> {
  const afterDays = readArguments(args);
  const switchWith = async (pool: Pool) => {
    if (!hasColumnstore(await withClient(pool, detectEngine))) {
      throw new Error('This engine has no columnstore: only TimescaleDB Community has one.');
    }
    await (afterDays === undefined ? switchOff(pool, say) : switchOn(pool, afterDays, say));
  };
  await asOwner(config, 'columnstore', switchWith, 2);
}

// Returns the days for `on`, undefined for `off`.
function readArguments(args: string[]): number | undefined {
  const { values, positionals } = parseArgs({ args, options: { after: { type: 'string' } }, allowPositionals: true });
  const state = positionals.join(' ');
  if (state === 'off' && values.after === undefined) return undefined;
  const days = Number(/^(\d{1,4})d$/.exec(values.after ?? '')?.[1]);
  if (state === 'on' && days >= 1 && days <= MAX_DAYS) return days;
  throw new UsageError(`Use \`on --after 7d\`, with 1 to ${MAX_DAYS} days, or \`off\`.`);
}

async function switchOn(pool: Pool, afterDays: number, say: Say): Promise<void> {
  const switched = await columnstoreOn(pool, TABLE, afterDays);
  say(
    switched
      ? 'Row security on events is off and the columnstore is on. From now on only the views separate the tenants there.'
      : 'The columnstore of events was already on.',
  );
  const count = await convertDue(pool, TABLE);
  const parts = (await listParts(pool, TABLE)).filter(({ converted }) => converted);
  say(`${chunks(count)} converted now.`);
  if (parts.length > 0) {
    const [rows, columns] = [megabytes(parts.map((part) => part.row_bytes)), megabytes(parts.map((part) => part.column_bytes))];
    say(`In the columnstore: ${chunks(parts.length)}, ${rows} as rows and ${columns} as columns.`);
  }
  say(`The jobs convert each further chunk ${afterDays} ${afterDays === 1 ? 'day' : 'days'} after its end.`);
}

async function switchOff(pool: Pool, say: Say): Promise<void> {
  if (!(await stopColumnstore(pool, TABLE))) {
    say('The columnstore of events is off, and row security is on.');
    return;
  }
  const parts = (await listParts(pool, TABLE)).filter((part) => part.converted);
  if (parts.length > 0) {
    say(
      `Converting ${chunks(parts.length)} back to rows needs about ` +
        `${megabytes(parts.map((part) => part.row_bytes))} of disk and frees ${megabytes(parts.map((part) => part.column_bytes))}. ` +
        'PostgreSQL does not report free space; if the disk fills, the command stops after a chunk and can be repeated.',
    );
  }
  for (const [n, { part, ends }] of parts.entries()) {
    await toRowstore(pool, part);
    say(`${n + 1} of ${parts.length}: the chunk that ends ${ends.toISOString().slice(0, 10)} is converted to rows.`);
  }
  await columnstoreOff(pool, TABLE);
  say('The columnstore of events is off. Row security is on and forced.');
}

const chunks = (count: number) => `${count} ${count === 1 ? 'chunk' : 'chunks'}`;

function megabytes(bytes: (number | null)[]): string {
  return `${(bytes.reduce<number>((sum, n) => sum + (n ?? 0), 0) / 1e6).toFixed(1)} MB`;
}
