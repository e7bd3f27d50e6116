import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import { beat, heartbeatAge } from '../../sql/platform/heartbeats.ts';
import { createDeliveryRunner, type DeliverDeps } from '../alerts/deliver.ts';
import { evaluateAlerts } from '../alerts/evaluate.ts';
import { runMakePartitions } from '../archive/make-partitions.ts';
import { type RetentionDeps, runRetention } from '../archive/run-retention.ts';
import { type BenchmarkDeps, buildBenchmarks, buildDueBenchmarks } from '../benchmarks/build.ts';
import type { ExportDeps } from '../exports/deps.ts';
import { checkExportFiles } from '../exports/destroy.ts';
import { createExportRunner } from '../exports/run.ts';
import { checkImports } from '../imports/check.ts';
import type { ImportDeps } from '../imports/importer.ts';
import { createEventReceiver } from '../imports/receive.ts';
import { createImportRunner } from '../imports/run.ts';
import { sendLoginLink } from '../members/send-login-link.ts';
import { checkDataQuality } from '../metrics/check-data-quality.ts';
import { runReconcile } from '../metrics/reconcile.ts';
import { refreshRollups } from '../metrics/refresh-rollups.ts';
import { collectAllJourneys } from '../performance/collect-journeys.ts';
import { removeComments } from '../performance/remove-comments.ts';
import { type AuditDeps, runAuditIsolation } from '../platform/audit-isolation.ts';
import { measureObjectives, type ObjectivesDeps } from '../platform/measure-objectives.ts';
import { type DrillDeps, runRestoreDrill } from '../platform/restore-drill.ts';
import { rewriteFields } from '../privacy/rewrite-fields.ts';
import { type PrivacyDeps, servePrivacyRequests } from '../privacy/serve-requests.ts';
import { askFor, QUEUES, type QueueName, type QueueUrls, within } from '../queues.ts';
import { makeDueReports } from '../reports/due.ts';
import { makeReports, type ReportDeps } from '../reports/make.ts';
import { type PullDeps, pullChannels } from '../reports/pull.ts';
import { endSqlLogins } from '../tenants/end-sql-logins.ts';
import { offboardTenants } from '../tenants/offboard.ts';
import { type Consumer, type Handlers, startConsumer } from './consumer.ts';

export type Workers = {
  consumers: Map<QueueName, Consumer>;
  stop: () => Promise<void>;
};

/** Dependencies of all jobs. */
export type WorkerDeps = RetentionDeps &
  AuditDeps &
  BenchmarkDeps &
  ObjectivesDeps &
  DeliverDeps &
  ExportDeps &
  DrillDeps &
  Omit<ImportDeps, 'events'> &
  ReportDeps &
  PullDeps &
  PrivacyDeps;

type Options = { watchEveryMs?: number; staleAfterS?: number; drainMs?: number };

const DEFAULTS = { watchEveryMs: 5_000, staleAfterS: 60, drainMs: 20_000 };

/**
 * Consumes every queue. Rebuilds the consumer of a queue whose heartbeat has stopped: after an outage it may be alive and yet
 * consume nothing. Rejects if the database does not answer.
 */
export async function startWorkers(deps: WorkerDeps, urls: QueueUrls, options: Options = {}): Promise<Workers> {
  const { watchEveryMs, staleAfterS, drainMs } = { ...DEFAULTS, ...options };
  const stopping = new AbortController();
  const consumers = new Map<QueueName, Consumer>();
  const events = createEventReceiver(deps);
  const handlers = handlersOf({ ...deps, events, signal: stopping.signal }, tell, refresh);
  const builtAt = new Map<QueueName, number>();
  let watching: Promise<void> | undefined;

  // Enqueues the deliveries and does not wait for them. The schedule of every minute sends them too.
  async function tell(): Promise<void> {
    const queue = consumers.get('alerts')?.queue;
    await (queue && within(2_000, askFor(queue, 'deliver-alerts')))?.catch((error: Error) =>
      deps.log.warn({ error: error.message }, 'cannot enqueue deliveries; the next scheduled run sends them'),
    );
  }

  // Hours that have ended show new rows after a refresh. The schedule of every minute refreshes too.
  async function refresh(): Promise<void> {
    const queue = consumers.get('rollups')?.queue;
    await (queue && within(2_000, askFor(queue, 'refresh-rollups')))?.catch((error: Error) =>
      deps.log.warn({ error: error.message }, 'cannot enqueue a refresh; the next scheduled run does its work'),
    );
  }

  async function build(name: QueueName): Promise<void> {
    builtAt.set(name, Date.now());
    await consumers.get(name)?.close(1_000);
    consumers.delete(name);
    consumers.set(name, await startConsumer(urls, name, handlers, deps.log));
  }

  // A new consumer has as long as an old one to show that it consumes. If it could not be built, every watch tries again.
  async function watch(name: QueueName): Promise<void> {
    const consumer = consumers.get(name);
    // If jobs of this process take all slots, no heartbeat can run. The running jobs are the sign of life.
    if (consumer?.isFull()) await beat(deps.pool, name);
    // If it were rebuilt while jobs run, those would continue beside the workers that retry them, each with its connections.
    if (consumer && consumer.active() > 0) return;
    if (consumer && Date.now() - (builtAt.get(name) ?? 0) < staleAfterS * 1000) return;
    const age = (await heartbeatAge(deps.pool, name)) ?? Number.POSITIVE_INFINITY;
    if (consumer && age < staleAfterS) return;
    if (consumer && (await within(2_000, consumer.queue.isPaused()).catch(() => false))) return;
    deps.log.error(
      { queue: name, heartbeat_age_s: Math.round(age) },
      'no job consumed for too long; restarting the queue and its worker',
    );
    await build(name);
  }

  async function watchAll(): Promise<void> {
    for (const name of QUEUES) {
      await watch(name).catch((error: Error) =>
        deps.log.error({ queue: name, err: error }, 'cannot restart the queue; will retry'),
      );
    }
    watching = undefined;
  }

  for (const name of QUEUES) await build(name);
  const timer = setInterval(() => {
    watching ??= watchAll();
  }, watchEveryMs);

  return {
    consumers,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await watching;
      await Promise.all([...consumers.values()].map((consumer) => consumer.close(drainMs)));
      await events.close();
    },
  };
}

function handlersOf(deps: WorkerDeps & ImportDeps, tell: () => Promise<void>, refresh: () => Promise<void>): Handlers {
  const runExports = createExportRunner(deps, tell);
  const runImports = createImportRunner(deps, refresh);
  const deliverAlerts = createDeliveryRunner(deps);
  return {
    heartbeat: (queue) => beat(deps.pool, queue),
    'refresh-rollups': async () => {
      await refreshRollups(deps);
    },
    'collect-journeys': () => collectAllJourneys(deps),
    'remove-comments': () => removeComments(deps),
    'measure-objectives': () => measureObjectives(deps),
    'run-retention': async () => {
      await runRetention(deps, 'try');
    },
    'make-partitions': () => runMakePartitions(deps),
    'serve-privacy-requests': () => servePrivacyRequests(deps),
    'rewrite-personal-fields': () => rewriteFields(deps),
    'offboard-tenants': () => offboardTenants(deps),
    'end-sql-logins': () => endSqlLogins(deps),
    'audit-isolation': () => runAuditIsolation(deps),
    'evaluate-alerts': async () => {
      if ((await evaluateAlerts(deps)) > 0) await tell();
    },
    'deliver-alerts': () => deliverAlerts(),
    'run-exports': () => runExports(),
    'check-export-files': async () => {
      await checkExportFiles(deps);
    },
    'run-imports': () => runImports(),
    'check-imports': () => checkImports(deps),
    reconcile: () => runReconcile(deps),
    'check-data-quality': () => checkDataQuality(deps),
    'build-benchmarks': () => buildBenchmarks(deps),
    'build-due-benchmarks': () => buildDueBenchmarks(deps),
    'restore-drill': () => runRestoreDrill(deps),
    'make-performance-reports': async () => {
      if ((await makeReports(deps)) > 0) await tell();
    },
    'make-due-performance-reports': async () => {
      if ((await makeDueReports(deps)) > 0) await tell();
    },
    'pull-channels': async () => {
      if ((await pullChannels(deps)) > 0) await tell();
    },
    'send-login-link': (_queue, request) => sendLoginLink(deps, request),
  };
}

/**
 * Resolves when the database answers a query of the jobs' login. A worker built before that would fail silently and never
 * recover.
 */
export async function databaseAnswers(pool: Pool, log: Logger, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await heartbeatAge(pool, '');
      return;
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'waiting for the database');
      await setTimeout(1_000, undefined, { signal });
    }
  }
}
