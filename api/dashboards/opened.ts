import { noteOpened, type Surface } from '../../sql/dashboards/opens.ts';
import type { Deps } from '../http/deps.ts';

/** Counts an opened dashboard. The request does not wait for it, and a failure is only logged. */
export function countOpened({ pool, log }: Pick<Deps, 'pool' | 'log'>, tenantId: string, slug: string, surface: Surface): void {
  noteOpened(pool, tenantId, slug, surface).catch((error) =>
    log.warn({ err: error, dashboard: slug }, 'cannot count the opening of a dashboard'),
  );
}
