import QuickLRU from 'quick-lru';
import { readCard, readStanding, readWatermark, type Standing } from '../../sql/dashboards/cards.ts';
import { isSwitchedOff, signGrant } from '../../sql/dashboards/grants.ts';
import { type Pool, withTenant } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import { MAX_ROWS } from '../../sql/metrics/metrics.ts';
import type { Answers } from '../http/answers.ts';
import { featureDisabled, invalidRequest } from '../http/problems.ts';
import { isSlow } from '../metrics/cost.ts';
import { render } from './card-query.ts';
import type { Card, Dashboard } from './definition.ts';
import type { CardParameters } from './query.ts';

/** Shorter than GRANT_MS, so a cached grant has not expired. */
const REMEMBER_MS = 5 * 60_000;
const GRANT_MS = 3600_000;

/** A card over all tenants has no restatements and no first metric. */
export type CardAnswer = Pick<Standing, 'watermark'> & Partial<Standing> & { rows: Record<string, unknown>[] };

/** The tenant that reads. Buckets of a day or more begin in its time zone. */
export type CardReader = { tenantId: string; timezone: string };

export type Cards = {
  /** Returns one card's rows; a customer's card has rows of one tenant only. Throws invalid-request if there are too many. */
  read: (reader: CardReader, dashboard: Dashboard, card: Card, asked: CardParameters) => Promise<CardAnswer>;
};

/**
 * Runs cards with the logins that Metabase itself uses. Customers' cards run as `metabase`, which reads a tenant only with a
 * grant signed by `api`. The others run as `ops`, which cannot read the content of events.
 */
export function createCards({ api, metabase, ops }: Record<'api' | 'metabase' | 'ops', Pool>, answers: Answers): Cards {
  const grants = new QuickLRU<string, Promise<string>>({ maxSize: 10_000, maxAge: REMEMBER_MS });

  function grantOf(tenantId: string): Promise<string> {
    let grant = grants.get(tenantId);
    if (!grant) {
      // Other requests may wait for the same grant, so it must not end with the first request.
      grant = askFor({ tenantId }, () =>
        withTenant(api, tenantId, (client) => signGrant(client, new Date(Date.now() + GRANT_MS))),
      );
      grants.set(tenantId, grant);
    }
    return grant;
  }

  async function readRows(tenantId: string, { audience }: Dashboard, card: Card, asked: CardParameters): Promise<CardAnswer> {
    try {
      const isCustomers = audience === 'customer';
      // Read before the rows, so that the rows are never older than the watermark says.
      const standing = isCustomers
        ? await withTenant(api, tenantId, (client) => readStanding(client, asked.from, asked.to))
        : { watermark: await readWatermark(api) };
      const { text, values } = render(card.sql, isCustomers ? { ...asked, grant: await grantOf(tenantId) } : asked);
      const rows = await readCard(isCustomers ? metabase : ops, text, values);
      if (rows.length > MAX_ROWS) throw tooManyRows();
      return { ...standing, rows };
    } catch (error) {
      // The secret that signed the grant may have been rotated.
      grants.delete(tenantId);
      throw isSwitchedOff(error) ? featureDisabled('dashboards') : error;
    }
  }

  return {
    read: ({ tenantId, timezone }, dashboard, card, asked) =>
      answers.share(
        tenantId,
        {
          question: `${dashboard.slug}/${card.name} ${timezone} ${JSON.stringify(asked)}`,
          isSlow: isSlow(windowOf(asked), asked.interval, 1),
        },
        () => readRows(tenantId, dashboard, card, asked),
      ),
  };
}

const windowOf = ({ from, to }: CardParameters) => ({ from: Date.parse(from) * 1000, to: Date.parse(to) * 1000 });

function tooManyRows() {
  const detail = `The card has more than ${MAX_ROWS} rows. Use a wider interval or a shorter window.`;
  return invalidRequest([{ pointer: '/interval', code: 'too-many-rows', detail }]);
}
