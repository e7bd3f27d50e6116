import type { Json, Metabase } from './client.ts';
import type { Tile, WantedDashboard } from './desired.ts';
import { differences, type Ids, picked, type Step } from './steps.ts';

const PARAMETER = ['id', 'slug', 'name', 'type', 'sectionId', 'isMultiSelect', 'values_query_type', 'default'] as const;
const TILE = ['card_id', 'row', 'col', 'size_x', 'size_y', 'visualization_settings'] as const;
const MAPPING = ['parameter_id', 'card_id', 'target'] as const;

/** The steps after which Metabase has these dashboards with exactly these cards. */
export function dashboardSteps(wanted: WantedDashboard[], found: Map<string, Json>, ids: Ids): Step[] {
  return wanted.flatMap((dashboard): Step[] => {
    const { key, name, description } = dashboard;
    const there = found.get(key);
    if (!there) {
      const run: Step['run'] = async (metabase) => {
        const collection_id = ids.collections.get(dashboard.place);
        const made = await metabase.ask('POST', '/api/dashboard', { name, description, collection_id });
        ids.dashboards.set(key, made.id);
        await put(metabase, dashboard, made, ids);
      };
      return [{ action: 'create', kind: 'dashboard', key, differences: [`${dashboard.tiles.length} cards`], run }];
    }
    ids.dashboards.set(key, there.id);
    const changes = [
      ...differences(comparable(bodyOf(dashboard, there, ids)), comparable(there)),
      ...differences(embeddingOf(dashboard, there), there),
    ];
    if (changes.length === 0 && !there.archived) return [];
    const run: Step['run'] = async (metabase) => {
      const collection_id = ids.collections.get(dashboard.place);
      if (there.archived) await metabase.ask('PUT', `/api/dashboard/${there.id}`, { archived: false, collection_id });
      if (changes.length > 0) await put(metabase, dashboard, there, ids);
    };
    return [{ action: there.archived ? 'restore' : 'change', kind: 'dashboard', key, differences: changes, run }];
  });
}

// Two requests, because Metabase locks only a parameter that already exists.
async function put(metabase: Metabase, dashboard: WantedDashboard, there: Json, ids: Ids): Promise<void> {
  await metabase.ask('PUT', `/api/dashboard/${there.id}`, bodyOf(dashboard, there, ids));
  if (dashboard.embedding || there.enable_embedding) {
    await metabase.ask('PUT', `/api/dashboard/${there.id}`, embeddingOf(dashboard, there));
  }
}

function embeddingOf({ embedding }: WantedDashboard, there: Json): Record<string, unknown> {
  if (!embedding) return { enable_embedding: there.enable_embedding === undefined ? undefined : false };
  const isTyped = there.embedding_type !== undefined;
  return { enable_embedding: true, ...(isTyped && { embedding_type: 'guest-embed' }), embedding_params: embedding };
}

// `dashcards` replaces the whole list: a card with a known id is kept, one with a negative id is created.
function bodyOf({ name, description, place, parameters, tiles }: WantedDashboard, there: Json, ids: Ids) {
  const known = new Map<unknown, number>((there.dashcards ?? []).map((one: Json) => [one.card_id, one.id]));
  return {
    name,
    description,
    collection_id: ids.collections.get(place),
    width: 'full',
    parameters,
    tabs: [],
    dashcards: tiles.map((tile, index) => {
      const card_id = ids.cards.get(tile.card);
      return dashcard(tile, card_id, known.get(card_id) ?? -1 - index);
    }),
  };
}

function dashcard({ row, col, size_x, size_y, words, variables }: Tile, card_id: number | undefined, id: number) {
  return {
    id,
    card_id,
    row,
    col,
    size_x,
    size_y,
    series: [],
    dashboard_tab_id: null,
    // Without this Metabase shows the card's own description, which has the marker.
    visualization_settings: { 'card.description': words },
    parameter_mappings: variables.map((name) => ({
      parameter_id: name,
      card_id,
      target: ['variable', ['template-tag', name]],
    })),
  };
}

function comparable(dashboard: Json): Record<string, unknown> {
  const tiles = (dashboard.dashcards ?? []).map((one: Json) => ({
    ...picked(one, TILE),
    series: one.series?.length ?? 0,
    mappings: sorted(one.parameter_mappings, 'parameter_id').map((mapping) => picked(mapping, MAPPING)),
  }));
  return {
    collection_id: dashboard.collection_id ?? 'not there yet',
    ...picked(dashboard, ['name', 'description', 'width']),
    parameters: (dashboard.parameters ?? []).map((parameter: Json) => picked(parameter, PARAMETER)),
    tabs: (dashboard.tabs ?? []).length,
    dashcards: sorted(sorted(tiles, 'col'), 'row'),
  };
}

const sorted = (list: Json[] | undefined, name: string): Json[] =>
  (list ?? []).toSorted((a, b) => (a[name] < b[name] ? -1 : a[name] > b[name] ? 1 : 0));
