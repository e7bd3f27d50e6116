import type { Config } from '../../lib/config.ts';
import { rotateGrantSecret } from '../../sql/dashboards/grants.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

/** The command `grants`. Returns a sentence that says which grants are still valid. */
export async function rotateGrants(args: string[], config: Config): Promise<string> {
  if (args.join(' ') !== 'rotate') throw new UsageError('Use `grants rotate`.');
  const id = await asOwner(config, 'grants', rotateGrantSecret);
  return `Grants are now signed with the secret ${id}. Grants of the previous secret are valid until they expire; run the command again to end them too.`;
}
