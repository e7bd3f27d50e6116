import type { Json } from './client.ts';
import type { WantedCollection } from './desired.ts';
import { differences, type Ids, type Step } from './steps.ts';

/** The steps after which Metabase has these collections at its root. */
export function collectionSteps(wanted: WantedCollection[], found: Map<string, Json>, ids: Ids): Step[] {
  return wanted.flatMap(({ key, name, description }): Step[] => {
    const there = found.get(key);
    if (!there) {
      const run: Step['run'] = async (metabase) => {
        const made = await metabase.ask('POST', '/api/collection', { name, description, parent_id: null });
        ids.collections.set(key, made.id);
      };
      return [{ action: 'create', kind: 'collection', key, differences: [], run }];
    }
    ids.collections.set(key, there.id);
    const changes = differences({ name, description }, there);
    if (changes.length === 0 && !there.archived) return [];
    const run: Step['run'] = async (metabase) => {
      if (there.archived) await metabase.ask('PUT', `/api/collection/${there.id}`, { archived: false, parent_id: null });
      if (changes.length > 0) await metabase.ask('PUT', `/api/collection/${there.id}`, { name, description });
    };
    return [{ action: there.archived ? 'restore' : 'change', kind: 'collection', key, differences: changes, run }];
  });
}
