import { createHmac, type KeyObject } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/**
 * Returns the pseudonym stored in place of a value that identifies a person: 18 bytes of HMAC-SHA-256 with the tenant's key.
 */
export function pseudonym(key: KeyObject, value: string): string {
  return `psn_${createHmac('sha256', key).update(value).digest('base64url').slice(0, 24)}`;
}

const INTEGER = /^-?\d+$/;
const PSEUDONYM = /^"psn_[\w-]{24}"$/;

/** Whether the source text of a JSON value is a pseudonym. */
export const isPseudonym = (source: string): boolean => PSEUDONYM.test(source);

/**
 * Returns the source text of the JSON value with its pseudonym in its place; null stays. An integer is hashed by its digits, because
 * two long integers may be the same double.
 */
export function hideValue(source: string, of: (value: string) => string): string {
  if (source === 'null') return source;
  if (INTEGER.test(source)) return `"${of(source)}"`;
  const value: unknown = JSON.parse(source);
  return `"${of(typeof value === 'string' ? value : canonicalJson(value))}"`;
}
