import { type Client, createClient } from './client.ts';
import type { Credentials } from './credentials.ts';

/**
 * What a person reads when everything runs: the address, the keys, one call to try and what it answers just now. Only a terminal shows keys and
 * links, which open what they name for whoever has them: any other output is kept somewhere.
 */
export async function welcome(
  credentials: Credentials,
  dataDir: string,
  databaseHome: string | undefined,
  isTerminal: boolean,
): Promise<string> {
  const { url, metrics_url, operator_key, tenants } = credentials;
  const demo = tenants[0];
  const path = '/v1/metrics/validations.error_rate?interval=total&group_by=marketplace&limit=3';
  const answer = await createClient(url, demo?.keys.read ?? '').ask<unknown>('GET', path);
  const text = JSON.stringify(answer);
  const keys = [['operator', operator_key], ...Object.entries(demo?.keys ?? {}).map(([name, key]) => [`demo ${name}`, key])];
  const shown = keys.map(([name, key]) => `            ${(name as string).padEnd(18)} ${key}\n`).join('');
  return `
Mirante is ready.

  Start at  ${url}/
  Reference ${url}/docs
  Metrics   ${metrics_url}
  Keys      kept in ${dataDir}/credentials.json
${isTerminal ? shown : ''}
Try:

  curl -s -H "Authorization: Bearer ${isTerminal ? demo?.keys.read : '$READ_KEY'}" \\
    '${url}${path}'

It answers:

  ${text.length > 600 ? `${text.slice(0, 600)} …` : text}

${isTerminal ? await dashboards(credentials) : 'Links to the dashboards are shown in a terminal only.\n'}
Ctrl-C stops everything; the data stay in ${databaseHome ?? 'the database'}.
`;
}

async function dashboards({ url, operator_key, tenants }: Credentials): Promise<string> {
  const keys = tenants[0]?.keys;
  const operator = createClient(url, operator_key);
  const own = await linksOf(createClient(url, keys?.read ?? ''), createClient(url, keys?.embed ?? ''));
  return `Dashboards of the tenant demo (each link is good for a day):

${listed(own)}

Dashboards of the operator:

${listed(await linksOf(operator, operator))}
`;
}

type Link = { title: string; url: string };

const FIRST = 'validations-overview';

// A link to each dashboard that the holder of these keys may see, the overview first.
async function linksOf(reader: Client, embedder: Client): Promise<Link[]> {
  const { data } = await reader.ask<{ data: { slug: string; title: { en: string } }[] }>('GET', '/v1/dashboards');
  const links = data
    .toSorted((a, b) => Number(b.slug === FIRST) - Number(a.slug === FIRST))
    .map(async ({ slug, title }) => {
      const path = `/v1/dashboards/${slug}/embeds`;
      const { viewer_url } = await embedder.ask<{ viewer_url: string }>('POST', path, { expires_in: 86_400 });
      return { title: title.en, url: viewer_url };
    });
  return Promise.all(links);
}

const listed = (links: Link[]) => links.map(({ title, url }) => `  ${title}\n  ${url}`).join('\n\n');
