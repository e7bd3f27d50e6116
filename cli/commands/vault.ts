import { resealKeys } from '../../jobs/imports/reseal.ts';
import { type Config, secretOf } from '../../lib/config.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

/** The command `vault`. Returns a sentence that says how many documents open with the new secret. Throws if some open with none. */
export async function followSecret(args: string[], config: Config): Promise<string> {
  if (args.join(' ') !== 'reseal') throw new UsageError('Use `vault reseal`.');
  const previous = config.MIRANTE_SECRET_PREVIOUS;
  if (!previous) throw new Error('MIRANTE_SECRET_PREVIOUS must be set to the secret that MIRANTE_SECRET replaces.');
  const { resealed, unopened } = await asOwner(config, 'vault', (pool) => resealKeys(pool, secretOf(config), previous));
  const said = `The keys of ${resealed} documents are now encrypted with MIRANTE_SECRET.`;
  if (unopened > 0) throw new Error(`${said} ${unopened} documents open with neither secret: repeat with the one before.`);
  return said;
}
