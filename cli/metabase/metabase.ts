import { parseArgs } from 'node:util';
import type { Config } from '../../lib/config.ts';
import { UsageError } from '../commands/usage.ts';
import { apply, plan } from './apply.ts';
import { WAITS, type Waits } from './client.ts';
import { adminOf, urlOf } from './first-run.ts';
import { smoke } from './smoke.ts';

/** Exit code of `metabase drift` if something differs. 1 is a failure, as in every command. */
const DRIFT = 2;

/** The command `metabase`. Returns its exit code. */
export async function metabase(
  args: string[],
  config: Config,
  say: (sentence: string) => void,
  { waits = WAITS, isTerminal }: { waits?: Waits; isTerminal: boolean },
): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: { tenants: { type: 'string' } }, allowPositionals: true });
  const command = positionals.join(' ');
  const surroundings = { config, say, waits };
  if (values.tenants !== undefined && command !== 'smoke') throw new UsageError('Only `metabase smoke` accepts --tenants.');
  switch (command) {
    case 'plan':
      await plan(surroundings);
      return 0;
    case 'drift':
      return (await plan(surroundings)) ? DRIFT : 0;
    case 'apply':
      await apply(surroundings);
      return 0;
    case 'smoke':
      await smoke(surroundings, values.tenants?.split(',') ?? []);
      return 0;
    case 'login': {
      const { email, password } = adminOf(config);
      const shown = isTerminal ? password : 'The password is only shown in a terminal.';
      say(`${config.METABASE_SITE_URL ?? urlOf(config)}  ${email}  ${shown}`);
      return 0;
    }
    default:
      throw new UsageError('Usage: `metabase plan`, `apply`, `drift`, `smoke` or `login`.');
  }
}
