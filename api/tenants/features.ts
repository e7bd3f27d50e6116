import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import { type CountedFeature, noteUsed } from '../../sql/tenants/feature-uses.ts';
import { featureDisabled } from '../http/problems.ts';

export type Feature = 'dashboards' | 'benchmarks' | 'exports' | 'sql_access';

/** Throws 403 if the tenant's flag is off. A flag that is absent is on. */
export function requireFeature(features: Record<string, boolean>, feature: Feature): void {
  if (features[feature] === false) throw featureDisabled(feature);
}

/** Counts one use of a feature by a tenant. The request does not wait for it, and a failure is only logged. */
export function countUsed({ pool, log }: { pool: Pool; log: Logger }, tenantId: string, feature: CountedFeature): void {
  noteUsed(pool, tenantId, feature).catch((error) => log.warn({ err: error, feature }, 'cannot count the use of a feature'));
}
