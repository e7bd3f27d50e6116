import { inject } from 'vitest';
import { useCluster } from './cluster.ts';
import { useEmptyDatabase } from './harness.ts';
import { databaseUrl } from './template.ts';

/**
 * An empty database where pg_dump of the server's version is: of the tested server, which has its programs at `there`, else of a server of
 * its own, started from those programs, which knows none of our roles yet.
 */
export async function usePlace(there: string): Promise<{ url: string; destroy: () => Promise<void> }> {
  if (inject('isOwnServer')) return useCluster(there);
  const { url, drop } = await useEmptyDatabase();
  return { url, destroy: drop };
}

/** Where the client programs are. */
export const clientFolder = (there: string) => (inject('isOwnServer') ? there : inject('programs').folder);

/** On TimescaleDB only a superuser may load its catalogue; the database belongs to the migrator all the same. */
export function restorer(url: string): string {
  const superuser = inject('superuserUrl');
  return superuser && inject('engine') !== 'postgresql' ? databaseUrl(superuser, new URL(url).pathname.slice(1)) : url;
}
