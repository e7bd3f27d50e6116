import { hkdfSync } from 'node:crypto';

/**
 * The signing secret of a webhook, in the format of Standard Webhooks: HKDF-SHA-256 (RFC 5869) of the platform's secret, the
 * endpoint's id and a version. It is stored nowhere, and every program can derive it.
 */
export function webhookSecret(secret: string, endpointId: string, version: number): string {
  const key = hkdfSync('sha256', secret, '', `mirante webhook ${endpointId} ${version}`, 32);
  return `whsec_${Buffer.from(key).toString('base64')}`;
}
