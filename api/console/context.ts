import type { Request, Response } from 'express';
import type { Role } from '../../sql/members/members.ts';
import type { SessionIdentity } from '../../sql/members/sessions.ts';
import { findTenant, type Tenant } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { Problem } from '../http/problems.ts';
import { clearSession, cookieOf, hasVisit } from '../http/session-cookie.ts';
import type { Api, Seen } from '../http/types.ts';
import { roleOf } from '../members/session-routes.ts';
import type { Locale } from '../pages/html.ts';
import { browserLocale } from '../pages/login.ts';
import { faultText, problemText } from './fault-words.ts';
import { createPerform, type Perform } from './perform.ts';

export type Theme = 'system' | 'light' | 'dark';

/** Who looks at a page of the console, and how. */
export type ConsoleContext = {
  identity: SessionIdentity;
  tenant: Tenant;
  role: Role;
  locale: Locale;
  theme: Theme;
  perform: Perform;
  request: Request;
  response: Response;
};

/** Opens the console for the session of a request. Undefined where nobody is signed in: then the browser was sent to sign in, and comes back. */
export async function openConsole(
  api: Api,
  deps: Deps,
  request: Request,
  response: Response,
): Promise<ConsoleContext | undefined> {
  const identity = await deps.auth.session(request, response.locals.seen as Seen);
  const tenant = identity && (await findTenant(deps.pool, identity.tenantId));
  if (!identity || !tenant) {
    response.redirect(303, `/login?next=${encodeURIComponent(request.method === 'GET' ? request.originalUrl : '/app')}`);
    return undefined;
  }
  if (!identity.session.visit && hasVisit(request)) {
    clearSession(request, response, 'visit');
    response.redirect(303, '/app');
    return undefined;
  }
  await deps.limits.request(identity, response);
  const chosen = cookieOf(request, 'mirante_locale');
  const locale: Locale = chosen === 'en' || chosen === 'pt-BR' ? chosen : localeOf(tenant, request);
  const theme = cookieOf(request, 'mirante_theme');
  return {
    identity,
    tenant,
    role: roleOf(identity),
    locale,
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    perform: createPerform(api, deps, identity, request, response),
    request,
    response,
  };
}

// The person's choice, else the tenant's language, else the browser's.
const localeOf = ({ locale }: Tenant, request: Request): Locale =>
  locale === 'en' || locale === 'pt-BR' ? locale : browserLocale(request);

/** The faults of a refused form in the language of its reader, by the name of the field; `''` has what concerns no field. Throws anything that is no refusal of the input. */
export function formFaults(error: unknown, locale: Locale): Map<string, string> {
  if (!(error instanceof Problem) || error.status >= 500) throw error;
  const faults = new Map<string, string>();
  for (const fault of error.errors ?? []) {
    const text = faultText(fault, locale);
    // A member and the members inside it share one field of the form.
    const steps = fault.pointer.split('/');
    for (const field of new Set([steps[1] ?? '', steps.at(-1) ?? '']))
      faults.set(field, [faults.get(field), text].filter(Boolean).join(' '));
  }
  if (faults.size === 0) faults.set('', problemText(error, locale));
  return faults;
}
