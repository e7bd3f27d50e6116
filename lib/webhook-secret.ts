import { hkdfSync } from 'node:crypto';

/**
 * What a webhook's messages are signed with, as Standard Webhooks writes it: HKDF-SHA-256 of the platform's secret (RFC 5869), the
 * endpoint's id and a version, so that it is kept nowhere and can be shown and used by different programs.
 */
export function webhookSecret(secret: string, endpointId: string, version: number): string {
  const key = hkdfSync('sha256', secret, '', `mirante webhook ${endpointId} ${version}`, 32);
  return `whsec_${Buffer.from(key).toString('base64')}`;
}
