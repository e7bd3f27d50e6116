import { z } from 'zod';
import { type Config, secretOf } from '../../lib/config.ts';
import { webhookSecret } from '../../lib/webhook-secret.ts';
import { createEndpoint, findWebhook, MAX_ENDPOINTS } from '../../sql/alerts/endpoints.ts';
import type { Client } from '../../sql/database/db.ts';
import { conflict } from '../http/problems.ts';

const parsed = (text: string) => (URL.canParse(text) ? new URL(text) : undefined);

/** A URL that webhooks may be sent to. Plain HTTP is only for private networks; the job checks this for each address. */
export function webhookUrl(config: Pick<Config, 'ALERTS_ALLOW_PRIVATE_NETWORKS'>) {
  const schemes = config.ALERTS_ALLOW_PRIVATE_NETWORKS.length > 0 ? ['https:', 'http:'] : ['https:'];
  return z
    .string()
    .max(2000)
    .refine((text) => schemes.includes(parsed(text)?.protocol ?? ''), {
      error: `must be a URL that starts with ${schemes.join('// or ')}//${schemes.length > 1 ? '' : ' (http:// needs ALERTS_ALLOW_PRIVATE_NETWORKS)'}`,
    })
    .refine((text) => !parsed(text)?.username && !parsed(text)?.password, {
      error: 'must not contain a user name or a password',
    });
}

/**
 * Returns the tenant's endpoint for an address, and creates it if there is none. Returns the secret only for a new endpoint: a
 * key for exports must not reveal the secret of an endpoint that an administrator created.
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
  if (!made) throw conflict('alert-limit', `The tenant already has ${MAX_ENDPOINTS} endpoints`);
  return { id: made.id, secret: webhookSecret(secretOf(config), made.id, made.secret_version) };
}
