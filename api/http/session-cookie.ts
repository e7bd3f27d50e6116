import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { crossSite } from './problems.ts';

/** An operator's visit to a tenant has a cookie of its own, so that the operator's own session goes on behind it. */
const NAMES = { own: 'mirante_session', visit: 'mirante_visit' };

/** A cookie of a request; undefined where there is none. */
export function cookieOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const pair = (headers.cookie ?? '').split(/;\s*/).find((one) => one.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

/** The tokens that the browser's cookies hold: a visit's, which comes first, and the browser's own. */
export function sessionTokens(request: Pick<IncomingMessage, 'headers'>): string[] {
  const tokens = [NAMES.visit, NAMES.own].map((name) => cookieOf(request, name));
  return tokens.filter((token) => token !== undefined && /^[\w-]{32}$/.test(token)) as string[];
}

/**
 * Gives the browser a session until `expiresAt`. Scripts cannot read it, other sites cannot use it to change anything. The cookie of a
 * visit stays until the browser closes, so that a page can tell that the visit has ended.
 */
export function setSession(
  request: Request,
  response: Response,
  { token, expiresAt }: { token: string; expiresAt: Date },
  kind: keyof typeof NAMES = 'own',
): void {
  const options = { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' } as const;
  response.cookie(NAMES[kind], token, kind === 'own' ? { ...options, expires: expiresAt } : options);
}

/** Whether the browser was given a visit, which may have ended. */
export const hasVisit = (request: Pick<IncomingMessage, 'headers'>) => cookieOf(request, NAMES.visit) !== undefined;

/** Takes a session from the browser, without ending it. */
export function clearSession(request: Request, response: Response, kind: keyof typeof NAMES = 'own'): void {
  response.clearCookie(NAMES[kind], { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' });
}

/**
 * Throws 403 where another site had the browser send a request that changes something. Browsers say where a request comes from
 * (Fetch Metadata, or Origin where that is absent); a program that sends a cookie says neither.
 */
export function refuseCrossSite({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers['sec-fetch-site'];
  if (site !== undefined ? site === 'same-origin' || site === 'none' : isOwnOrigin(headers)) return;
  throw crossSite();
}

function isOwnOrigin({ origin, host }: IncomingMessage['headers']): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
