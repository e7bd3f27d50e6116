import { featureDisabled } from '../lib/errors.ts';

export type Feature = 'dashboards' | 'benchmarks' | 'exports' | 'sql_access';

/** Throws 403 where a tenant's flag is off. What is absent from the flags is on. */
export function requireFeature(features: Record<string, boolean>, feature: Feature): void {
  if (features[feature] === false) throw featureDisabled(feature);
}
