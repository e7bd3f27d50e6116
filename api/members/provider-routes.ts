import type { CookieOptions, Request } from 'express';
import { z } from 'zod';
import { membersByEmail } from '../../sql/members/members.ts';
import { findTenant } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { cookieOf } from '../http/session-cookie.ts';
import type { Api } from '../http/types.ts';
import { type LoginAnswers, ownPath } from './login-answers.ts';
import { FLOW_SECONDS } from './provider.ts';
import { signIn } from './sign-in.ts';
import { loginSpecs } from './spec.ts';

const FLOW = 'mirante_login_flow';

const page = { page: true as const, scopes: [], method: 'get' as const, produces: ['text/html'] };

const cookieFor = ({ secure }: Request): CookieOptions => ({ httpOnly: true, sameSite: 'lax', secure, path: '/login' });

// Where the provider sends the browser back to: the address at which it is now.
const originOf = (request: Request) => `${request.protocol}://${request.get('host')}`;

/** Sign-in with an OpenID Connect provider. */
export function mountProvider(api: Api, deps: Deps, { show, refuse, mayTry }: LoginAnswers): void {
  route(
    api,
    deps,
    {
      ...loginSpecs.provider,
      ...page,
      path: '/login/provider',
      query: z.object({ next: z.string().max(2000).optional(), tenant: z.string().max(63).optional() }),
      status: 303,
      otherStatuses: [503],
    },
    async ({ query: { next, tenant = null }, request, response }) => {
      if (!deps.provider) throw notFound('page');
      const target = ownPath(next);
      try {
        const back = `${originOf(request)}/login/callback`;
        const { url, cookie } = await deps.provider.begin(back, { next: target, tenant });
        response.cookie(FLOW, cookie, { ...cookieFor(request), maxAge: FLOW_SECONDS * 1000 });
        response.redirect(303, url);
      } catch (error) {
        deps.log.warn({ error: (error as Error).message }, 'the OpenID Connect provider cannot be reached');
        show(request, response, 503, target, 'provider_failed');
      }
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...loginSpecs.callback,
      ...page,
      path: '/login/callback',
      // What the provider adds is its own affair; its client checks all of it.
      query: z.looseObject({}),
      status: 303,
      otherStatuses: [401],
    },
    async ({ request, response }) => {
      if (!deps.provider) throw notFound('page');
      const begun = await deps.provider.open(cookieOf(request, FLOW));
      response.clearCookie(FLOW, cookieFor(request));
      const target = ownPath(begun?.next);
      if (!(await mayTry(request, response, target))) return undefined;
      let email: string | undefined;
      try {
        if (!begun) throw new Error('This browser has begun no sign-in, or too long ago.');
        email = await deps.provider.finish(new URL(request.originalUrl, originOf(request)), begun);
      } catch (error) {
        deps.log.warn({ error: (error as Error).message }, 'a sign-in with the OpenID Connect provider failed');
        await refuse(request, response, target, 'provider_failed');
        return undefined;
      }
      const holder = email && (await holderOf(deps, email, begun?.tenant ?? null));
      if (!holder) await refuse(request, response, target, 'refused');
      else {
        await signIn(deps, request, response, holder);
        response.redirect(303, target);
      }
      return undefined;
    },
  );
}

// Of several memberships that of the tenant that was asked for, else the first by the tenant's name.
async function holderOf(
  { pool }: Deps,
  email: string,
  slug: string | null,
): Promise<{ tenantId: string; keyId: string } | undefined> {
  for (const { tenant_id: tenantId, key_id: keyId } of await membersByEmail(pool, email)) {
    if (slug === null || (await findTenant(pool, tenantId))?.slug === slug) return { tenantId, keyId };
  }
  return undefined;
}
