import { expect } from 'vitest';
import type { TestApi } from '../support/api.ts';
import type { TestDatabase, TestTenant } from '../support/harness.ts';

export type AlertSide = { ruleId: string; endpointId: string };

export const RULE = { metric: 'events.count', condition: 'above', threshold: 1, window_seconds: 300 };

/** A tenant's alerts: two endpoints, and two rules with a delivery each. Returns the ids of the first, which the second page of the log shows. */
export async function settleAlerts(
  api: TestApi,
  db: TestDatabase,
  { keys }: TestTenant,
  { mark, type }: { mark: string; type: string },
): Promise<AlertSide> {
  const sides: AlertSide[] = [];
  for (const n of [1, 2]) {
    const hook = { kind: 'webhook', url: `https://${mark}.invalid/${n}`, description: mark };
    const endpointId = (await api.call('POST', '/v1/alerts/endpoints', keys.tenant_admin, hook)).body.id;
    const rule = { ...RULE, name: mark, filter: { type }, notify: [endpointId] };
    const ruleId = (await api.call('POST', '/v1/alerts/rules', keys.tenant_admin, rule)).body.id;
    await db.owner.query("update private.alert_deliveries set created_at = created_at - interval '1 hour'");
    expect((await api.call('POST', `/v1/alerts/rules/${ruleId}/test`, keys.tenant_admin)).status).toBe(202);
    sides.push({ ruleId, endpointId });
  }
  await db.owner.query("update private.alert_deliveries set created_at = created_at - interval '1 hour'");
  return sides[0] as AlertSide;
}
