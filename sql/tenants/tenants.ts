import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { type Client, type Pool, withTenant } from '../database/db.ts';

export const SCOPES = ['ingest', 'read', 'export', 'embed', 'tenant-admin', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Limits of one tenant. An absent limit is the platform's default. */
export type TenantLimits = {
  events_per_second?: number;
  requests_per_second?: number;
  events_per_month?: number;
  quarantine_bytes?: number;
};

export type Tenant = {
  id: string;
  slug: string;
  name: string;
  kind: 'customer' | 'operations' | 'canary';
  country: string | null;
  timezone: string;
  locale: string;
  features: Record<string, boolean>;
  attributes: Record<string, string>;
  limits: TenantLimits;
  raw_retention_days: number | null;
  /** Origins whose pages may show the tenant's dashboards in a frame. */
  embed_origins: string[];
  /** When the tenant's removal began. */
  offboarding_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

export type NewTenant = Pick<Tenant, 'slug' | 'name'> &
  Partial<
    Pick<
      Tenant,
      'country' | 'timezone' | 'locale' | 'features' | 'attributes' | 'limits' | 'raw_retention_days' | 'embed_origins'
    >
  >;

export type KeyRow = {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
};

/** What a key may do and for which tenant, as request handlers see it. */
export type Identity = {
  keyId: string;
  keyName: string;
  scopes: Scope[];
  expiresAt: Date | null;
  tenantId: string;
  tenantKind: Tenant['kind'];
  timezone: string;
  locale: string;
  limits: TenantLimits;
  features: Record<string, boolean>;
  rawRetentionDays: number | null;
};

/** SHA-256 of a key, the only form in which it is stored. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Creates a customer. Returns undefined if the slug is taken. */
export async function createTenant(client: Client, tenant: NewTenant): Promise<Tenant | undefined> {
  const values = [
    uuidv7(),
    tenant.slug,
    tenant.name,
    'customer',
    tenant.country ?? null,
    tenant.timezone ?? 'UTC',
    tenant.locale ?? 'en',
    tenant.features ?? {},
    tenant.attributes ?? {},
    tenant.limits ?? {},
    tenant.raw_retention_days ?? null,
    tenant.embed_origins ?? [],
  ];
  const numbers = values.map((_, index) => `$${index + 1}`).join(', ');
  const result = await client.query<Tenant>(`select * from door.create_tenant(${numbers})`, values);
  return result.rows[0];
}

export async function updateTenant(client: Client, id: string, change: Partial<NewTenant>): Promise<Tenant | undefined> {
  const result = await client.query<Tenant>('select * from door.update_tenant($1, $2)', [id, change]);
  return result.rows[0];
}

export async function listTenants(pool: Pool, after: string | undefined, limit: number): Promise<Tenant[]> {
  const result = await pool.query<Tenant>('select * from door.tenants(null, $1, $2)', [after ?? null, limit]);
  return result.rows;
}

export async function findTenant(pool: Pool, id: string): Promise<Tenant | undefined> {
  const result = await pool.query<Tenant>('select * from door.tenants($1, null, 1)', [id]);
  return result.rows[0];
}

/** The tenant whose key created an embed; undefined once that key is revoked or has expired. */
export async function findTenantOfKey(pool: Pool, id: string, keyId: string): Promise<Tenant | undefined> {
  const result = await pool.query<Tenant>('select * from door.tenant_of_key($1, $2)', [id, keyId]);
  return result.rows[0];
}

/** Ids of the platform's own tenant, and of the key under which the API records its requests. */
export async function findOperations(pool: Pool): Promise<{ tenantId: string; telemetryKeyId: string }> {
  const result = await pool.query<{ tenant_id: string; telemetry_key_id: string }>('select * from door.operations($1, $2)', [
    uuidv7(),
    uuidv7(),
  ]);
  const row = result.rows[0] as { tenant_id: string; telemetry_key_id: string };
  return { tenantId: row.tenant_id, telemetryKeyId: row.telemetry_key_id };
}

/** Creates a key `mir_<scope hint>_<random>`. It is returned once, here, and stored only as its hash. */
export async function createKey(
  client: Client,
  tenantId: string,
  input: { name: string; scopes: Scope[]; expires_at?: Date | null },
): Promise<{ id: string; key: string; prefix: string }> {
  const hint = input.scopes.length === 1 ? (input.scopes[0] as string).replaceAll('-', '') : 'multi';
  const key = `mir_${hint}_${randomBytes(24).toString('base64url')}`;
  const prefix = key.slice(0, `mir_${hint}_`.length + 4);
  const id = uuidv7();
  await client.query('select door.create_key($1, $2, $3, $4, $5, $6, $7)', [
    id,
    tenantId,
    input.name,
    hashKey(key),
    prefix,
    input.scopes,
    input.expires_at ?? null,
  ]);
  return { id, key, prefix };
}

/** Creates a key of the platform's operator, for a command. Over HTTP only an operator can create one. */
export async function createOperatorKey(pool: Pool): Promise<string> {
  const { tenantId } = await findOperations(pool);
  const input = { name: 'operator', scopes: ['admin' as const] };
  const { key } = await withTenant(pool, tenantId, (client) => createKey(client, tenantId, input), 'login');
  return key;
}

export async function listKeys(pool: Pool, tenantId: string, after: string | undefined, limit: number): Promise<KeyRow[]> {
  const result = await pool.query<KeyRow>('select * from door.keys($1, $2, $3)', [tenantId, after ?? null, limit]);
  return result.rows;
}

/** Revokes a key. Returns its hash, so that caches can forget it, or undefined if the tenant has no such key. */
export async function revokeKey(client: Client, tenantId: string, keyId: string): Promise<Buffer | undefined> {
  const result = await client.query<{ revoke_key: Buffer | null }>('select door.revoke_key($1, $2)', [tenantId, keyId]);
  return result.rows[0]?.revoke_key ?? undefined;
}

/** Hashes of all keys of a tenant, so that caches can forget its permissions. */
export async function keyHashes(client: Client, tenantId: string): Promise<Buffer[]> {
  const { rows } = await client.query<{ hash: Buffer }>('select hash from door.key_hashes($1) as hash', [tenantId]);
  return rows.map(({ hash }) => hash);
}

/** A row that says who somebody is, as functions of `door` return it. */
export type IdentityRow = {
  key_id: string;
  key_name: string;
  scopes: Scope[];
  expires_at: Date | null;
  tenant_id: string;
  tenant_kind: Tenant['kind'];
  timezone: string;
  locale: string;
  limits: TenantLimits;
  features: Record<string, boolean>;
  raw_retention_days: number | null;
};

/** The identity that a row describes. */
export function identityOf(row: IdentityRow): Identity {
  return {
    keyId: row.key_id,
    keyName: row.key_name,
    scopes: row.scopes,
    expiresAt: row.expires_at,
    tenantId: row.tenant_id,
    tenantKind: row.tenant_kind,
    timezone: row.timezone,
    locale: row.locale,
    limits: row.limits,
    features: row.features,
    rawRetentionDays: row.raw_retention_days,
  };
}

/** Who holds the key with this hash, or undefined where it is unknown, revoked or expired. */
export async function authenticate(pool: Pool, keyHash: Buffer): Promise<Identity | undefined> {
  const { rows } = await pool.query<IdentityRow>('select * from door.authenticate($1)', [keyHash]);
  return rows[0] && identityOf(rows[0]);
}
