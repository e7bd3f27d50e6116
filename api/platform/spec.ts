import type { Described } from '../http/operation.ts';

const tag = 'Platform';
const PAGE = '<!doctype html>\n<html lang="en">…</html>\n';

export const platformSpecs = {
  live: {
    operationId: 'getLiveness',
    tag,
    summary: 'Check that the process runs',
    description:
      'Answers 200 as long as the process serves requests, whether or not the database is there. No key is needed. Restart the process where this call does not answer.',
    example: { answer: { status: 'ok', checks: {} } },
  },
  ready: {
    operationId: 'getReadiness',
    tag,
    summary: 'Check that requests can be served',
    description:
      'Answers 200 if the database is there and 503 with the same body if not, within a second. No key is needed. `degraded` means that a queue is not being worked on or that the audit of tenant isolation failed or is overdue; requests are served all the same.',
    example: {
      answer: {
        status: 'ok',
        checks: {
          database: { status: 'ok', engine: 'postgresql' },
          watermark: { status: 'ok', at: '2026-11-29T20:17:13.218Z' },
          'queue:rollups': { status: 'ok', heartbeat_age_s: 4, waiting: 0, active: 1, delayed: 0, failed: 0 },
          isolation: { status: 'ok', age_s: 912 },
        },
      },
    },
  },
  deadLetters: {
    operationId: 'listDeadLetters',
    tag,
    summary: 'List jobs that failed',
    description:
      'Returns the jobs of all queues that failed and are not tried again. It needs a key of the operator with the scope admin. `/ops/queues` shows the same queues as a page, where a job can be started again.',
    example: {
      query: { limit: '20' },
      answer: {
        data: [
          {
            queue: 'exports',
            id: '1042',
            name: 'run-exports',
            reason: 'connect ECONNREFUSED 10.0.0.7:9000',
            attempts: 5,
            failed_at: '2026-11-29T19:02:11.904Z',
          },
        ],
      },
    },
  },
  home: {
    operationId: 'showHome',
    tag,
    summary: 'Show the first page',
    description:
      'Shows what runs and how it is just now, with the first calls to try. No key is needed; the page holds nothing of any tenant.',
    example: { texts: { 'text/html': PAGE } },
  },
  dashboard: {
    operationId: 'showDashboard',
    tag: 'Dashboards',
    summary: 'Show a dashboard by a signed link',
    description:
      'Shows the page of one dashboard for the tenant that the token names. No key is needed: `token` is that of a link made with `POST /v1/dashboards/{slug}/embeds`. Refusals are pages too.',
    problems: ['not-found', 'wrong-dashboard', 'frame-refused', 'feature-disabled'],
    example: {
      params: { slug: 'validations-overview' },
      query: { interval: 'day' },
      texts: { 'text/html': PAGE },
    },
  },
  shortLink: {
    operationId: 'showShortLink',
    tag: 'Dashboards',
    summary: 'Show a dashboard by a short link',
    description:
      'Shows the page of the dashboard that a short link opens. No key is needed: the id in the path is the secret. A link that was deleted or has expired is answered with a page that says so.',
    problems: ['invalid-token', 'expired-token', 'not-found', 'frame-refused', 'feature-disabled', 'rate-limited'],
    example: { params: { id: 'WXjxBrtb3AraDLlxPvAEuZRe' }, texts: { 'text/html': PAGE } },
  },
  document: {
    operationId: 'getOpenApiDocument',
    tag,
    summary: 'Get this document',
    description:
      'Returns this OpenAPI 3.1 document, made from the same schemas that check requests. No key is needed. Use it to generate a client; operation ids do not change.',
    example: { texts: { 'application/json': '{"openapi":"3.1.0","info":{"title":"Mirante"}}' } },
  },
  docs: {
    operationId: 'showDocs',
    tag,
    summary: 'Show this document as a page',
    description:
      'Shows every call of this API with its parameters, examples and refusals, and a search. No key is needed, and nothing is loaded from elsewhere.',
    example: { texts: { 'text/html': PAGE } },
  },
} satisfies Record<string, Described>;
