import { markOf, openKey, sealKey } from '../../lib/sealed.ts';
import type { Pool } from '../../sql/database/db.ts';
import { bodiesSealedOtherwise, resealBody } from '../../sql/imports/bodies.ts';

const PAGE = 500;

/**
 * Encrypts the keys of all bodies that are encrypted with `previous` again, with `secret`. Bodies stay as they are, and a call that was
 * interrupted can be repeated. Returns how many keys were changed, and how many open with neither secret.
 */
export async function resealKeys(
  pool: Pool,
  secret: string,
  previous: string,
): Promise<{ resealed: number; unopened: number }> {
  const mark = markOf(secret);
  const former = markOf(previous);
  const done = { resealed: 0, unopened: 0 };
  for (let after: string | undefined; ; ) {
    const rows = await bodiesSealedOtherwise(pool, mark, after, PAGE);
    for (const { id, tenant_id, sealed_key, sealed_with } of rows) {
      if (sealed_with !== former) {
        done.unopened++;
        continue;
      }
      const key = openKey(previous, tenant_id, id, sealed_key);
      await resealBody(pool, id, sealed_key, sealKey(secret, tenant_id, id, key), mark);
      done.resealed++;
    }
    after = rows.at(-1)?.id;
    if (rows.length < PAGE) return done;
  }
}
