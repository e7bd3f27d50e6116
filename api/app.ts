import type { RequestListener } from 'node:http';
import express, { type ErrorRequestHandler } from 'express';
import helmet from 'helmet';
import leven from 'leven';
import type { Queues } from '../jobs/queues.ts';
import { mountAlertEndpoints } from './alerts/endpoints-routes.ts';
import { mountAlerts } from './alerts/routes.ts';
import { mountAlertRules } from './alerts/rules-routes.ts';
import { mountArchive } from './archive/routes.ts';
import { mountAuditLog } from './audit/audit-log-routes.ts';
import { mountBenchmarks } from './benchmarks/routes.ts';
import { mountBenchmarkSnapshots } from './benchmarks/snapshots-routes.ts';
import { mountConsole } from './console/routes.ts';
import { mountAnnotations } from './dashboards/annotations-routes.ts';
import { mountEmbeds } from './dashboards/embeds-routes.ts';
import { mountLinks } from './dashboards/links-routes.ts';
import { mountDashboards } from './dashboards/routes.ts';
import { mountDataQuality } from './data-quality/routes.ts';
import { mountEventTypes } from './event-types/routes.ts';
import { mountSeenEvents } from './event-types/seen-routes.ts';
import { ingestSpec } from './events/ingest-spec.ts';
import { mountLiveEvents } from './events/live-routes.ts';
import { answerIngest, isIngest, mountEvents } from './events/routes.ts';
import { mountExportFiles } from './exports/files-routes.ts';
import { mountExportJobs } from './exports/jobs-routes.ts';
import { mountExportStream } from './exports/stream-routes.ts';
import type { Deps } from './http/deps.ts';
import { observe } from './http/observe.ts';
import { methodNotAllowed, notFound } from './http/problems.ts';
import { sendProblem } from './http/send-problem.ts';
import type { Api, RouteSpec, Seen } from './http/types.ts';
import { isDocument, mountImports } from './imports/routes.ts';
import { mountImportRuns } from './imports/runs-routes.ts';
import { mountLogin } from './members/login-routes.ts';
import { mountMembers } from './members/routes.ts';
import { mountSessions } from './members/session-routes.ts';
import { mountSupportAccess } from './members/support-routes.ts';
import { mountRestatements } from './metrics/restatements-routes.ts';
import { mountMetrics } from './metrics/routes.ts';
import { mountObjectives } from './objectives/routes.ts';
import { mountDocs } from './pages/docs-routes.ts';
import { problemPage } from './pages/problem.ts';
import { mountPages } from './pages/routes.ts';
import { mountComments } from './performance/comments-routes.ts';
import { mountFeedback } from './performance/feedback-routes.ts';
import { mountFeedbackForm } from './performance/form-routes.ts';
import { mountMeasures } from './performance/measures-routes.ts';
import { mountServices } from './performance/services-routes.ts';
import { mountHealth } from './platform/health-routes.ts';
import { mountOperations } from './platform/operations-routes.ts';
import { mountRecords } from './platform/records-routes.ts';
import { mountIncidents } from './privacy/incidents-routes.ts';
import { mountPrivacyRequests } from './privacy/privacy-requests-routes.ts';
import { mountPrivacyReviews } from './privacy/reviews-routes.ts';
import { mountPrivacy } from './privacy/routes.ts';
import { mountQuarantine } from './quarantine/routes.ts';
import { mountChannels } from './reports/channels-routes.ts';
import { mountConnectors } from './reports/connectors-routes.ts';
import { createPublicPages } from './reports/public-cache.ts';
import { mountPublic } from './reports/public-routes.ts';
import { mountReports } from './reports/reports-routes.ts';
import { mountKeys } from './tenants/keys-routes.ts';
import { mountOffboarding } from './tenants/offboarding-routes.ts';
import { mountTenants } from './tenants/routes.ts';
import { mountSqlLogins } from './tenants/sql-logins-routes.ts';
import { mountTestResults } from './test-results/routes.ts';

// The pages load only files of this server. No `upgrade-insecure-requests`: without TLS the browser could not load them.
const POLICY = {
  'font-src': ["'self'"],
  'style-src': ["'self'"],
  'upgrade-insecure-requests': null,
};

const MAX_COMPARED = 200;

/** Returns the whole HTTP API. The handlers are in the order in which a request reaches them. Never listens. */
export function buildApp(
  deps: Deps,
  queues: Queues,
): { listener: RequestListener; calls: RouteSpec<unknown, unknown, unknown>[] } {
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
  const json = express.json({ limit: '1mb', type: ['application/json', 'application/*+json'] });
  app.use((request, response, next) => (isDocument(request) ? next() : json(request, response, next)));

  const api: Api = { app, calls: [{ spec: ingestSpec }] };
  mountHealth(api, deps, queues);
  mountTenants(api, deps);
  mountOffboarding(api, deps, queues);
  mountArchive(api, deps);
  mountKeys(api, deps);
  mountSqlLogins(api, deps);
  mountEvents(api, deps);
  mountLiveEvents(api, deps);
  mountEventTypes(api, deps);
  mountSeenEvents(api, deps);
  mountPrivacyRequests(api, deps, queues);
  mountQuarantine(api, deps);
  mountPrivacyReviews(api, deps);
  mountIncidents(api, deps);
  mountPrivacy(api, deps);
  mountMembers(api, deps);
  mountSessions(api, deps);
  mountSupportAccess(api, deps);
  mountLogin(api, deps, queues);
  mountMetrics(api, deps);
  mountRestatements(api, deps);
  mountDataQuality(api, deps);
  mountExportStream(api, deps);
  // After the stream: its path would match as an export id.
  mountExportJobs(api, deps, queues);
  mountExportFiles(api, deps);
  mountImportRuns(api, deps, queues);
  mountImports(api, deps, queues);
  mountTestResults(api, deps, queues);
  mountBenchmarkSnapshots(api, deps, queues);
  mountBenchmarks(api, deps);
  mountDashboards(api, deps);
  mountEmbeds(api, deps);
  mountLinks(api, deps);
  mountAnnotations(api, deps);
  mountAlertRules(api, deps, queues);
  mountAlertEndpoints(api, deps);
  mountAlerts(api, deps);
  mountServices(api, deps);
  mountChannels(api, deps);
  mountConnectors(api, deps, queues);
  const published = createPublicPages();
  mountReports(api, deps, queues, published);
  mountPublic(api, deps, published);
  mountMeasures(api, deps);
  mountFeedback(api, deps);
  mountFeedbackForm(api, deps);
  mountComments(api, deps);
  mountAuditLog(api, deps);
  mountObjectives(api, deps);
  mountOperations(api, deps, queues);
  mountRecords(api, deps);
  mountPages(api, deps);
  mountConsole(api, deps);
  mountDocs(api, deps);

  const known = new Map(
    api.calls.map(({ spec: { path } }) => [path, new RegExp(`^${path.replace(/:\w+/g, '[^/]+').replace(/\*\w+/g, '.+')}/?$`)]),
  );
  app.use((request) => {
    const methods = api.calls
      .filter(({ spec: { path } }) => known.get(path)?.test(request.path))
      .map(({ spec: { method } }) => method.toUpperCase());
    throw methods.length > 0
      ? methodNotAllowed([...new Set(methods)].join(', '))
      : notFound('address', nearestTo(request.path));
  });
  // Compares only the fixed steps of a template: a parameter matches any text.
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
    const [nearest] = api.calls
      .map(({ spec: { method, path } }) => ({ method, path, distance: distanceTo(path) }))
      .sort((a, b) => a.distance - b.distance);
    return `The nearest call is ${nearest?.method.toUpperCase()} ${nearest?.path.replace(/[:*](\w+)/g, '{$1}')}. GET /docs lists all calls.`;
  }
  const onError: ErrorRequestHandler = (error, request, response, _next) => {
    const { requestId, page } = response.locals.seen as Seen;
    if (!page) return sendProblem(deps.log, error, request, response, requestId);
    sendProblem(deps.log, error, request, response, requestId, (problem) =>
      problemPage(deps.assets, problem, request, response),
    );
  };
  app.use(onError);

  const listener: RequestListener = (request, response) => {
    if (!isIngest(request)) return app(request, response);
    const seen = observe(deps, request, response);
    answerIngest(deps, request, response, seen).catch((error) =>
      sendProblem(deps.log, error, request, response, seen.requestId),
    );
  };
  return { listener, calls: api.calls.map(({ spec }) => spec) };
}
