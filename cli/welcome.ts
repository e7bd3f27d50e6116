import { join } from 'node:path';
import { createClient } from './client.ts';
import type { Credentials } from './credentials.ts';
import { makeLink } from './dashboard-links.ts';

const FIRST = 'validations-overview';

/**
 * The six lines that a person reads when everything runs: the address, a link, the keys and one call to try. Only a terminal shows a key or a link,
 * which open what they name for whoever has them: any other output is kept somewhere.
 */
export async function welcome(
  { url, tenants }: Credentials,
  dataDir: string,
  databaseHome: string | undefined,
  isTerminal: boolean,
): Promise<string> {
  const keys = tenants[0]?.keys;
  const file = join(dataDir, 'credentials.json');
  const link = isTerminal ? await makeLink(url, createClient(url, keys?.embed ?? ''), FIRST) : 'shown in a terminal only';
  const key = isTerminal ? keys?.read : '$READ_KEY';
  return `Mirante is ready at ${url}/
  Dashboard  ${link}${isTerminal ? '  (of the tenant demo, for a day)' : ''}
  More       npm run mirante -- dashboards links
  Keys       ${file}
  Try        curl -s -H "Authorization: Bearer ${key}" '${url}/v1/metrics/events.count?interval=total'
  Stop       Ctrl-C; the data stay in ${databaseHome ?? 'the database'}`;
}
