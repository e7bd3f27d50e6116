import { parseArgs } from 'node:util';
import type { Config } from '../../lib/config.ts';
import { createPool } from '../../sql/database/db.ts';
import { createOperatorKey } from '../../sql/tenants/tenants.ts';
import { writePrivate } from '../files.ts';
import { withDatabaseAs } from './database.ts';

/**
 * The command `operator-key`. With `--to` it writes the new key to that file and returns a sentence, otherwise it returns
 * the key. Throws if there is neither `--to` nor a terminal, because other output may be stored and read by others.
 */
export async function makeOperatorKey(args: string[], config: Config, isTerminal: boolean): Promise<string> {
  const { values } = parseArgs({ args, options: { to: { type: 'string' } } });
  if (!values.to && !isTerminal)
    throw new Error('A key is shown in a terminal only. Name the file to write it to: `operator-key --to <file>`.');
  const url = config.API_DATABASE_URL;
  const key = url ? await makeKey(url) : await withDatabaseAs('mirante_api', config, makeKey);
  if (!values.to) return key;
  writePrivate(values.to, `${key}\n`);
  return `The key is in ${values.to}, which only its owner can read.`;
}

async function makeKey(url: string): Promise<string> {
  const pool = createPool(url, { max: 1, name: 'mirante operator-key' });
  try {
    return await createOperatorKey(pool);
  } finally {
    await pool.end();
  }
}
