import { get } from 'node:http';
import { createCards } from '../api/dashboards/cards.ts';
import { loadDashboards } from '../api/dashboards/dashboards.ts';
import type { Dashboard } from '../api/dashboards/definition.ts';
import { readParameters } from '../api/dashboards/query.ts';
import { createAnswers } from '../api/http/answers.ts';
import { createPool, type Pool, withTenant } from '../sql/database/db.ts';
import { roleUrl } from '../sql/database/roles.ts';
import { createKey, createOperatorKey, findOperations } from '../sql/tenants/tenants.ts';
import { load, quantile, get as requestOf } from './http-load.ts';
import type { Stage } from './stage.ts';

const VIEWERS = 100;
const SECONDS = 5;
const ZONE = 'America/Sao_Paulo';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Reader = { id: string; read: string };

/**
 * All cards of each dashboard; cards of customers are read for another tenant each time. First one viewer, then 100 viewers
 * whose pages refresh every minute, as pages do by themselves, then 100 viewers that request a card every second. Also the
 * share of one viewer's time that the cards take without HTTP, and the bytes before the first paint.
 */
export async function benchDashboards(stage: Stage) {
  const login = (role: 'mirante_metabase' | 'mirante_ops') =>
    createPool(roleUrl(stage.databaseUrl, stage.secret, role), { max: 1, name: 'bench cards' });
  const pools = {
    api: createPool(stage.apiDatabaseUrl, { max: 1, name: 'bench cards' }),
    metabase: login('mirante_metabase'),
    ops: login('mirante_ops'),
  };
  try {
    const operations: Reader[] = [{ id: (await findOperations(pools.api)).tenantId, read: await createOperatorKey(pools.api) }];
    const figures: Record<string, unknown> = {};
    for (const dashboard of loadDashboards().values()) {
      const readers = dashboard.audience === 'customer' ? stage.tenants : operations;
      const alone = await view(stage.url, dashboard, readers, 1, SECONDS / 2);
      const bare = await readBare(createCards(pools, createAnswers()), dashboard, readers);
      figures[dashboard.slug] = {
        cards: dashboard.cards.length,
        'one viewer': percentiles(alone),
        [`${VIEWERS} viewers, every card each minute`]: percentiles(
          await view(stage.url, dashboard, readers, VIEWERS, SECONDS * 4, MINUTE_MS / dashboard.cards.length),
        ),
        [`${VIEWERS} viewers, a card a second each`]: percentiles(
          await view(stage.url, dashboard, readers, VIEWERS, SECONDS, 1000),
        ),
        'share of the time in the database': quantile(bare, 0.5) / quantile(alone, 0.5),
      };
    }
    return { ...figures, 'bytes to first paint, compressed': await bytesToFirstPaint(stage, pools.api) };
  } finally {
    for (const pool of Object.values(pools)) await pool.end();
  }
}

const percentiles = (durations: Float64Array) => ({
  p50_ms: quantile(durations, 0.5),
  p95_ms: quantile(durations, 0.95),
});

// Each round has its own window and another tenant, so that no answer comes from the cache. Viewers of the operator's pages
// all belong to one tenant and begin with the same window.
const sinceOf = ({ cards, audience }: Dashboard, turn: number, viewers = 1) => {
  const round = viewers > 1 && audience !== 'customer' ? 0 : Math.floor(turn / cards.length);
  return new Date(Math.floor(Date.now() / HOUR_MS - 30 * 24) * HOUR_MS - round * 1000).toISOString();
};
const cardOf = ({ cards }: Dashboard, turn: number) => cards[turn % cards.length] as Dashboard['cards'][number];
const readerOf = (readers: Reader[], { cards }: Dashboard, turn: number) =>
  readers[(Math.floor(turn / cards.length) * 7 + turn) % readers.length] as Reader;

async function view(url: string, dashboard: Dashboard, readers: Reader[], viewers: number, seconds: number, pauseMs = 0) {
  const { durations } = await load(
    url,
    viewers,
    seconds,
    (turn) => {
      const path = `/v1/dashboards/${dashboard.slug}/cards/${cardOf(dashboard, turn).name}?from=${sinceOf(dashboard, turn, viewers)}`;
      return requestOf(path, readerOf(readers, dashboard, turn).read);
    },
    ({ status, body }) => {
      if (status !== 200) throw new Error(`Answer ${status}: ${body}`);
    },
    pauseMs,
  );
  return durations;
}

async function readBare(cards: ReturnType<typeof createCards>, dashboard: Dashboard, readers: Reader[]): Promise<Float64Array> {
  const durations: number[] = [];
  const until = performance.now() + (SECONDS * 1000) / 2;
  for (let turn = 0; performance.now() < until; turn += 1) {
    const asked = readParameters(dashboard, { from: sinceOf(dashboard, turn) }, {}, ZONE, Date.now());
    const started = performance.now();
    await cards.read(
      { tenantId: readerOf(readers, dashboard, turn).id, timezone: ZONE },
      dashboard,
      cardOf(dashboard, turn),
      asked,
    );
    durations.push(performance.now() - started);
  }
  return Float64Array.from(durations).sort();
}

/** The page of an embed and its style sheets and scripts, as a browser requests them: with brotli where available. */
async function bytesToFirstPaint({ url, tenants }: Stage, api: Pool): Promise<number> {
  const { id } = tenants[0] as Reader;
  const made = await withTenant(api, id, (client) => createKey(client, id, { name: 'bench', scopes: ['embed'] }), 'login');
  const headers = { authorization: `Bearer ${made.key}`, 'content-type': 'application/json' };
  const link = await fetch(`${url}/v1/dashboards/validations-overview/embeds`, { method: 'POST', headers, body: '{}' });
  const page = ((await link.json()) as { viewer_url: string }).viewer_url;
  const text = await (await fetch(page)).text();
  const files = [...text.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]+)"/g)].map(
    ([, file]) => new URL(file as string, page).href,
  );
  const sizes = await Promise.all([page, ...new Set(files)].map(sizeOf));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function sizeOf(address: string): Promise<number> {
  return new Promise((done, fail) => {
    get(address, { headers: { 'accept-encoding': 'br, gzip' } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => done(bytes));
    }).on('error', fail);
  });
}
