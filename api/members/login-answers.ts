import type { Request, Response } from 'express';
import type { LoginNotice } from '../pages/login.ts';

const HOME = '/app';

/** How what a browser sent to sign in is answered. */
export type LoginAnswers = {
  show: (request: Request, response: Response, status: number, target: string, notice?: LoginNotice) => void;
  /** A refusal is counted by address and recorded. */
  refuse: (request: Request, response: Response, target: string, notice: LoginNotice) => Promise<void>;
  /** Undefined where the address has had too many, which has been answered then. */
  mayTry: (request: Request, response: Response, target: string) => Promise<boolean | undefined>;
};

/** A path of this site to go on to; /app where the address is absent or leads elsewhere. */
export function ownPath(target: string | undefined): string {
  if (!target?.startsWith('/')) return HOME;
  const url = new URL(target, 'http://own.invalid');
  return url.host === 'own.invalid' ? url.pathname + url.search + url.hash : HOME;
}
