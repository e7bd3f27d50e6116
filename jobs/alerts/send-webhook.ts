import { Webhook } from 'standardwebhooks';
import { guardedRequest, withinLimit, wordOf } from '../../lib/guarded-request.ts';

/** One message for one URL. It is signed with each of `secrets`, so that a receiver may know any of them. */
export type WebhookMessage = { url: string; id: string; body: string; secrets: string[] };

/** An HTTP status, or an error code if there is none. */
export type WebhookAnswer = { status: number } | { error: string };

const LIMIT_MS = 15_000;

/**
 * Sends a message, signed as Standard Webhooks specifies, and follows no redirect. Targets must be public and use https, unless
 * all their addresses are within `allowed` (addresses or CIDR blocks): those may be private and use http. Does not throw: returns
 * an error code instead.
 */
export async function sendWebhook({ url, id, body, secrets }: WebhookMessage, allowed: string[]): Promise<WebhookAnswer> {
  const now = new Date();
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'user-agent': 'Mirante',
    'webhook-id': id,
    'webhook-timestamp': Math.floor(now.getTime() / 1000),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(' '),
  };
  try {
    return await withinLimit(LIMIT_MS, async (signal) => {
      const response = await guardedRequest({ url, method: 'POST', headers, body }, allowed, signal);
      if ('error' in response) return response;
      // The rest of the response is discarded, however long.
      response.destroy();
      return { status: response.statusCode ?? 0 };
    });
  } catch (error) {
    return { error: wordOf(error as NodeJS.ErrnoException) };
  }
}
