import { type ApiClient, createClient } from '../client.ts';
import type { Credentials } from './credentials.ts';

/** Whom the links of `npm run up` sign in. */
export const OWNER = 'owner@demo.invalid';
export const OPERATOR = 'operator@mirante.invalid';

type Member = { id: string; email: string };

/** One-time links that sign in the administrator of the tenant demo and the operator, who become members at first use. */
export async function signInLinks({ url, operator_key, tenants }: Credentials): Promise<{ owner: string; operator: string }> {
  const admin = createClient(url, tenants[0]?.keys.tenant_admin ?? '');
  const [owner, operator] = await Promise.all([
    signInLink(url, admin, { email: OWNER, role: 'admin' }),
    signInLink(url, createClient(url, operator_key), { email: OPERATOR, role: 'operator' }),
  ]);
  return { owner, operator };
}

async function signInLink(url: string, keeper: ApiClient, wanted: { email: string; role: string }): Promise<string> {
  const { data } = await keeper.ask<{ data: Member[] }>('GET', '/v1/members?limit=1000');
  const known = data.find(({ email }) => email === wanted.email);
  const { id } = known ?? (await keeper.ask<Member>('POST', '/v1/members', wanted));
  const made = await keeper.ask<{ url: string }>('POST', `/v1/members/${id}/login-links`);
  return new URL(made.url, url).toString();
}
