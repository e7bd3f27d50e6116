import type { Described } from '../http/operation.ts';

const tag = 'Dashboards';
const params = { slug: 'validations-overview' };
const FIXED = { marketplace: 'shopee' };
const TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…';

/** Links to dashboards for people without a key: signed ones, Metabase's, and short ones. */
export const linkSpecs = {
  embed: {
    operationId: 'createEmbed',
    tag,
    summary: 'Create an embed of a dashboard',
    description:
      'Creates a signed, expiring link with which somebody without a key sees one dashboard of the key’s own tenant. It needs a key with the scope embed or admin. The tenant is always the key’s, and `params` are fixed for the viewer. The link ends with the key at the latest; for a link that can be revoked by itself create a short link.',
    problems: ['not-found', 'feature-disabled'],
    example: {
      params,
      body: { params: FIXED, expires_in: 3600 },
      answer: {
        viewer_url: `https://mirante.example.com/dashboards/validations-overview?token=${TOKEN}`,
        expires_at: '2026-11-29T21:17:13.000Z',
      },
    },
  },
  guest: {
    operationId: 'createGuestEmbed',
    tag,
    summary: 'Create the token of a Metabase guest embed',
    description:
      'Returns the token that Metabase’s guest component asks for; the customer’s own application passes the request on with its key. It needs a key with the scope embed or admin. The token is valid for ten minutes. What the viewer’s browser sends chooses nothing.',
    problems: ['not-found', 'feature-disabled'],
    example: { params, body: { entityType: 'dashboard', entityId: 1 }, answer: { jwt: TOKEN } },
  },
  create: {
    operationId: 'createShortLink',
    tag,
    summary: 'Create a short link to a dashboard',
    description:
      'Creates a link that opens one dashboard of the key’s own tenant without a key, until it expires or is deleted. It needs a key with the scope embed or admin. The id is shown in this answer only; lists show its first eight characters. The link ends with the key that made it.',
    problems: ['not-found', 'feature-disabled', 'link-limit'],
    example: {
      params,
      body: { params: FIXED, expires_in: 86400 },
      answer: {
        id: 'WXjxBrtb3AraDLlxPvAEuZRe',
        url: '/s/WXjxBrtb3AraDLlxPvAEuZRe',
        expires_at: '2026-11-30T20:17:13.500Z',
      },
    },
  },
  list: {
    operationId: 'listShortLinks',
    tag,
    summary: 'List short links to a dashboard',
    description:
      'Returns the short links to a dashboard of the key’s own tenant, oldest first. It needs a key with the scope embed or admin. Each is named by the first eight characters of its id, which open nothing.',
    problems: ['not-found'],
    example: {
      params,
      query: { limit: '20' },
      answer: {
        data: [
          {
            id: 'WXjxBrtb',
            key_id: '01a228f4-559b-72a3-9c02-e194b6f37879',
            params: FIXED,
            created_at: '2026-11-29T20:17:13.031Z',
            expires_at: null,
          },
        ],
        next_cursor: null,
      },
    },
  },
  delete: {
    operationId: 'deleteShortLink',
    tag,
    summary: 'Delete a short link',
    description:
      'Deletes a short link, by its id or the first eight characters of it. It needs a key with the scope embed or admin. The link opens nothing from then on, and pages that are open show nothing new.',
    problems: ['not-found'],
    example: { params: { ...params, id: 'WXjxBrtb' } },
  },
} satisfies Record<string, Described>;
