import type { Json, Metabase } from './client.ts';
import { entityIdOf, keyIn } from './marker.ts';

/** Our objects in Metabase by key, including those in the trash. `notes` lists objects that are left alone. */
export type Observed = {
  databases: Json[];
  collections: Map<string, Json>;
  cards: Map<string, Json>;
  dashboards: Map<string, Json>;
  notes: string[];
};

const PAGE = 200;
const NOTHING: Observed = { databases: [], collections: new Map(), cards: new Map(), dashboards: new Map(), notes: [] };

/** The state of a Metabase without any account. */
export const nothing = (): Observed => structuredClone(NOTHING);

/**
 * Finds our objects in every collection, because people may have moved or renamed them. The marker identifies them, and cards also
 * by their entity id.
 */
export async function observe(metabase: Metabase, cardKeys: string[]): Promise<Observed> {
  const notes: string[] = [];
  const entities = new Map(cardKeys.map((key) => [entityIdOf(key), key]));
  const keyOf = ({ description, entity_id }: Json) => keyIn(description) ?? entities.get(entity_id);
  const collections = await collectionsOf(metabase);
  const ours = collections.filter(({ description }) => keyIn(description) !== undefined);
  const places = collections.filter(({ archived, id }) => !archived && typeof id === 'number').map(({ id }) => String(id));
  const archived = ours.filter((one) => one.archived).map(({ id }) => String(id));
  const trash = (await metabase.call('GET', '/api/collection/trash')).body?.id;
  const rows = [
    ...(await itemsOf(metabase, ['root', ...places], false)),
    ...(await itemsOf(metabase, [...(typeof trash === 'number' ? [String(trash)] : []), ...archived], true)),
  ];
  const [cards, dashboards] = [new Map<number, Json>(), new Map<number, Json>()];
  for (const row of rows) {
    const { model, id } = row;
    // Some versions leave descriptions out of lists.
    if (row.description !== undefined && keyOf(row) === undefined) continue;
    if (model === 'card') cards.set(id, await metabase.ask('GET', `/api/card/${id}?legacy-mbql=true`));
    if (model === 'dashboard') dashboards.set(id, await metabase.ask('GET', `/api/dashboard/${id}`));
  }
  return {
    databases: (await metabase.ask('GET', '/api/database')).data,
    collections: byKey('collection', ours, keyOf, notes),
    cards: byKey('card', [...cards.values()], keyOf, notes),
    dashboards: byKey('dashboard', [...dashboards.values()], keyOf, notes),
    notes,
  };
}

async function collectionsOf(metabase: Metabase): Promise<Json[]> {
  const alive = await metabase.ask('GET', '/api/collection?archived=false');
  const gone = await metabase.ask('GET', '/api/collection?archived=true');
  return [...new Map([...alive, ...gone].map((one: Json) => [one.id, one])).values()];
}

async function itemsOf(metabase: Metabase, places: string[], archived: boolean): Promise<Json[]> {
  const found: Json[] = [];
  for (const place of places) {
    for (let offset = 0; ; offset += PAGE) {
      const query = `models=card&models=dashboard&archived=${archived}&limit=${PAGE}&offset=${offset}`;
      const { data } = await metabase.ask('GET', `/api/collection/${place}/items?${query}`);
      found.push(...data);
      if (data.length < PAGE) break;
    }
  }
  return found;
}

// A copy has the marker too. Ours is the one with our entity id, or else the older one, even if it is in the trash.
function byKey(kind: string, objects: Json[], keyOf: (one: Json) => string | undefined, notes: string[]): Map<string, Json> {
  const found = new Map<string, Json>();
  const rank = (key: string, one: Json) => [one.entity_id === entityIdOf(key) ? 0 : 1, one.id];
  for (const one of objects) {
    const key = keyOf(one);
    if (key === undefined) continue;
    const other = found.get(key);
    if (!other) {
      found.set(key, one);
      continue;
    }
    const [first, second] = [one, other].sort((a, b) => compare(rank(key, a), rank(key, b)));
    found.set(key, first);
    if (!second.archived) notes.push(`${kind} ${second.id} is a copy of ${key} (${first.id}) and is left alone.`);
  }
  return found;
}

function compare(a: number[], b: number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}
