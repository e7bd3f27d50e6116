/** One fault of a request: a JSON Pointer to the place, a code and a sentence. */
export type Fault = { pointer: string; code: string; detail: string };

/** Reports a fault of a parameter or member. */
export type FaultReport = (name: string, code: string, detail: string) => void;

/** Returns a name as one step of a JSON Pointer (RFC 6901). */
export const pointerTo = (name: PropertyKey) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Members of a problem document of its own. Those of every problem are not among them: clients read them by their meaning. */
type Members = Record<string, unknown> & {
  [name in 'type' | 'title' | 'status' | 'code' | 'detail' | 'instance' | 'errors']?: never;
};
type Extras = { detail?: string; errors?: Fault[]; headers?: Record<string, string>; members?: Members };

/** An expected failure, answered as RFC 9457 problem+json. Every code is in docs/error-codes.md. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly errors: Fault[] | undefined;
  readonly headers: Record<string, string>;
  readonly members: Members;

  constructor(status: number, code: string, title: string, extras: Extras = {}) {
    super(extras.detail ?? title);
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = extras.detail;
    this.errors = extras.errors;
    this.headers = extras.headers ?? {};
    this.members = extras.members ?? {};
  }
}

export const invalidRequest = (errors: Fault[]) => new Problem(400, 'invalid-request', 'The request is not valid', { errors });
export const invalidJson = (detail: string, errors?: Fault[]) =>
  new Problem(400, 'invalid-json', 'The body is not valid JSON', errors ? { detail, errors } : { detail });
export const invalidEncoding = (detail: string) =>
  new Problem(400, 'invalid-encoding', 'The body cannot be decoded', { detail });
export const malformedRequest = () => new Problem(400, 'malformed-request', 'Malformed HTTP request');
export const emptyBatch = () => new Problem(400, 'empty-batch', 'The batch is empty');
export const unauthenticated = (detail: string) =>
  new Problem(401, 'unauthenticated', 'A valid key is required', {
    detail,
    headers: { 'www-authenticate': 'Bearer realm="mirante"' },
  });
export const invalidToken = () =>
  new Problem(401, 'invalid-token', 'The link is not valid', {
    detail: 'The token of the link is missing, altered or not from this platform. Ask for a new link.',
    headers: { 'www-authenticate': 'Bearer realm="mirante", error="invalid_token"' },
  });
export const expiredToken = () =>
  new Problem(401, 'expired-token', 'The link has expired', {
    detail: 'Ask for a new link.',
    headers: { 'www-authenticate': 'Bearer realm="mirante", error="invalid_token"' },
  });
export const wrongDashboard = () => new Problem(403, 'wrong-dashboard', 'The link is for another dashboard');
export const wrongScope = (needed: readonly string[]) =>
  new Problem(403, 'wrong-scope', 'The key does not have the scope for this call', {
    detail: `The call requires one of these scopes: ${needed.join(', ')}. Use a key that has one.`,
  });
export const crossSite = () =>
  new Problem(403, 'cross-site', 'Another site sent this request', {
    detail: 'A session can be used from the pages of this site only. Programs send a key: `Authorization: Bearer <key>`.',
  });
export const featureDisabled = (feature: string) =>
  new Problem(403, 'feature-disabled', 'The tenant does not have this feature', {
    detail: `The feature ${feature} is switched off for this tenant. Ask the operator of the platform to switch it on.`,
  });
export const frameRefused = (origin: string) =>
  new Problem(403, 'frame-refused', 'Pages of this origin must not show the dashboard in a frame', {
    detail: `Add ${origin} to the tenant's embed_origins with PATCH /v1/tenants/{id}.`,
    members: { origin },
  });
export const notFound = (what: string, detail?: string) =>
  new Problem(404, 'not-found', `No such ${what}`, detail ? { detail } : {});
export const methodNotAllowed = (allow: string) =>
  new Problem(405, 'method-not-allowed', 'The method is not allowed for this address', { headers: { allow } });
export const timedOut = () => new Problem(408, 'request-timeout', 'The request body did not arrive in time');
export const conflict = (code: string, title: string, detail?: string) =>
  new Problem(409, code, title, detail ? { detail } : {});
export const tooLarge = (detail: string) => new Problem(413, 'too-large', 'The request is too large', { detail });
export const unsupportedMediaType = (detail: string, headers: Record<string, string> = {}) =>
  new Problem(415, 'unsupported-media-type', 'The media type or encoding is not supported', { detail, headers });
/** 415 for a Content-Encoding; the Accept-Encoding header of the answer lists the supported ones (RFC 9110, 15.5.16). */
export const unsupportedEncoding = (encoding: string) =>
  unsupportedMediaType(`Content-Encoding ${encoding} is not supported. Send gzip, or no Content-Encoding.`, {
    'accept-encoding': 'gzip, identity',
  });
export const unprocessable = (code: string, title: string, errors?: Fault[]) =>
  new Problem(422, code, title, errors ? { errors } : {});
export const oldHttp = (detail: string) =>
  new Problem(426, 'old-http', 'This call requires HTTP/1.1', {
    detail,
    headers: { upgrade: 'HTTP/1.1', connection: 'upgrade, close' },
  });
export const headersTooLarge = () => new Problem(431, 'headers-too-large', 'The request headers are too large');
export const tooManyRequests = (code: string, title: string, retryAfterSeconds: number) =>
  new Problem(429, code, title, { headers: { 'retry-after': String(retryAfterSeconds) } });
/** The buffer of events that wait to be stored has no room for this request. */
export const bufferFull = () => unavailable('The buffer of waiting events is full. Send the events again later.');
export const unavailable = (detail: string, retryAfterSeconds = 1) =>
  new Problem(503, 'unavailable', 'The service is not available at the moment; no event was acknowledged', {
    detail,
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
/** 507 (RFC 4918): the disk of this machine or the object store is full. */
export const storageFull = () =>
  new Problem(507, 'storage-full', 'The storage is full; nothing was kept', {
    detail: 'Send the document again later. The operator must free space first.',
    headers: { 'retry-after': '60' },
  });
