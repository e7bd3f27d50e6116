import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createEventTypeRegistry } from '../../api/event-types/event-types.ts';
import { type Context, derivedId, type Judged } from '../../api/events/envelope.ts';
import { createGroupCommit } from '../../api/events/group-commit.ts';
import { keepRefused } from '../../api/events/keep-refused.ts';
import type { ReceiptItem } from '../../api/events/receipt.ts';
import { judge, type ReceiveDeps, store } from '../../api/events/receive.ts';
import { storeRows } from '../../api/events/store-rows.ts';
import { createLimits } from '../../api/http/limits.ts';
import { Problem } from '../../api/http/problems.ts';
import type { Config } from '../../lib/config.ts';
import { cutLines, type JsonItem } from '../../lib/json-items.ts';
import type { Logger } from '../../lib/log.ts';
import { createPool, type Pool } from '../../sql/database/db.ts';
import { identityOfKey } from '../../sql/tenants/key-identity.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { ImportDocument } from './document.ts';
import { Postponed, Rejected } from './outcomes.ts';

/** Receives events as POST /v1/events does: same checks, limits, pseudonyms, ids and quarantine. */
export type EventReceiver = {
  /** Judges events, as JSON texts, without storing any. `first`: number of the first one in the document. */
  judge: (document: ImportDocument, texts: string[], first: number) => Promise<JudgedEvents>;
  /** Stores what was judged, quarantines the rest, and returns an item for each, after the commit. */
  store: (events: JudgedEvents) => Promise<ReceiptItem[]>;
  close: () => Promise<void>;
};

export type JudgedEvents = {
  identity: Identity;
  items: JsonItem[];
  judged: Judged[];
  defaults: Context['defaults'];
  known: Known;
};
type Known = { receivedAt: Date; idOf: (index: number) => string };

type Options = { pool: Pool; log: Logger; config: Config; logins: { api: string } };

/** Longest time that a quota postpones a document. */
const MAX_POSTPONED_SECONDS = 3_600;

/** A receiver for this process. It connects as the API's login, so that a row of another tenant is refused by the database too. */
export function createEventReceiver({ pool, log, config, logins }: Options): EventReceiver {
  const intake = createPool(logins.api, { max: 3, name: 'mirante imports' });
  const redis = config.REDIS_URL
    ? new Redis(config.REDIS_URL, { enableOfflineQueue: false, maxRetriesPerRequest: 1, lazyConnect: true })
    : undefined;
  redis?.on('error', (error) => log.warn({ error: error.message }, 'Redis is unreachable; limits are counted in this process'));
  redis?.connect().catch(() => undefined);
  const groupCommit = createGroupCommit({
    store: (rows) => storeRows(intake, { enqueueRefresh: () => undefined }, rows),
    connections: 2,
    maxRows: 2_000,
    maxBytes: config.INGEST_BUFFER_BYTES,
    // Nobody waits for an answer, and a document that is given up is read again.
    patienceMs: 60_000,
  });
  const deps: ReceiveDeps = {
    config,
    intake,
    limits: createLimits(config, intake, log, redis),
    types: createEventTypeRegistry(intake),
    groupCommit,
    // Live streams, cached answers and counters are the API's own.
    live: { stored: () => undefined },
    answers: { forget: () => undefined },
    openMetrics: { countEvents: () => undefined },
  };

  return {
    async judge(document, texts, first) {
      const identity = await identityOfKey(pool, document.tenantId, document.keyId);
      if (!identity) {
        const detail =
          'The key that sent the document was revoked or has expired. Have the document read again with another key.';
        throw new Rejected('key-revoked', detail);
      }
      const items = cutLines(texts.join('\n'), texts.length);
      if (items.length !== texts.length) throw new Error('An event has a line break in its JSON.');
      const name = `import ${document.sha256}`;
      const idOf = (index: number) => derivedId(name, String(first + index));
      const defaults = (index: number) => ({ id: idOf(index), time: document.firstAt.getTime(), source: 'import' });
      const judged = await judge(deps, identity, items, defaults, () => ({
        status: 'rejected',
        code: 'invalid-json',
        detail: 'The line cannot be parsed.',
        id: null,
        type: null,
      }));
      // Ids of quarantined rows: those of this document, so that reading it again after a crash adds none.
      const known = {
        receivedAt: document.receivedAt,
        idOf: (index: number) => derivedId(`${document.id} quarantine`, String(first + index)),
      };
      return { identity, items, judged, defaults, known };
    },
    async store({ identity, items, judged, defaults, known }) {
      await untilWithin(deps, identity, items.length);
      const receipt = await store(deps, identity, judged, items, defaults);
      deps.limits.spend('monthly-events', identity, receipt.filter(({ status }) => status === 'accepted').length);
      await keepRefused(deps, identity, items, judged, receipt, known);
      return receipt;
    },
    async close() {
      await groupCommit.drain();
      await deps.limits.close();
      redis?.disconnect();
      await intake.end();
    },
  };
}

// A rate passes within seconds: wait. A quota may last weeks: the document is due again later.
async function untilWithin({ limits }: Pick<ReceiveDeps, 'limits'>, identity: Identity, count: number): Promise<void> {
  for (;;) {
    try {
      await limits.events(identity, count);
      limits.within('monthly-events', identity);
      limits.within('quarantine', identity);
      return;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429) throw error;
      const seconds = Number(error.headers['retry-after']);
      if (error.code !== 'rate-limited') {
        throw new Postponed(
          'quota-exceeded',
          `${error.title}. Reading goes on by itself.`,
          Math.min(seconds, MAX_POSTPONED_SECONDS),
        );
      }
      await setTimeout(seconds * 1000);
    }
  }
}
