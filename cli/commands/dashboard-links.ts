import { join } from 'node:path';
import { type ApiClient, createClient } from '../client.ts';
import { readJson } from '../files.ts';
import type { Credentials } from '../up/credentials.ts';
import { UsageError } from './usage.ts';

const DAY_SECONDS = 86_400;

/** Creates a short link to a dashboard, valid for a day, and returns its full URL. The key needs the scope. */
export async function makeLink(url: string, embedder: ApiClient, slug: string): Promise<string> {
  const made = await embedder.ask<{ url: string }>('POST', `/v1/dashboards/${slug}/links`, { expires_in: DAY_SECONDS });
  return new URL(made.url, url).toString();
}

/**
 * The command `dashboards links`. Returns a short link to each dashboard of the tenant demo and of the operator, one per
 * line, created with the keys of `npm run up`. Links are shown in a terminal only: a link needs no key, and other output may
 * end up in a file.
 */
export async function linkDashboards(args: string[], dataDir: string, isTerminal: boolean): Promise<string> {
  if (args.length > 0) throw new UsageError(`Unexpected arguments: ${args.join(' ')}`);
  if (!isTerminal)
    throw new Error('Links are shown in a terminal only, because they need no key. Run the command in a terminal.');
  const file = join(dataDir, 'credentials.json');
  const credentials = readJson<Credentials>(file);
  if (!credentials) throw new Error(`${file} does not exist: start Mirante with \`npm run up\`.`);
  const { url, operator_key, tenants } = credentials;
  const operator = createClient(url, operator_key);
  const lines = await linksOf(url, 'operator', operator, operator);
  for (const { slug, keys } of tenants.toReversed())
    lines.unshift(...(await linksOf(url, slug, createClient(url, keys.read), createClient(url, keys.embed))));
  return lines.join('\n');
}

// One line for each dashboard that these keys may see.
async function linksOf(url: string, who: string, reader: ApiClient, embedder: ApiClient): Promise<string[]> {
  const { data } = await reader.ask<{ data: { slug: string }[] }>('GET', '/v1/dashboards');
  return Promise.all(
    data.map(async ({ slug }) => `${who.padEnd(8)}  ${slug.padEnd(22)}  ${await makeLink(url, embedder, slug)}`),
  );
}
