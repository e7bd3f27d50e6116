import type { Scope } from '../../sql/tenants/tenants.ts';
import { type ApiClient, createClient } from '../client.ts';

export type TenantKeys = { ingest: string; read: string; export: string; embed: string; tenant_admin: string };

/** The content of `<data dir>/credentials.json` once everything is ready. */
export type Credentials = {
  url: string;
  metrics_url: string;
  operator_key: string;
  tenants: { id: string; slug: string; keys: TenantKeys }[];
};

const SCOPE_OF: Record<keyof TenantKeys, Scope> = {
  ingest: 'ingest',
  read: 'read',
  export: 'export',
  embed: 'embed',
  tenant_admin: 'tenant-admin',
};

const DEMO = { slug: 'demo', name: 'ValidaHub demo', timezone: 'America/Sao_Paulo', locale: 'pt-BR', country: 'BR' };

type Listed = { data: { id: string; slug: string }[]; next_cursor: string | null };

/** True if the server knows the key, whatever its scopes. */
export async function keyWorks(url: string, key: string | undefined): Promise<boolean> {
  if (!key) return false;
  return (await createClient(url, key).call('GET', '/v1/metrics')).status !== 401;
}

/** The demo tenant, created on first use. Keys of an earlier run are kept while they are valid. */
export async function ensureDemo(
  url: string,
  operator: ApiClient,
  earlier: Credentials | undefined,
): Promise<Credentials['tenants'][number]> {
  const id = (await findDemo(operator)) ?? (await operator.ask<{ id: string }>('POST', '/v1/tenants', DEMO)).id;
  const old = earlier?.tenants.find((tenant) => tenant.id === id)?.keys;
  const keys: Partial<TenantKeys> = {};
  for (const [name, scope] of Object.entries(SCOPE_OF) as [keyof TenantKeys, Scope][]) {
    keys[name] = (await keyWorks(url, old?.[name])) ? old?.[name] : await makeKey(operator, id, scope);
  }
  return { id, slug: DEMO.slug, keys: keys as TenantKeys };
}

async function findDemo(operator: ApiClient): Promise<string | undefined> {
  for (let cursor = ''; ; ) {
    const page = await operator.ask<Listed>('GET', `/v1/tenants?limit=1000${cursor}`);
    const demo = page.data.find((tenant) => tenant.slug === DEMO.slug);
    if (demo || !page.next_cursor) return demo?.id;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}

async function makeKey(operator: ApiClient, tenantId: string, scope: Scope): Promise<string> {
  const made = await operator.ask<{ key: string }>('POST', `/v1/tenants/${tenantId}/keys`, {
    name: `demo ${scope}`,
    scopes: [scope],
  });
  return made.key;
}
