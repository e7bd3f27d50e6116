import { z } from 'zod';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { type Fault, invalidRequest, malformedRequest, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { MAX_VALUES } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { requireFeature } from '../tenants/features.ts';
import { fixesChoice } from './dashboards.ts';
import type { Embed } from './embeds.ts';
import { linkSpecs } from './links-spec.ts';
import { countOpened } from './opened.ts';
import { type CardParameters, type FixedParameters, readParameters } from './query.ts';
import { findDashboard } from './routes.ts';
import { LONGEST_SECONDS } from './viewers.ts';

const TEN_MINUTES = 600;

const params = z.object({ slug: z.string() });
const fixedText = z.string().min(1).max(100);
/** Body of a call that creates a link: parameters that the viewer cannot change. */
export const fixed = z
  .record(z.string(), z.union([fixedText, z.array(fixedText).min(1).max(MAX_VALUES)]))
  .default({})
  .meta({ description: 'Parameters of the dashboard that are fixed for the viewer: a text, or several of a filter' });

const embed = z
  .strictObject({
    params: fixed,
    expires_in: z.number().int().min(1).max(LONGEST_SECONDS).default(TEN_MINUTES).meta({ description: 'Seconds' }),
  })
  .prefault({});

const guest = z
  .strictObject({
    params: fixed,
    entityType: z.literal('dashboard').optional(),
    entityId: z.union([z.int(), z.string().regex(/^\d{1,9}$/)]).optional(),
    customContext: z.unknown().optional().meta({ description: 'Ignored: a viewer cannot choose the tenant or parameters' }),
  })
  .prefault({});

/** Dashboards for people without a key: a link to Mirante's own page, and tokens that Metabase accepts. */
export function mountEmbeds(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...linkSpecs.embed,
      method: 'post',
      path: '/v1/dashboards/:slug/embeds',
      scopes: ['embed', 'admin'],
      params,
      body: embed,
      status: 201,
      answer: z.object({
        viewer_url: z.url().nullable().meta({ description: 'Shown once; null when replayed under an Idempotency-Key' }),
        metabase: z
          .object({
            url: z.url().meta({ description: 'For an iframe, with a window that the viewer may change' }),
            token: z.string().meta({ description: 'For the guest component' }),
            dashboard_id: z.int(),
          })
          .nullable()
          .optional()
          .meta({ description: 'If Metabase has the dashboard; also shown once' }),
        expires_at: z.iso.datetime(),
        code: z.string().optional(),
      }),
    },
    async ({ identity, params: { slug }, body, request }) => {
      const asked = checkLink(deps, identity, slug, body.params);
      const link = { tenantId: identity.tenantId, keyId: identity.keyId, dashboard: slug, params: body.params };
      // A link expires with the key that created it.
      const left = identity.expiresAt ? Math.floor((identity.expiresAt.getTime() - Date.now()) / 1000) : LONGEST_SECONDS;
      const { token, expiresAt } = await deps.viewers.sign(link, Math.max(1, Math.min(body.expires_in, left)));
      const page = `${request.protocol}://${request.host}/dashboards/${slug}?token=${token}`;
      if (!URL.canParse(page)) throw malformedRequest();
      const found = await signed(deps, identity, slug, asked, body.params, expiresAt);
      return {
        body: {
          viewer_url: page,
          ...(found && { metabase: shown(found, openOf(deps, slug, asked, body.params)) }),
          expires_at: expiresAt,
        },
        secrets: ['viewer_url', 'metabase'],
      };
    },
  );

  route(
    api,
    deps,
    {
      ...linkSpecs.guest,
      method: 'post',
      path: '/v1/dashboards/:slug/guest-embed',
      scopes: ['embed', 'admin'],
      params,
      body: guest,
      status: 200,
      answer: z.object({
        jwt: z.string().nullable().meta({ description: 'Valid for ten minutes; null when replayed under an Idempotency-Key' }),
        code: z.string().optional(),
      }),
    },
    async ({ identity, params: { slug }, body }) => {
      const asked = checkLink(deps, identity, slug, body.params);
      const expiresAt = new Date(Date.now() + TEN_MINUTES * 1000);
      const found = await signed(deps, identity, slug, asked, body.params, expiresAt);
      if (!found) {
        const why =
          'Metabase is not configured, does not have this dashboard yet, or cannot enforce the choice that the request fixes.';
        throw notFound('dashboard of Metabase', why);
      }
      if (body.entityId !== undefined && Number(body.entityId) !== found.dashboardId) throw otherEntity(found.dashboardId);
      countOpened(deps, identity.tenantId, slug, 'metabase');
      return { body: { jwt: found.token }, secrets: ['jwt'] };
    },
  );
}

// No token with a fixed choice: Metabase would show the cards that the choice cannot narrow in full.
async function signed(
  deps: Deps,
  { tenantId }: Identity,
  slug: string,
  asked: CardParameters,
  given: FixedParameters,
  expiresAt: Date,
): Promise<Embed | undefined> {
  const dashboard = deps.dashboards.get(slug);
  if (!dashboard || fixesChoice(dashboard, given)) return undefined;
  return deps.embeds?.sign(tenantId, slug, only(asked, given), expiresAt);
}

/** Checks the parameters of a link. Throws if the key's tenant lacks the dashboard, or the dashboard a parameter. */
export function checkLink(deps: Deps, identity: Identity, slug: string, given: FixedParameters): CardParameters {
  requireFeature(identity.features, 'dashboards');
  const dashboard = findDashboard(deps, slug, identity);
  return readParameters(dashboard, given, {}, identity.timezone, Date.now(), '/params');
}

// Returns the given parameters in the form that cards use, in which a time has an offset.
const only = (asked: CardParameters, given: FixedParameters): Record<string, string> =>
  Object.fromEntries(Object.keys(given).flatMap((name) => (asked[name] === undefined ? [] : [[name, String(asked[name])]])));

function openOf(deps: Deps, slug: string, asked: CardParameters, given: FixedParameters): Record<string, string> {
  const names = deps.dashboards.get(slug)?.parameters.map(({ name }) => name as string) ?? [];
  const open = Object.entries(asked).filter(([name]) => names.includes(name) && !Object.hasOwn(given, name));
  return Object.fromEntries(open.map(([name, value]) => [name, String(value)]));
}

// Parameters that are not fixed go into the query, where the viewer may change them.
function shown({ token, dashboardId, site }: Embed, open: Record<string, string>) {
  const query = new URLSearchParams(open);
  const url = `${site}/embed/dashboard/${token}${query.size > 0 ? `?${query}` : ''}#bordered=false&titled=true`;
  return { url, token, dashboard_id: dashboardId };
}

function otherEntity(known: number) {
  const fault: Fault = {
    pointer: '/entityId',
    code: 'other-entity',
    detail: `This URL issues tokens for dashboard ${known} only. Send that id, or leave it out.`,
  };
  return invalidRequest([fault]);
}
