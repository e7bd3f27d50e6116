import { join } from 'node:path';
import type { Credentials } from './credentials.ts';
import { signInLinks } from './sign-in.ts';

const HIDDEN = { owner: 'shown in a terminal only', operator: 'shown in a terminal only' };

/**
 * The lines that a person reads when everything runs: the address, two links to sign in, the keys and one call to try. Keys and links are
 * shown in a terminal only: other output may end up in a file.
 */
export async function welcome(
  credentials: Credentials,
  dataDir: string,
  databaseHome: string | undefined,
  isTerminal: boolean,
): Promise<string> {
  const { url, tenants } = credentials;
  const { owner, operator } = isTerminal ? await signInLinks(credentials) : HIDDEN;
  const note = (who: string) => (isTerminal ? `  (${who}, once, within ten minutes)` : '');
  const key = isTerminal ? tenants[0]?.keys.read : '$READ_KEY';
  return `Mirante is ready at ${url}/
  Sign in    ${owner}${note('tenant demo')}
  Operator   ${operator}${note('the platform')}
  Later      npm run mirante -- login-link [--operator]
  Keys       ${join(dataDir, 'credentials.json')}
  Try        curl -s -H "Authorization: Bearer ${key}" '${url}/v1/metrics/events.count?interval=total'
  Stop       Ctrl-C; the data are kept in ${databaseHome ?? 'the database'}`;
}
