import type { Server } from 'node:http';
import accepts from 'accepts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import { type Queues, queueHealth } from '../../jobs/queues.ts';
import { countAlerts } from '../../sql/alerts/deliveries.ts';
import { readIsolation } from '../../sql/audit/isolation-audits.ts';
import type { Pool } from '../../sql/database/db.ts';
import { heartbeatAges } from '../../sql/platform/heartbeats.ts';
import { openPrivacyRequests } from '../../sql/privacy/privacy-requests.ts';
import { describeArchive } from '../archive/metrics.ts';
import type { ItemStatus } from '../events/receipt.ts';
import { describeExports } from '../exports/metrics.ts';
import { describeUsage } from '../metrics/usage-metrics.ts';
import { describeObjectives } from '../objectives/metrics.ts';
import { createHttpServer } from './http-server.ts';

export type OpenMetrics = {
  countEvents: (counts: Record<ItemStatus, number>) => void;
  observeRequest: (route: string, method: string, status: number, seconds: number) => void;
  observeFlush: (rows: number, seconds: number) => void;
  countDroppedTelemetry: (events: number) => void;
  /** The text of GET /metrics, in OpenMetrics. */
  text: () => Promise<string>;
  contentType: string;
};

type Sources = { pool: Pool; ops: Pool; queues: Queues; load: () => { events: number; bytes: number } };

/** Creates the metrics of this process in OpenMetrics. No label names a tenant. */
export function createOpenMetrics({ pool, ops, queues, load }: Sources): OpenMetrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  collectDefaultMetrics({ register: registry });
  const registers = [registry];

  const events = new Counter({
    name: 'mirante_events',
    help: 'Events received, by outcome',
    labelNames: ['status'],
    registers,
  });
  const requests = new Histogram({
    name: 'mirante_http_request_duration_seconds',
    help: 'Duration of requests, by route template',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const flushRows = new Histogram({
    name: 'mirante_flush_events',
    help: 'Events in one statement of the group commit',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000],
    registers,
  });
  const flushSeconds = new Histogram({
    name: 'mirante_flush_duration_seconds',
    help: 'Duration of one statement of the group commit',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const dropped = new Counter({
    name: 'mirante_telemetry_dropped_events',
    help: 'Events about the API itself that were not stored',
    registers,
  });
  new Gauge({
    name: 'mirante_buffer_events',
    help: 'Events that wait for their commit',
    registers,
    collect() {
      this.set(load().events);
    },
  });
  new Gauge({
    name: 'mirante_buffer_bytes',
    help: 'Bytes of request bodies held in memory',
    registers,
    collect() {
      this.set(load().bytes);
    },
  });
  const depth = new Gauge({
    name: 'mirante_queue_jobs',
    help: 'Jobs in each queue, by state',
    labelNames: ['queue', 'state'],
    registers,
  });
  new Gauge({
    name: 'mirante_queue_heartbeat_age_seconds',
    help: 'Seconds since a job of the queue was last consumed',
    labelNames: ['queue'],
    registers,
    async collect() {
      const health = await queueHealth(queues, await heartbeatAges(pool).catch(() => new Map<string, number>()));
      for (const [queue, { heartbeat_age_s, ...states }] of Object.entries(health)) {
        this.set({ queue }, heartbeat_age_s ?? Number.NaN);
        for (const [state, jobs] of Object.entries(states)) depth.set({ queue, state }, jobs ?? Number.NaN);
      }
    },
  });

  const privacyRequests = () => openPrivacyRequests(pool).catch(() => ({ open: Number.NaN, secondsLeft: null }));
  new Gauge({
    name: 'mirante_privacy_requests_open',
    help: 'Privacy requests that are not completed yet',
    registers,
    async collect() {
      this.set((await privacyRequests()).open);
    },
  });
  new Gauge({
    name: 'mirante_privacy_request_seconds_left',
    help: 'Seconds until the first open privacy request is due; NaN if none is open',
    registers,
    async collect() {
      this.set((await privacyRequests()).secondsLeft ?? Number.NaN);
    },
  });
  describeIsolation(pool, registers);
  describeObjectives(ops, registers);
  describeUsage(ops, registers);
  describeArchive(ops, registers);
  describeExports(ops, registers);
  describeAlerts(pool, registers);

  return {
    countEvents(counts) {
      for (const [status, count] of Object.entries(counts)) if (count > 0) events.inc({ status }, count);
    },
    observeRequest: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    observeFlush(rows, seconds) {
      flushRows.observe(rows);
      flushSeconds.observe(seconds);
    },
    countDroppedTelemetry: (count) => dropped.inc(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

const ISOLATION = [
  ['mirante_isolation_attacks', 'Attacks that the last audit of isolation tried', 'attempts'],
  ['mirante_isolation_foreign_rows', 'Findings of the last audit of isolation that reached another tenant', 'foreign_rows'],
  ['mirante_isolation_audit_age_seconds', 'Seconds since the last audit of isolation', 'age_seconds'],
] as const;

// NaN if no audit has run or the database does not answer.
function describeIsolation(pool: Pool, registers: Registry<OpenMetricsContentType>[]): void {
  for (const [name, help, figure] of ISOLATION) {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const audit = await readIsolation(pool, new Date()).catch(() => undefined);
        this.set(audit?.[figure] ?? Number.NaN);
      },
    });
  }
}

// Gauges, not counters: the delivery log keeps thirty days, so the counts can fall.
function describeAlerts(pool: Pool, registers: Registry<OpenMetricsContentType>[]): void {
  const counts = () => countAlerts(pool).catch(() => undefined);
  new Gauge({
    name: 'mirante_alerts_firing',
    help: 'Firing alert rules of all tenants',
    registers,
    async collect() {
      this.set((await counts())?.firing ?? Number.NaN);
    },
  });
  new Gauge({
    name: 'mirante_alert_deliveries',
    help: 'Alert deliveries of the last thirty days, by status',
    labelNames: ['status'],
    registers,
    async collect() {
      const known = (await counts())?.deliveries;
      for (const status of ['waiting', 'delivered', 'failed'] as const) this.set({ status }, known?.[status] ?? Number.NaN);
    },
  });
}

/**
 * Serves GET /metrics on a separate port that customers need not reach: OpenMetrics, or Prometheus text if the Accept header
 * prefers it. A query string (`params:` of a scrape job) is ignored.
 */
export function createMetricsServer(metrics: OpenMetrics): Server {
  return createHttpServer((request, response) => {
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('vary', 'Accept');
    const isText = prefersText(request.headers.accept);
    metrics.text().then(
      (text) => {
        response.writeHead(200, { 'content-type': isText ? PROMETHEUS_TEXT : metrics.contentType });
        response.end(isText ? prometheusText(text) : text);
      },
      () => response.writeHead(500).end(),
    );
  });
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

// Ignores versions and escaping schemes: they are parameters of the media types, and the text is the same for all of them.
function prefersText(accept = '*/*'): boolean {
  const types = accept.replace(/;\s*(?!q=)[^;,]*/gi, '');
  return accepts({ headers: { accept: types } } as never).type(['application/openmetrics-text', 'text/plain']) === 'text/plain';
}

// Prometheus text has the same samples, no end mark, and `_total` in every name of a counter.
function prometheusText(openMetrics: string): string {
  const counters = new Set([...openMetrics.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name));
  return openMetrics
    .replace(/^# (HELP|TYPE) (\S+)/gm, (line, kind, name) => (counters.has(name) ? `# ${kind} ${name}_total` : line))
    .replace(/^# EOF\n?/m, '');
}
