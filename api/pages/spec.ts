import type { Described } from '../http/operation.ts';

const tag = 'Platform';
const PAGE = '<!doctype html>\n<html lang="en">…</html>\n';

/** The pages in the OpenAPI document. */
export const pageSpecs = {
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
