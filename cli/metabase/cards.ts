import type { Json } from './client.ts';
import type { WantedCard } from './desired.ts';
import { differences, type Ids, picked, type Step } from './steps.ts';

const TAG = ['id', 'name', 'display-name', 'type', 'required', 'default'] as const;

/** The steps after which Metabase has these cards, each in its collection. */
export function cardSteps(wanted: WantedCard[], found: Map<string, Json>, ids: Ids): Step[] {
  return wanted.flatMap((card): Step[] => {
    const { key, entityId } = card;
    const there = found.get(key);
    if (!there) {
      const run: Step['run'] = async (metabase) => {
        const made = await metabase.ask('POST', '/api/card', { ...bodyOf(card, ids), type: 'question', entity_id: entityId });
        ids.cards.set(key, made.id);
      };
      return [{ action: 'create', kind: 'card', key, differences: [], run }];
    }
    ids.cards.set(key, there.id);
    const changes = differences(comparable(bodyOf(card, ids)), comparable(there));
    if (changes.length === 0 && !there.archived) return [];
    const run: Step['run'] = async (metabase) => {
      const { collection_id, ...rest } = bodyOf(card, ids);
      if (there.archived) await metabase.ask('PUT', `/api/card/${there.id}`, { archived: false, collection_id });
      if (changes.length > 0) await metabase.ask('PUT', `/api/card/${there.id}`, { ...rest, collection_id });
    };
    return [{ action: there.archived ? 'restore' : 'change', kind: 'card', key, differences: changes, run }];
  });
}

// The old form of a native query, which every version accepts.
function bodyOf({ name, description, place, source, display, settings, sql, tags }: WantedCard, ids: Ids) {
  return {
    name,
    description,
    collection_id: ids.collections.get(place),
    display,
    visualization_settings: settings,
    dataset_query: {
      database: ids.databases.get(source),
      type: 'native',
      native: { query: sql, 'template-tags': tags },
    },
  };
}

// Reads both forms of a query. Of a tag it compares only the members that we set.
function comparable(card: Json): Record<string, unknown> {
  const query = card.dataset_query;
  const native = query?.native ?? query?.stages?.[0];
  const tags = Object.entries(native?.['template-tags'] ?? {}).map(([name, tag]) => [name, picked(tag, TAG)]);
  return {
    collection_id: card.collection_id ?? 'not there yet',
    ...picked(card, ['name', 'description', 'display', 'visualization_settings']),
    database: query?.database,
    query: native?.query ?? native?.native,
    tags: Object.fromEntries(tags),
  };
}
