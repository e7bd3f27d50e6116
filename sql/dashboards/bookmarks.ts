import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';

/** Stars and saved views of one person. */
export const MAX_BOOKMARKS = 200;

/** A dashboard that somebody starred, or with a name a view of it that somebody saved. */
export type Bookmark = { id: string; dashboard: string; name: string; query: string };

/** What the holder of a key has starred and saved. */
export async function listBookmarks(client: Client, keyId: string): Promise<Bookmark[]> {
  const { rows } = await client.query<Bookmark>(
    'select id, dashboard, name, query from app.bookmarks where key_id = $1 order by dashboard, name limit $2',
    [keyId, MAX_BOOKMARKS],
  );
  return rows;
}

/** Saves a view, over one of the same name; with an empty name a star. False where the holder has as many as one may have. */
export async function saveBookmark(
  client: Client,
  { tenantId, keyId }: { tenantId: string; keyId: string },
  { dashboard, name, query }: Omit<Bookmark, 'id'>,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into app.bookmarks (id, tenant_id, key_id, dashboard, name, query, created_at)
     select $1, $2, $3, $4, $5, $6, now() where (select count(*) from app.bookmarks where key_id = $3) < $7::bigint
     on conflict (tenant_id, key_id, dashboard, name) do update set query = excluded.query`,
    [uuidv7(), tenantId, keyId, dashboard, name, query, MAX_BOOKMARKS],
  );
  return rowCount === 1;
}

/** Removes a star, or the saved view of a name. */
export async function removeBookmark(client: Client, keyId: string, dashboard: string, name: string): Promise<void> {
  await client.query('delete from app.bookmarks where key_id = $1 and dashboard = $2 and name = $3', [keyId, dashboard, name]);
}
