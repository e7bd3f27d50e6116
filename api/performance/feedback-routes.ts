import { z } from 'zod';
import { askFor } from '../../sql/database/fair-pool.ts';
import { addFeedback, type Feedback, type FeedbackForm, findFeedbackForm } from '../../sql/performance/feedback.ts';
import { FORM_LOCALES } from '../../sql/performance/services.ts';
import { findTenant } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, tooManyRequests } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api, Seen } from '../http/types.ts';
import { feedbackSpecs } from './feedback-spec.ts';
import { maskPersonal } from './mask.ts';

/** Characters of a comment, as on the form of GOV.UK. */
export const MAX_COMMENT = 1_200;

const input = z.strictObject({
  service: z
    .string()
    .max(130)
    .regex(/^(?:[^/]+\/)?[^/]+$/, 'must be {tenant}/{service}, or with a key the slug of one of its services')
    .meta({ description: '`{tenant}/{service}`, or with a key the slug of the service' }),
  rating: z.number().int().min(1).max(5).meta({ description: '1 (very dissatisfied) to 5 (very satisfied)' }),
  comment: z.string().trim().max(MAX_COMMENT).optional().meta({ description: 'What could be better' }),
  locale: z
    .enum(FORM_LOCALES)
    .optional()
    .meta({ description: 'Language in which it was asked; the first of the service if absent' }),
});

/** Feedback from other front ends. */
export function mountFeedback(api: Api, deps: Deps): void {
  // Front ends run in browsers on other sites. Nothing here depends on who they are: no cookie is read, no key is let through.
  api.app.use('/v1/feedback', (request, response, next) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return next();
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-headers', 'content-type');
    response.setHeader('access-control-max-age', '86400');
    response.status(204).end();
  });

  route(
    api,
    deps,
    {
      ...feedbackSpecs.send,
      method: 'post',
      path: '/v1/feedback',
      scopes: [],
      body: input,
      status: 202,
      answer: z.object({ status: z.literal('accepted').meta({ description: 'It is stored' }) }),
    },
    async ({ body: { service, rating, comment, locale }, request, response }) => {
      const seen = response.locals.seen as Seen;
      const [slug = '', tenant] = service.split('/').reverse();
      const hasKey = request.headers.authorization !== undefined;
      const form = hasKey
        ? await formOfKey(deps, await deps.auth.identify(request, ['ingest', 'tenant-admin'], seen), tenant, slug, response)
        : await formOfAddress(deps, seen.address, tenant, slug);
      if (!form) throw notFound('service', 'Name it as {tenant}/{service}, or send a key of its tenant.');
      await store(deps, form, { rating, comment: comment ?? '', locale: locale ?? form.locales[0] ?? 'en' });
      return { body: { status: 'accepted' } };
    },
  );
}

async function formOfAddress(deps: Deps, address: string | null, tenant: string | undefined, slug: string) {
  // Counted before anything is looked up, so that names cannot be tried fast.
  const wait = await deps.floodGate.enter(`${tenant ?? ''}/${slug}`, address);
  if (wait > 0) throw tooManyRequests('feedback-limited', 'Too much feedback was sent from this network', wait);
  return tenant === undefined ? undefined : findFeedbackForm(deps.pool, tenant, slug);
}

async function formOfKey(
  deps: Deps,
  identity: Awaited<ReturnType<Deps['auth']['identify']>>,
  tenant: string | undefined,
  slug: string,
  response: Parameters<Deps['limits']['request']>[1],
) {
  await deps.limits.request(identity, response);
  const own = await findTenant(deps.pool, identity.tenantId);
  if (!own || (tenant !== undefined && tenant !== own.slug)) return undefined;
  return findFeedbackForm(deps.pool, own.slug, slug);
}

/** Stores feedback whose comment is masked first. Takes turns with the tenant's other calls; throws 404 if the service is gone. */
export async function store(
  deps: Pick<Deps, 'pool'>,
  form: FeedbackForm,
  { comment, ...rest }: Feedback & { comment: string },
): Promise<void> {
  const masked = { ...rest, comment: comment === '' ? null : maskPersonal(comment) };
  const stored = await askFor({ tenantId: form.tenant_id, signal: undefined }, () => addFeedback(deps.pool, form, masked));
  if (!stored) throw notFound('service');
}
