import type { IncomingMessage, ServerResponse } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import type { Deps } from './deps.ts';
import type { Seen } from './types.ts';

const SANE_ID = /^[\w.:-]{1,128}$/;
const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Gives a request its id. When it ends: one log line, one observation, one telemetry event and one count in the access log. */
export function observe(deps: Deps, request: IncomingMessage, response: ServerResponse): Seen {
  const started = performance.now();
  const sent = request.headers['x-request-id'];
  const requestId = typeof sent === 'string' && SANE_ID.test(sent) ? sent : uuidv7();
  // Read the address now: a closed connection has none.
  const seen: Seen = { requestId, address: deps.clientAddress(request) };
  response.setHeader('X-Request-Id', seen.requestId);
  response.once('close', () => {
    const milliseconds = seen.began ?? performance.now() - started;
    const { route = 'unmatched' } = seen;
    const status = response.writableFinished || seen.began !== undefined ? response.statusCode : 499;
    const method = request.method ?? '';
    deps.openMetrics.observeRequest(route, method, status, milliseconds / 1000);
    deps.telemetry.record({ route, method, status, milliseconds });
    const who = seen.identity ?? seen.viewer;
    if (who && seen.address !== null) deps.accessLog.count(who.keyId, seen.address, !seen.identity);
    const line = {
      request_id: seen.requestId,
      tenant: who?.tenantId,
      trace_id: TRACE_PARENT.exec(String(request.headers.traceparent ?? ''))?.[1],
      method,
      route,
      status,
      ms: Math.round(milliseconds * 100) / 100,
    };
    if (status >= 500) deps.log.warn(line, 'request');
    else deps.log.info(line, 'request');
  });
  return seen;
}
