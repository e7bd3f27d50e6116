import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import QuickLRU from 'quick-lru';

/** A published document, ready to send. */
export type PublicDocument = { type: string; body: Buffer; etag: string };

/** Published documents, kept for a few seconds. */
export type PublicPages = {
  /** Returns the document under a key, and makes it if none is kept. Undefined: there is none, which is kept too. */
  get: (key: string, make: () => Promise<{ type: string; body: string } | undefined>) => Promise<PublicDocument | undefined>;
  /** Forgets all, because something was published or withdrawn. Other processes see it within KEPT_MS. */
  forget: () => void;
};

const KEPT_MS = 10_000;
const MAX_DOCUMENTS = 500;

export function createPublicPages(): PublicPages {
  const kept = new QuickLRU<string, Promise<PublicDocument | undefined>>({ maxSize: MAX_DOCUMENTS, maxAge: KEPT_MS });
  return {
    get(key, make) {
      const found = kept.get(key);
      if (found) return found;
      // Concurrent requests wait for one query.
      const made = make().then((document) => {
        if (!document) return undefined;
        const body = Buffer.from(document.body);
        return { type: document.type, body, etag: etagOf(body) };
      });
      kept.set(key, made);
      made.catch(() => kept.delete(key));
      return made;
    },
    forget: () => kept.clear(),
  };
}

const etagOf = (body: Buffer) => `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;

/** Sends a published document, or 304 where the reader has it. Caches on the way may keep it for a minute. */
export function sendPublic(request: Request, response: Response, { type, body, etag }: PublicDocument): void {
  response.setHeader('etag', etag);
  response.setHeader('cache-control', 'public, max-age=60');
  response.setHeader('vary', 'Accept-Language');
  // Not request.fresh: a reader that asks its own caches to look again is answered 304 too.
  const known = request.get('if-none-match')?.split(',') ?? [];
  if (known.some((one) => one.trim().replace(/^W\//, '') === etag)) {
    response.status(304).end();
    return;
  }
  response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
}
