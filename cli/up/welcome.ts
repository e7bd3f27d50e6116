import { join } from 'node:path';
import { createClient } from '../client.ts';
import { makeLink } from '../commands/dashboard-links.ts';
import type { Credentials } from './credentials.ts';

const FIRST = 'validations-overview';

/**
 * The six lines shown when everything runs: the address, a link, the keys and one call to try. Keys and links are shown in a
 * terminal only, because other output may end up in a file.
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
  Dashboard  ${link}${isTerminal ? '  (tenant demo, valid for a day)' : ''}
  More       npm run mirante -- dashboards links
  Keys       ${file}
  Try        curl -s -H "Authorization: Bearer ${key}" '${url}/v1/metrics/events.count?interval=total'
  Stop       Ctrl-C; the data are kept in ${databaseHome ?? 'the database'}`;
}
