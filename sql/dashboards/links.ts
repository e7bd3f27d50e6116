import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';

/** Maximum unexpired links of one tenant. Two concurrent requests can exceed it by one. */
export const MAX_LINKS = 1_000;

// 48 bits that identify a link within its tenant, and 96 that open it.
const ID_BYTES = 18;
const PREFIX_LENGTH = 8;
const ID = /^[\w-]{24}$/;

export type NewLink = { keyId: string; dashboard: string; params: Record<string, string | string[]>; expiresAt: Date | null };

/** A link as its tenant sees it: by the first characters of its id, which open nothing. */
export type LinkRow = {
  row_id: string;
  prefix: string;
  key_id: string;
  params: Record<string, string | string[]>;
  created_at: Date;
  expires_at: Date | null;
};

/** What a link opens, and the key on which it depends. */
export type FoundLink = {
  tenant_id: string;
  key_id: string;
  dashboard: string;
  params: Record<string, string | string[]>;
  expires_at: Date | null;
};

/** Whether a text has the form of a link's id. */
export const isLinkId = (text: unknown): text is string => typeof text === 'string' && ID.test(text);

const hashOf = (id: string) => createHash('sha256').update(id).digest();

/**
 * Creates a link of this transaction's tenant. Returns its id, which is stored only as its hash, or undefined if the tenant has
 * MAX_LINKS already. Also deletes links that expired a month ago: until then their page says that they have expired.
 */
export async function createLink(client: Client, tenantId: string, link: NewLink): Promise<string | undefined> {
  await client.query("delete from app.dashboard_links where expires_at < now() - interval '30 days'");
  const id = randomBytes(ID_BYTES).toString('base64url');
  const { rowCount } = await client.query(
    `insert into app.dashboard_links (id, tenant_id, key_id, dashboard, prefix, hash, params, created_at, expires_at)
     select $1, $2, $3, $4, $5, $6, $7, now(), $8
     where (select count(*) from app.dashboard_links where expires_at is null or expires_at > now()) < $9::bigint`,
    [
      uuidv7(),
      tenantId,
      link.keyId,
      link.dashboard,
      id.slice(0, PREFIX_LENGTH),
      hashOf(id),
      link.params,
      link.expiresAt,
      MAX_LINKS,
    ],
  );
  return rowCount === 1 ? id : undefined;
}

/** Links to one dashboard, in order of creation. */
export async function listLinks(
  client: Client,
  dashboard: string,
  after: string | undefined,
  limit: number,
): Promise<LinkRow[]> {
  const { rows } = await client.query<LinkRow>(
    `select id as row_id, prefix, key_id, params, created_at, expires_at from app.dashboard_links
     where dashboard = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
    [dashboard, after ?? null, limit],
  );
  return rows;
}

/** Deletes a link, by its whole id or its first characters. Returns false if the tenant has no such link to this dashboard. */
export async function deleteLink(client: Client, dashboard: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'delete from app.dashboard_links where dashboard = $1 and prefix = $2 and ($3::bytea is null or hash = $3)',
    [dashboard, id.slice(0, PREFIX_LENGTH), id.length === PREFIX_LENGTH ? null : hashOf(id)],
  );
  return rowCount === 1;
}

/** What a link opens, even if it has expired; undefined if there is no such link. */
export async function findLink(pool: Pool, id: string): Promise<FoundLink | undefined> {
  const { rows } = await pool.query<FoundLink>('select * from door.find_link($1)', [hashOf(id)]);
  return rows[0];
}
