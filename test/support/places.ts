import { inject } from 'vitest';
import { startCluster } from './cluster.ts';
import { createEmptyDatabase } from './harness.ts';
import { databaseUrl } from './template.ts';

/** An empty database and how to end it. */
export type Place = { url: string; destroy: () => Promise<void> | void };

let places: Place[] = [];

/**
 * An empty database where pg_dump of the server's version is: of the tested server, which has its programs at `there`, else of a server of
 * its own, started from those programs, which knows none of our roles yet.
 */
export async function openPlace(there: string): Promise<Place> {
  const place = inject('isOwnServer') ? await startCluster(there) : await emptyDatabase();
  places.push(place);
  return place;
}

async function emptyDatabase(): Promise<Place> {
  const { url, drop } = await createEmptyDatabase();
  return { url, destroy: drop };
}

export async function closePlaces(): Promise<void> {
  for (const place of places) await place.destroy();
  places = [];
}

/** Where the client programs are. */
export const clientFolder = (there: string) => (inject('isOwnServer') ? there : inject('programs').folder);

/** On TimescaleDB only a superuser may load its catalogue; the database belongs to the migrator all the same. */
export function restorer(url: string): string {
  const superuser = inject('superuserUrl');
  return superuser && inject('engine') !== 'postgresql' ? databaseUrl(superuser, new URL(url).pathname.slice(1)) : url;
}
