import { createHmac, timingSafeEqual } from 'node:crypto';
import { tokenKey } from '../http/tokens.ts';

/** Nobody reads and answers a form in less. */
const MIN_MS = 1_500;
const MAX_MS = 24 * 3600_000;

/** Signs when a form of a service was shown. */
export type FormStamp = {
  sign: (service: string) => string;
  /** False where the form was not shown by this platform, was filled in faster than people do, or has been open for a day. */
  check: (service: string, stamp: string) => boolean;
};

/** Stamps of the feedback form: a program has to ask for the form, and to wait as a person would. */
export function createFormStamp(secret: string, now: () => number = Date.now): FormStamp {
  const key = tokenKey(secret, 'mirante feedback form');
  const digest = (service: string, at: string) => createHmac('sha256', key).update(`${service} ${at}`).digest();
  return {
    sign(service) {
      const at = now().toString(36);
      return `${at}.${digest(service, at).toString('base64url')}`;
    },
    check(service, stamp) {
      const [at = '', signature = ''] = stamp.split('.');
      const given = Buffer.from(signature, 'base64url');
      const right = digest(service, at);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return false;
      const age = now() - Number.parseInt(at, 36);
      return age >= MIN_MS && age <= MAX_MS;
    },
  };
}
