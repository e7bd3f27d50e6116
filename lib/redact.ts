import { stdSerializers } from 'pino';

const REDACTED = '[Redacted]';

/** Names whose values are never written, at any depth: `password`, `x-api-key`, `operatorKey`, `DATABASE_URL`, `set-cookie`. */
const SECRET_NAME =
  /(?:authorization|cookie|passw(?:or)?d|passphrase|secret|key|token|verifier|credential|connection_?string|(?:database|redis|smtp)_?url)s?$/i;

/** Whether a name is that of a secret, whose value is never shown. */
export const isSecretName = (name: string) => SECRET_NAME.test(name);

// Maximum depth of a log entry.
const MAX_DEPTH = 8;

/** Replaces each value under a secret's name. Errors become plain objects. */
export function withoutNamedSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return plain(fields, 0, new Map()) as Record<string, unknown>;
}

// Each object is copied once, so cycles stay cycles and the walk ends.
function plain(value: unknown, depth: number, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copied = copies.get(value);
  if (copied !== undefined) return copied;
  if (depth > MAX_DEPTH) return '[Deep]';
  if (value instanceof Error) return plain(stdSerializers.err(value), depth, copies);
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
  const copy: unknown[] | Record<string, unknown> = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const [name, inner] of Object.entries(value)) {
    const hidden = isSecretName(name) && inner !== undefined && inner !== null;
    (copy as Record<string, unknown>)[name] = hidden ? REDACTED : plain(inner, depth + 1, copies);
  }
  return copy;
}

// Each pattern takes linear time, whatever a client has put into the line.
const ADDRESS = /:\/\/(?:[^\s"\\]|\\["\\])+/g;
const IN_QUERY = /([?&](?:password|secret|key|token)=)(?:[^&\s"\\]|\\["\\])+/gi;
const MIRANTE_KEY = /\b(mir_[a-z]{1,20}_)[\w-]{5,}/g;
const WEBHOOK_SECRET = /\b(whsec_)[\w+/=-]{5,}/g;
// The first characters of a short link only identify it, so they stay.
const SHORT_LINK = /(\/s\/[\w-]{8})[\w-]{16}(?![\w-])/g;
const SIGNED_TOKEN = /eyJ[\w-]{5,80}\.eyJ[\w-]+\.[\w-]+/g;

/**
 * Removes secrets anywhere in a finished line: passwords in URLs, secrets in query strings, signed tokens (JWT), short links,
 * secrets of webhooks and Mirante's own keys.
 */
export function withoutShapedSecrets(line: string): string {
  return line
    .replace(ADDRESS, (address) => address.split('://').map(withoutPassword).join('://'))
    .replace(IN_QUERY, `$1${REDACTED}`)
    .replace(SIGNED_TOKEN, REDACTED)
    .replace(SHORT_LINK, `$1${REDACTED}`)
    .replace(MIRANTE_KEY, `$1${REDACTED}`)
    .replace(WEBHOOK_SECRET, `$1${REDACTED}`);
}

// Up to the last @, because an unencoded password may contain others.
function withoutPassword(address: string): string {
  const colon = address.indexOf(':');
  const at = address.lastIndexOf('@');
  if (colon < 0 || at < colon || address.lastIndexOf('/', colon) >= 0) return address;
  return `${address.slice(0, colon + 1)}${REDACTED}${address.slice(at)}`;
}
