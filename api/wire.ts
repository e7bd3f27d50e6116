import type { Server } from 'node:http';
import { Redis } from 'ioredis';
import { createQueues } from '../jobs/queues.ts';
import { type Config, secretOf } from '../lib/config.ts';
import type { Logger } from '../lib/log.ts';
import { openObjectStore } from '../lib/open-object-store.ts';
import { openArchive } from '../sql/archive/home.ts';
import { findOperations } from '../sql/tenants/tenants.ts';
import { buildApp } from './app.ts';
import { createAccessLog } from './audit/access-log.ts';
import { createCards } from './dashboards/cards.ts';
import { loadDashboards } from './dashboards/dashboards.ts';
import { createEmbeds } from './dashboards/embeds.ts';
import { createViewers } from './dashboards/viewers.ts';
import { createEventTypeRegistry } from './event-types/event-types.ts';
import { createGroupCommit } from './events/group-commit.ts';
import { createLiveTails } from './events/live-tails.ts';
import { storeRows } from './events/store-rows.ts';
import { createTelemetry } from './events/telemetry.ts';
import { createDownloads } from './exports/downloads.ts';
import { createExportSlots } from './exports/slots.ts';
import { createAnswers } from './http/answers.ts';
import { createAuthenticator } from './http/auth.ts';
import { createClientAddress } from './http/client-address.ts';
import type { Deps } from './http/deps.ts';
import { closeServer, createHttpServer } from './http/http-server.ts';
import { createIdempotency } from './http/idempotency.ts';
import { createLimits } from './http/limits.ts';
import { createMetricsServer, createOpenMetrics, type OpenMetrics } from './http/open-metrics.ts';
import { createPools } from './http/pools.ts';
import type { RouteSpec } from './http/types.ts';
import { createAttempts } from './members/attempts.ts';
import { createProvider } from './members/provider.ts';
import { readAssets } from './pages/assets.ts';
import { createFloodGate } from './performance/flood-gate.ts';
import { createFormStamp } from './performance/form-stamp.ts';

/** Time for streamed exports to finish when the program stops. */
const EXPORT_GRACE_MS = 2_500;
/** Time for all other requests to finish when the program stops. */
const REQUEST_GRACE_MS = 3_000;
/** Longest time that an event waits to be stored. After it the sender gets 503 and should send it again. */
const STORE_PATIENCE_MS = 4_000;

export type Wired = {
  server: Server;
  metricsServer: Server;
  /** Every call, as the OpenAPI document shows it. */
  calls: RouteSpec<unknown, unknown, unknown>[];
  /** Stops accepting requests, lets running ones finish, stores waiting events, closes every connection. */
  close: () => Promise<void>;
};

export type Urls = { api: string; queue: string; metabase: string; ops: string; redis?: string | undefined };

/** Creates all parts of the API and connects them. Nothing listens yet. */
export function wire(config: Config, urls: Urls, log: Logger): Wired {
  const pools = createPools(config, urls);
  const { pool, ops, intake, keys } = pools;
  const redis = urls.redis ? connectRedis(urls.redis, log) : undefined;
  const queues = createQueues({ redisUrl: urls.redis, queueDatabaseUrl: urls.queue }, log);
  let openMetrics: OpenMetrics;

  const groupCommit = createGroupCommit({
    store: (rows) => storeRows(pools.ingest, queues, rows),
    connections: config.INGEST_CONNECTIONS,
    maxRows: 2_000,
    maxBytes: config.INGEST_BUFFER_BYTES,
    patienceMs: STORE_PATIENCE_MS,
    onFlush: (rows, seconds) => openMetrics.observeFlush(rows, seconds),
  });
  openMetrics = createOpenMetrics({ pool, ops, queues, load: groupCommit.load });

  const telemetry = createTelemetry({
    findKey: async () => (await findOperations(intake)).telemetryKeyId,
    store: (rows) => groupCommit.store(rows),
    onDrop(events, reason) {
      openMetrics.countDroppedTelemetry(events);
      if (events > 1) log.warn({ events, reason }, 'events about the API dropped');
    },
  });

  const answers = createAnswers();
  const objects = openObjectStore(config);
  const archive = openArchive(config, objects);
  const deps: Deps = {
    config,
    log,
    pool,
    intake,
    health: pools.health,
    ops,
    archive,
    exportPool: pools.exports,
    exportSlots: createExportSlots(config.EXPORT_CONNECTIONS),
    auth: createAuthenticator(keys),
    clientAddress: createClientAddress(config.TRUSTED_PROXIES),
    accessLog: createAccessLog(intake, log),
    limits: createLimits(config, intake, log, redis),
    attempts: createAttempts(new URL(urls.api).pathname.slice(1), redis),
    floodGate: createFloodGate(new URL(urls.api).pathname.slice(1), redis),
    formStamp: createFormStamp(secretOf(config)),
    provider: createProvider(config),
    idempotency: createIdempotency(intake),
    types: createEventTypeRegistry(intake),
    answers,
    dashboards: loadDashboards(),
    cards: createCards({ api: pool, metabase: pools.metabase, ops }, answers),
    viewers: createViewers(keys, secretOf(config)),
    downloads: createDownloads(keys, secretOf(config)),
    objects,
    embeds: createEmbeds(pool, config),
    assets: readAssets(),
    groupCommit,
    live: createLiveTails(pool, log),
    openMetrics,
    telemetry,
  };
  const { listener, calls } = buildApp(deps, queues);
  const server = createHttpServer(listener);
  const metricsServer = createMetricsServer(openMetrics);

  return {
    server,
    metricsServer,
    calls,
    async close() {
      deps.live.close();
      // Break off long exports: they would delay everything else that must be stored before the program exits.
      const grace = setTimeout(deps.exportSlots.close, EXPORT_GRACE_MS);
      await Promise.all([closeServer(server, REQUEST_GRACE_MS), closeServer(metricsServer, REQUEST_GRACE_MS)]);
      clearTimeout(grace);
      await Promise.all([
        telemetry.close().then(groupCommit.drain),
        deps.limits.close(),
        deps.accessLog.close(),
        queues.close(),
      ]);
      redis?.disconnect();
      objects.close();
      await Promise.all(Object.values(pools).map((one) => one.end()));
    },
  };
}

function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  redis.on('error', (error) => log.warn({ error: error.message }, 'Redis is unreachable; limits are counted in this process'));
  return redis;
}
