import express, { type Request, type Response } from 'express';
import { askFor } from '../../sql/database/fair-pool.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { refuseCrossSite } from '../http/session-cookie.ts';
import type { Api, Seen } from '../http/types.ts';
import { sendPage } from '../pages/html.ts';
import { mountConsoleAlertEndpoints } from './alert-endpoints.ts';
import { mountConsoleAlerts } from './alerts.ts';
import { mountConsoleAudit } from './audit.ts';
import { mountConsoleBenchmarks } from './benchmarks.ts';
import { mountConsoleChannels } from './channels.ts';
import { mountConsoleComments } from './comments.ts';
import { type ConsoleContext, formFaults, openConsole } from './context.ts';
import { mountConsoleDashboards } from './dashboards.ts';
import { mountConsoleEmbedding } from './embedding.ts';
import { mountConsoleEventTypes } from './event-types.ts';
import { mountConsoleEvents } from './events.ts';
import { mountConsoleExplore } from './explore.ts';
import { mountConsoleExports } from './exports.ts';
import { mountConsoleImportRuns } from './import-runs.ts';
import { mountConsoleImports } from './imports.ts';
import { mountConsoleKeys } from './keys.ts';
import { mountConsoleMembers } from './members.ts';
import { mountConsoleOperator } from './operator.ts';
import { mountConsolePrivacy } from './privacy.ts';
import { mountConsolePrivacyReview } from './privacy-review.ts';
import { mountConsoleQuarantine } from './quarantine.ts';
import { mountConsoleReports } from './reports.ts';
import { mountConsoleServices } from './services.ts';
import { mountConsoleSessions } from './sessions.ts';
import { type ConsoleContent, consolePage } from './shell.ts';
import type { Site } from './site.ts';
import { mountConsoleSqlLogins } from './sql-logins.ts';
import { mountConsoleStart } from './start.ts';
import { mountConsoleSupport } from './support.ts';
import { mountConsoleTestResults } from './test-results.ts';

/** The console under /app: pages for people who are signed in. Each does what a program does with the API, by the same calls. */
export function mountConsole(api: Api, deps: Deps): void {
  const { app } = api;
  app.use('/app', express.urlencoded({ extended: false, limit: '256kb' }));

  async function enter(request: Request, response: Response): Promise<ConsoleContext | undefined> {
    const seen = response.locals.seen as Seen;
    seen.page = true;
    seen.route = `/app${request.route?.path?.slice('/app'.length) ?? ''}`;
    refuseCrossSite(request);
    return openConsole(api, deps, request, response);
  }

  const send = (context: ConsoleContext, content: ConsoleContent, status = 200) => {
    context.response.status(status);
    sendPage(context.response, consolePage(deps.assets, context, content));
  };

  // The statements of a page take turns with those of other tenants, as the statements of a call do.
  const inTurn = <T>({ identity }: ConsoleContext, work: () => Promise<T>) =>
    askFor({ tenantId: identity.tenantId, signal: undefined }, work);

  const site: Site = {
    page(path, show) {
      app.get(`/app/${path}`, async (request, response) => {
        const context = await enter(request, response);
        const content = context && (await inTurn(context, () => show(context)));
        if (context && content) send(context, content);
      });
    },
    action(path, act, again) {
      app.post(`/app/${path}`, async (request, response) => {
        const context = await enter(request, response);
        if (!context) return;
        const values = Object.fromEntries(
          Object.entries((request.body ?? {}) as Record<string, unknown>).map(([name, value]) => [name, String(value)]),
        );
        const { _once, ...form } = values;
        try {
          const outcome = await inTurn(context, () => act(context, form));
          if (typeof outcome === 'string') response.redirect(303, outcome);
          else send(context, outcome);
        } catch (error) {
          const state = { values: form, faults: formFaults(error, context.locale) };
          send(context, await inTurn(context, () => again(context, state)), 422);
        }
      });
    },
  };

  app.get('/app', async (request, response) => {
    if (await enter(request, response)) response.redirect(303, '/app/dashboards');
  });
  mountConsoleDashboards(site, deps);
  mountConsoleMembers(site);
  mountConsoleKeys(site);
  mountConsoleStart(site);
  mountConsoleExports(site);
  mountConsoleAlertEndpoints(site);
  mountConsoleAlerts(site);
  mountConsoleEventTypes(site);
  mountConsolePrivacy(site);
  mountConsolePrivacyReview(site);
  mountConsoleAudit(site);
  mountConsoleServices(site);
  mountConsoleComments(site);
  mountConsoleSessions(site);
  mountConsoleSqlLogins(site);
  mountConsoleSupport(site);
  mountConsoleEmbedding(site);
  mountConsoleBenchmarks(site);
  mountConsoleReports(site);
  mountConsoleChannels(site);
  mountConsoleEvents(site);
  mountConsoleQuarantine(site);
  // The runs first: their paths would match as ids of documents.
  mountConsoleImportRuns(site);
  mountConsoleImports(site);
  mountConsoleTestResults(site);
  mountConsoleExplore(site);
  mountConsoleOperator(site, deps);
  app.use('/app', (_request, response) => {
    (response.locals.seen as Seen).page = true;
    throw notFound('page');
  });
}
