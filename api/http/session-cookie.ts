import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { crossSite } from './problems.ts';

const NAME = 'mirante_session';
const COOKIE = new RegExp(`(?:^|;\\s*)${NAME}=([\\w-]{32})(?:;|$)`);

/** A cookie of a request; undefined where there is none. */
export function cookieOf({ headers }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  const pair = (headers.cookie ?? '').split(/;\s*/).find((one) => one.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

/** The token that the browser's cookie holds; undefined where there is none. */
export function sessionToken({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return COOKIE.exec(headers.cookie ?? '')?.[1];
}

/** Gives the browser a session until `expiresAt`. Scripts cannot read it, other sites cannot use it to change anything. */
export function setSession(request: Request, response: Response, token: string, expiresAt: Date): void {
  response.cookie(NAME, token, { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/', expires: expiresAt });
}

export function clearSession(request: Request, response: Response): void {
  response.clearCookie(NAME, { httpOnly: true, sameSite: 'lax', secure: request.secure, path: '/' });
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
