import { createClient } from './client.ts';
import type { Credentials } from './credentials.ts';

/** What a person reads when everything runs: the address, the keys, one call to try and what it answers just now. */
export async function welcome(credentials: Credentials, dataDir: string, databaseHome: string | undefined): Promise<string> {
  const { url, metrics_url, operator_key, tenants } = credentials;
  const demo = tenants[0];
  const path = '/v1/metrics/validations.error_rate?interval=total&group_by=marketplace&limit=3';
  const answer = await createClient(url, demo?.keys.read ?? '').ask<unknown>('GET', path);
  const embed = createClient(url, demo?.keys.embed ?? '');
  const link = await embed.ask<{ viewer_url: string }>('POST', '/v1/dashboards/validations-overview/embeds', {
    expires_in: 86_400,
  });
  const text = JSON.stringify(answer);
  const keys = [['operator', operator_key], ...Object.entries(demo?.keys ?? {}).map(([name, key]) => [`demo ${name}`, key])];
  return `
Mirante is ready.

  Address   ${url}   (API reference: ${url}/docs)
  Metrics   ${metrics_url}
  Dashboard ${link.viewer_url}
            (of the tenant demo, for a day)
  Keys      kept in ${dataDir}/credentials.json
${keys.map(([name, key]) => `            ${(name as string).padEnd(18)} ${key}`).join('\n')}

Try:

  curl -s -H 'Authorization: Bearer ${demo?.keys.read}' \\
    '${url}${path}'

It answers:

  ${text.length > 600 ? `${text.slice(0, 600)} …` : text}

Ctrl-C stops everything; the data stay in ${databaseHome ?? 'the database'}.
`;
}
