import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Identity } from '../sql/queries/tenants.ts';
import type { Deps } from './deps.ts';

const SANE_ID = /^[\w.:-]{1,128}$/;
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Gives each request its id, and when it is over one log line, one observation and one telemetry event. */
export function observe(deps: Deps): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const sent = request.headers['x-request-id'];
    const requestId = typeof sent === 'string' && SANE_ID.test(sent) ? sent : randomUUID();
    response.locals.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.once('close', () => {
      const milliseconds = performance.now() - started;
      const route = (request.route as { path?: string } | undefined)?.path ?? 'unmatched';
      const status = response.writableFinished ? response.statusCode : 499;
      const { method } = request;
      deps.openMetrics.observeRequest(route, method, status, milliseconds / 1000);
      deps.telemetry.record({ route, method, status, milliseconds });
      const trace = TRACE_PARENT.exec(String(request.headers.traceparent ?? ''))?.[1];
      const tenant = (response.locals.identity as Identity | undefined)?.tenantId;
      const line = {
        request_id: requestId,
        tenant,
        trace_id: trace,
        method,
        route,
        status,
        ms: Math.round(milliseconds * 100) / 100,
      };
      if (status >= 500) deps.log.warn(line, 'request');
      else deps.log.info(line, 'request');
    });
    next();
  };
}
