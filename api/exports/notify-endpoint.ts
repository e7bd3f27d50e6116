import { z } from 'zod';
import { type Config, secretOf } from '../../lib/config.ts';
import { webhookSecret } from '../../lib/webhook-secret.ts';
import { createEndpoint, findWebhook, MAX_ENDPOINTS } from '../../sql/alerts/endpoints.ts';
import type { Client } from '../../sql/database/db.ts';
import { conflict } from '../http/problems.ts';

const parsed = (text: string) => (URL.canParse(text) ? new URL(text) : undefined);

/** A URL that webhooks may be sent to. Without encryption only where it leaves no network of one's own; the job sees to it for each address. */
export function webhookUrl(config: Pick<Config, 'ALERTS_ALLOW_PRIVATE_NETWORKS'>) {
  const schemes = config.ALERTS_ALLOW_PRIVATE_NETWORKS.length > 0 ? ['https:', 'http:'] : ['https:'];
  return z
    .string()
    .max(2000)
    .refine((text) => schemes.includes(parsed(text)?.protocol ?? ''), {
      error: `Must be a URL that begins with ${schemes.join('// or ')}//${schemes.length > 1 ? '' : '; http:// only where the platform allows private networks'}.`,
    })
    .refine((text) => !parsed(text)?.username && !parsed(text)?.password, { error: 'holds no user and no password' });
}

/**
 * The tenant's endpoint of that address, made where there is none, with its secret if so: who has only a key for exports may learn the secret
 * of no endpoint that an administrator made.
 */
export async function notifyEndpoint(
  config: Config,
  client: Client,
  tenantId: string,
  url: string | undefined,
): Promise<{ id: string; secret?: string } | undefined> {
  if (url === undefined) return undefined;
  const target = new URL(url).toString();
  const found = await findWebhook(client, target);
  if (found) return { id: found.id };
  const made = await createEndpoint(client, tenantId, { kind: 'webhook', target, description: 'Exports' });
  if (!made) throw conflict('alert-limit', `A tenant has at most ${MAX_ENDPOINTS} endpoints`);
  return { id: made.id, secret: webhookSecret(secretOf(config), made.id, made.secret_version) };
}
