import { inject } from 'vitest';
import { useCluster } from './cluster.ts';
import { useEmptyDatabase } from './harness.ts';
import { databaseUrl } from './template.ts';

/**
 * An empty database on a server with pg_dump of its version: the tested server, if its programs are at `there`, else a
 * separate server started from installed programs, which has none of our roles yet.
 */
export async function usePlace(there: string): Promise<{ url: string; destroy: () => Promise<void> }> {
  if (inject('isOwnServer')) return useCluster(there);
  const { url, drop } = await useEmptyDatabase();
  return { url, destroy: drop };
}

/** The folder of the client programs. */
export const clientFolder = (there: string) => (inject('isOwnServer') ? there : inject('programs').folder);

/** On TimescaleDB only a superuser may restore its catalogue; the migrator still owns the database. */
export function restorer(url: string): string {
  const superuser = inject('superuserUrl');
  return superuser && inject('engine') !== 'postgresql' ? databaseUrl(superuser, new URL(url).pathname.slice(1)) : url;
}
