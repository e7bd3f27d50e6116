import { type Json, type Metabase, Refused } from './client.ts';
import type { Ids, Step } from './steps.ts';

const ALL_USERS = '1';
const ATTEMPTS = 5;

export type Graphs = { databases: Json; collections: Json };

/** Who may query which database, and who may read which collection. */
export async function readGraphs(metabase: Metabase): Promise<Graphs> {
  return {
    databases: await metabase.ask('GET', '/api/permissions/graph'),
    collections: await metabase.ask('GET', '/api/collection/graph'),
  };
}

/** The steps after which only administrators can query these databases. */
export function databasePermissionSteps(keys: string[], graphs: Graphs | undefined, ids: Ids): Step[] {
  return keys.flatMap((key) => {
    const id = ids.databases.get(key);
    const found = id === undefined ? undefined : graphs?.databases.groups?.[ALL_USERS]?.[id]?.['create-queries'];
    if (found === 'no') return [];
    const body = () => ({ [String(ids.databases.get(key))]: { 'view-data': 'unrestricted', 'create-queries': 'no' } });
    return [graphStep(`All Users on database ${key}`, `${found ?? 'not set'} → no`, '/api/permissions/graph', body)];
  });
}

/** The steps after which only administrators can read these collections and the root. */
export function collectionPermissionSteps(keys: string[], graphs: Graphs | undefined, ids: Ids): Step[] {
  const places: [string, () => string | undefined][] = [
    ['root', () => 'root'],
    ...keys.map((key): [string, () => string | undefined] => [key, () => ids.collections.get(key)?.toString()]),
  ];
  return places.flatMap(([key, idOf]) => {
    const id = idOf();
    // The graph omits `none`. A new collection inherits the permission of the root, which may be more.
    const found = id === undefined ? 'not there yet' : (graphs?.collections.groups?.[ALL_USERS]?.[id] ?? 'none');
    if (graphs && found === 'none') return [];
    const body = () => ({ [String(idOf())]: 'none' });
    return [graphStep(`All Users on collection ${key}`, `${found} → none`, '/api/collection/graph', body)];
  });
}

// The graph has one revision, and a change must name the latest.
function graphStep(key: string, difference: string, path: string, permissions: () => Record<string, unknown>): Step {
  return {
    action: 'change',
    kind: 'permission',
    key,
    differences: [difference],
    run: async (metabase) => {
      for (let attempt = 1; ; attempt++) {
        const { revision } = await metabase.ask('GET', path);
        const answer = await metabase.call('PUT', path, { revision, groups: { [ALL_USERS]: permissions() } });
        if (answer.status < 300) return;
        if (answer.status !== 409 || attempt === ATTEMPTS) throw new Refused('PUT', path, answer);
      }
    },
  };
}
