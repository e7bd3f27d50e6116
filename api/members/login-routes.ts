import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { withTenant } from '../../sql/database/db.ts';
import { membersByEmail } from '../../sql/members/members.ts';
import { endSession, noteRefusedLogin, useLoginCode } from '../../sql/members/sessions.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, Problem } from '../http/problems.ts';
import { actorOf, route } from '../http/route.ts';
import { clearSession, hasVisit, refuseCrossSite } from '../http/session-cookie.ts';
import type { Api, Seen } from '../http/types.ts';
import { sendPage } from '../pages/html.ts';
import { browserLocale, type LoginNotice, loginPage } from '../pages/login.ts';
import { ownPath } from './login-answers.ts';
import { mountProvider } from './provider-routes.ts';
import { signIn } from './sign-in.ts';
import { loginSpecs } from './spec.ts';

const page = { page: true as const, scopes: [], produces: ['text/html'] };
const next = z.string().max(2000).optional();

/** Sign-in and sign-out, as pages. */
export function mountLogin(api: Api, deps: Deps, queues: Queues): void {
  const { SMTP_URL, ALERTS_FROM, API_URL } = deps.config;
  // A link that is mailed must not lead to where the request says the platform is: anybody can ask for one.
  const mailed = SMTP_URL && ALERTS_FROM && API_URL?.replace(/\/$/, '');
  api.app.use('/login', express.urlencoded({ extended: false, limit: '8kb' }));

  const show = (request: Request, response: Response, status: number, target: string, notice?: LoginNotice) => {
    const ways = { email: Boolean(mailed), provider: deps.provider !== undefined };
    response.status(status);
    sendPage(response, loginPage(deps.assets, browserLocale(request), ways, target, notice));
  };

  // A refused sign-in is counted by address, recorded, and answered with the form.
  async function refuse(request: Request, response: Response, target: string, notice: LoginNotice): Promise<void> {
    const { address } = response.locals.seen as Seen;
    await deps.attempts.refused(address);
    await noteRefusedLogin(deps.pool, address);
    show(request, response, 401, target, notice);
  }

  // Undefined where the address has had too many refusals, which has been answered then.
  const mayTry = (request: Request, response: Response, target: string) =>
    unlessLimited(request, response, target, async () => {
      await deps.attempts.check((response.locals.seen as Seen).address);
      return true;
    });

  async function unlessLimited(
    request: Request,
    response: Response,
    target: string,
    ask: () => Promise<boolean>,
  ): Promise<boolean | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429) throw error;
      response.set(error.headers);
      show(request, response, 429, target, 'limited');
      return undefined;
    }
  }

  route(
    api,
    deps,
    {
      ...loginSpecs.page,
      ...page,
      method: 'get',
      path: '/login',
      query: z.object({ code: z.string().max(100).optional(), next, notice: z.enum(['ended', 'sent']).optional() }),
      status: 200,
      otherStatuses: [303, 401],
    },
    async ({ query: { code, next, notice }, request, response }) => {
      const target = ownPath(next);
      if (code === undefined) {
        show(request, response, 200, target, notice);
        return undefined;
      }
      if (!(await mayTry(request, response, target))) return undefined;
      const holder = await useLoginCode(deps.pool, code);
      if (!holder) await refuse(request, response, target, 'wrong_code');
      else {
        await signIn(deps, request, response, holder);
        response.redirect(303, target);
      }
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...loginSpecs.signIn,
      ...page,
      method: 'post',
      path: '/login',
      bodyTypes: { 'application/x-www-form-urlencoded': z.object({ key: z.string(), next }) },
      status: 303,
      otherStatuses: [401],
    },
    async ({ request, response }) => {
      refuseCrossSite(request);
      const form = z.object({ key: z.string().max(1000).catch(''), next: next.catch(undefined) }).parse(request.body ?? {});
      const target = ownPath(form.next);
      if (!(await mayTry(request, response, target))) return undefined;
      const holder = form.key === '' ? undefined : await deps.auth.holderOf(form.key.trim());
      if (!holder) await refuse(request, response, target, 'wrong_key');
      else {
        await signIn(deps, request, response, holder);
        response.redirect(303, target);
      }
      return undefined;
    },
  );

  route(
    api,
    deps,
    {
      ...loginSpecs.email,
      ...page,
      method: 'post',
      path: '/login/email',
      bodyTypes: { 'application/x-www-form-urlencoded': z.object({ email: z.string(), next }) },
      status: 303,
    },
    async ({ request, response }) => {
      refuseCrossSite(request);
      if (!mailed) throw notFound('page');
      const form = z.object({ email: z.string().max(254).catch(''), next: next.catch(undefined) }).parse(request.body ?? {});
      const [target, mailbox] = [ownPath(form.next), form.email.trim().toLowerCase()];
      const { address } = response.locals.seen as Seen;
      const wanted = await unlessLimited(request, response, target, () => deps.attempts.mail(address, mailbox));
      if (wanted === undefined) return undefined;
      // Known or not, the answer is the same and comes as soon: whom a link is sent to shows in their mailbox alone.
      const members = await membersByEmail(deps.pool, mailbox);
      for (const { id } of wanted ? members : []) queues.sendLoginLink({ member: id, url: mailed, next: target });
      response.redirect(303, `/login?notice=sent&next=${encodeURIComponent(target)}`);
      return undefined;
    },
  );

  mountProvider(api, deps, { show, refuse, mayTry });

  route(
    api,
    deps,
    {
      ...loginSpecs.signOut,
      ...page,
      method: 'post',
      path: '/logout',
      status: 303,
    },
    async ({ request, response }) => {
      const seen = response.locals.seen as Seen;
      for (const kind of hasVisit(request) ? (['visit', 'own'] as const) : (['own'] as const)) {
        const identity = await deps.auth.session(request, seen);
        if (identity) {
          const { tenantId, keyId, session } = identity;
          const end = () =>
            withTenant(deps.pool, tenantId, (client) => endSession(client, session.id, keyId), actorOf(identity, seen));
          const hash = await end();
          if (hash) deps.auth.forgetSession(hash);
        }
        clearSession(request, response, kind);
      }
      response.redirect(303, '/login?notice=ended');
      return undefined;
    },
  );
}
