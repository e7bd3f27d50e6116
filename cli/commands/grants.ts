import type { Config } from '../../lib/config.ts';
import { rotateGrantSecret } from '../../sql/dashboards/grants.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

/** The command `grants`: gives a sentence that says which grants are still good. */
export async function rotateGrants(args: string[], config: Config): Promise<string> {
  if (args.join(' ') !== 'rotate') throw new UsageError('Say `grants rotate`.');
  const id = await asOwner(config, 'grants', rotateGrantSecret);
  return `Grants are signed with the secret ${id} now. Those signed with the one before stay good until they expire; give the command again to end them too.`;
}
