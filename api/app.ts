import type { RequestListener } from 'node:http';
import express, { type ErrorRequestHandler } from 'express';
import helmet from 'helmet';
import leven from 'leven';
import type { Queues } from '../jobs/queues.ts';
import { methodNotAllowed, notFound } from '../lib/errors.ts';
import type { Deps } from './deps.ts';
import { ingestSpec } from './ingest-spec.ts';
import { observe, type Seen } from './observe.ts';
import { problemPage } from './pages/problem.ts';
import { sendProblem } from './problems.ts';
import { mountAlertEndpoints } from './routes/alert-endpoints.ts';
import { mountAlertRules } from './routes/alert-rules.ts';
import { mountAlerts } from './routes/alerts.ts';
import { mountArchive } from './routes/archive.ts';
import { mountAuditLog } from './routes/audit-log.ts';
import { mountBenchmarkSnapshots } from './routes/benchmark-snapshots.ts';
import { mountBenchmarks } from './routes/benchmarks.ts';
import { mountDashboards } from './routes/dashboards.ts';
import { mountDataQuality } from './routes/data-quality.ts';
import { mountDocs } from './routes/docs.ts';
import { mountEmbeds } from './routes/embeds.ts';
import { mountEventTypes } from './routes/event-types.ts';
import { answerIngest, isIngest, mountEvents } from './routes/events.ts';
import { mountExportFiles } from './routes/export-files.ts';
import { mountExportJobs } from './routes/export-jobs.ts';
import { mountExportStream } from './routes/export-stream.ts';
import { mountHealth } from './routes/health.ts';
import { mountKeys } from './routes/keys.ts';
import { mountLinks } from './routes/links.ts';
import { mountMetrics } from './routes/metrics.ts';
import { mountObjectives } from './routes/objectives.ts';
import { mountOffboarding } from './routes/offboarding.ts';
import { mountOperations } from './routes/operations.ts';
import { mountPages } from './routes/pages.ts';
import { mountPrivacy } from './routes/privacy.ts';
import { mountPrivacyRequests } from './routes/privacy-requests.ts';
import { mountQuarantine } from './routes/quarantine.ts';
import { mountRestatements } from './routes/restatements.ts';
import { mountSqlLogins } from './routes/sql-logins.ts';
import { mountTenants } from './routes/tenants.ts';

// Nothing comes from elsewhere; and where the platform is reached without TLS, its own files must not be asked for with it.
const POLICY = {
  'font-src': ["'self'", 'data:'],
  'style-src': ["'self'", "'unsafe-inline'"],
  'upgrade-insecure-requests': null,
};

const MAX_COMPARED = 200;

/** The whole HTTP API, in the order in which a request meets it. Never listens. */
export function buildApp(deps: Deps, queues: Queues): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('json escape', true);
  app.set('trust proxy', deps.config.TRUSTED_PROXIES);

  app.use((request, response, next) => {
    response.locals.seen = observe(deps, request, response);
    next();
  });
  app.use(helmet({ contentSecurityPolicy: { directives: POLICY } }));
  app.use(express.json({ limit: '1mb', type: ['application/json', 'application/*+json'] }));

  deps.openapi.push(ingestSpec);
  mountHealth(app, deps, queues);
  mountTenants(app, deps);
  mountOffboarding(app, deps, queues);
  mountArchive(app, deps);
  mountKeys(app, deps);
  mountSqlLogins(app, deps);
  mountEvents(app, deps);
  mountEventTypes(app, deps);
  mountPrivacyRequests(app, deps, queues);
  mountQuarantine(app, deps);
  mountPrivacy(app, deps);
  mountMetrics(app, deps);
  mountRestatements(app, deps);
  mountDataQuality(app, deps);
  mountExportStream(app, deps);
  // After the stream, whose address would be an id.
  mountExportJobs(app, deps, queues);
  mountExportFiles(app, deps);
  mountBenchmarkSnapshots(app, deps, queues);
  mountBenchmarks(app, deps);
  mountDashboards(app, deps);
  mountEmbeds(app, deps);
  mountLinks(app, deps);
  mountAlertRules(app, deps, queues);
  mountAlertEndpoints(app, deps);
  mountAlerts(app, deps);
  mountAuditLog(app, deps);
  mountObjectives(app, deps);
  mountOperations(app, deps, queues);
  mountPages(app, deps);
  mountDocs(app, deps);

  const known = new Map(
    deps.openapi.map(({ path }) => [path, new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace(/\*\w+/g, '.+')}/?$`)]),
  );
  app.use((request) => {
    const methods = deps.openapi
      .filter(({ path }) => known.get(path)?.test(request.path))
      .map(({ method }) => method.toUpperCase());
    throw methods.length > 0
      ? methodNotAllowed([...new Set(methods)].join(', '))
      : notFound('address', nearestTo(request.path));
  });
  // Parameters of a template match any text, so only what is written of it counts.
  function nearestTo(path: string): string {
    const asked = path.slice(0, MAX_COMPARED).split('/');
    const distanceTo = (template: string) => {
      const steps = template.split('/');
      const length = Math.max(steps.length, asked.length);
      const distances = Array.from({ length }, (_, n) =>
        /^[:*]/.test(steps[n] ?? '') && asked[n] ? 0 : leven(steps[n] ?? '', asked[n] ?? ''),
      );
      return distances.reduce((sum, distance) => sum + distance, 0);
    };
    const [nearest] = deps.openapi
      .map(({ method, path }) => ({ method, path, distance: distanceTo(path) }))
      .sort((a, b) => a.distance - b.distance);
    return `The nearest call is ${nearest?.method.toUpperCase()} ${nearest?.path.replace(/[:*](\w+)/g, '{$1}')}. GET /docs lists all calls.`;
  }
  const onError: ErrorRequestHandler = (error, request, response, _next) => {
    const { requestId, page } = response.locals.seen as Seen;
    if (!page) return sendProblem(deps, error, request, response, requestId);
    sendProblem(deps, error, request, response, requestId, (problem) => problemPage(deps.assets, problem, request, response));
  };
  app.use(onError);

  return (request, response) => {
    if (!isIngest(request)) return app(request, response);
    const seen = observe(deps, request, response);
    answerIngest(deps, request, response, seen).catch((error) => sendProblem(deps, error, request, response, seen.requestId));
  };
}
