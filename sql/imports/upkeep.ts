import type { Pool } from '../database/db.ts';

/** Names of all bodies that the vault has. */
export async function keptBodies(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ object: string }>('select object from private.imports where object is not null');
  return rows.map(({ object }) => object);
}

/** Those of `names` that belong to no document. */
export async function unknownBodies(pool: Pool, names: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    'select u.name from unnest($1::text[]) u (name) where not exists (select from private.imports i where i.object = u.name)',
    [names],
  );
  return rows.map(({ name }) => name);
}
