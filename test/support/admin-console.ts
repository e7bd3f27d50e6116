import type { TestApi } from './api.ts';
import type { TestTenant } from './harness.ts';

/** A browser without a screen: it keeps a session's cookie and sends forms as browsers do. */
export type PlainBrowser = {
  get: (path: string) => Promise<PlainAnswer>;
  post: (path: string, form?: Record<string, string> | [string, string][]) => Promise<PlainAnswer>;
};
export type PlainAnswer = { status: number; location: string | null; text: string; headers: Headers };

/** A browser in which an administrator of the tenant is signed in, or somebody with another of its keys. */
export async function signedIn(api: TestApi, tenant: TestTenant, key?: string): Promise<PlainBrowser> {
  const cookie = key ? await cookieOfKey(api, key) : await cookieOfMember(api, tenant);
  async function send(method: string, path: string, form?: Record<string, string> | [string, string][]): Promise<PlainAnswer> {
    const response = await fetch(api.url + path, {
      method,
      redirect: 'manual',
      headers: { cookie, ...(method === 'POST' && { 'sec-fetch-site': 'same-origin' }) },
      ...(method === 'POST' && { body: new URLSearchParams(form) }),
    });
    const { status, headers } = response;
    return { status, headers, location: headers.get('location'), text: await response.text() };
  }
  return { get: (path) => send('GET', path), post: (path, form = {}) => send('POST', path, form) };
}

/** The address at which a new member of the tenant signs in, once. */
export async function signInAddress(api: TestApi, tenant: TestTenant, role = 'admin'): Promise<string> {
  const email = `${Math.random()}@example.com`;
  const { body } = await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email, role });
  const link = await api.call('POST', `/v1/members/${body.id}/login-links`, tenant.keys.tenant_admin);
  return api.url + link.body.url;
}

async function cookieOfMember(api: TestApi, tenant: TestTenant): Promise<string> {
  const response = await fetch(await signInAddress(api, tenant), { redirect: 'manual' });
  return cookieOf(response);
}

async function cookieOfKey(api: TestApi, key: string): Promise<string> {
  const response = await fetch(`${api.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ key }),
  });
  return cookieOf(response);
}

const cookieOf = ({ headers }: Response) => headers.get('set-cookie')?.split(';')[0] as string;
