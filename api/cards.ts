import QuickLRU from 'quick-lru';
import { invalidRequest } from '../lib/errors.ts';
import { type Pool, withTenant } from '../sql/db.ts';
import { readCard, readWatermark } from '../sql/queries/cards.ts';
import { signGrant } from '../sql/queries/grants.ts';
import { MAX_ROWS } from '../sql/queries/metrics.ts';
import type { Asked } from './dashboard-query.ts';
import type { Card } from './dashboards.ts';

/** A grant is good for at least an hour, so one that is remembered for so long has not expired. */
const REMEMBER_MS = 5 * 60_000;
const GRANT_MS = 3600_000;

export type CardAnswer = { watermark: Date; rows: Record<string, unknown>[] };

export type Cards = {
  /** One card's rows for one tenant. Throws invalid-request where there would be too many. */
  read: (tenantId: string, card: Card, asked: Asked) => Promise<CardAnswer>;
};

/** Runs cards as `metabase`, the login that Metabase itself uses: it can name no tenant but by a grant, which `api` signs. */
export function createCards(api: Pool, metabase: Pool): Cards {
  const grants = new QuickLRU<string, Promise<string>>({ maxSize: 10_000, maxAge: REMEMBER_MS });

  function grantOf(tenantId: string): Promise<string> {
    let grant = grants.get(tenantId);
    if (!grant) {
      grant = withTenant(api, tenantId, (client) => signGrant(client, new Date(Date.now() + GRANT_MS)));
      grants.set(tenantId, grant);
    }
    return grant;
  }

  return {
    async read(tenantId, card, asked) {
      try {
        // Before the rows, which can then only be newer than it says.
        const watermark = await readWatermark(api);
        const values: Record<string, string> = { ...asked, grant: await grantOf(tenantId) };
        const rows = await readCard(
          metabase,
          card.query.text,
          card.query.variables.map((variable) => values[variable] as string),
        );
        if (rows.length > MAX_ROWS) throw tooManyRows();
        return { watermark, rows };
      } catch (error) {
        // Its secret may have been rotated out since.
        grants.delete(tenantId);
        throw error;
      }
    },
  };
}

function tooManyRows() {
  const detail = `The card has more than ${MAX_ROWS} rows: ask for a wider interval or a shorter window.`;
  return invalidRequest([{ pointer: '/interval', code: 'too-many-rows', detail }]);
}
