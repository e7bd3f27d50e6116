import { randomBytes, randomUUID } from 'node:crypto';
import type { Json } from './api.ts';
import { type Handler, no, ok, type Reply, setting, type World } from './metabase-world.ts';

const nanoId = () => randomBytes(16).toString('base64url').slice(0, 21);

/** The form of stored queries since 0.57, and the old one, which is returned on request. */
const kept = ({ database, native }: Json): Json => ({
  'lib/type': 'mbql/query',
  database,
  stages: [
    {
      'lib/type': 'mbql.stage/native',
      'lib/uuid': randomUUID(),
      native: native.query,
      'template-tags': native['template-tags'],
    },
  ],
});

const legacy = ({ database, stages: [stage] }: Json): Json => ({
  database,
  type: 'native',
  native: { query: stage.native, 'template-tags': stage['template-tags'] },
});

function queryFault(world: World, { database, native }: Json): string | undefined {
  if (!world.databases.has(database)) return 'no such database';
  const tags = native['template-tags'] ?? {};
  for (const [name, tag] of Object.entries<Json>(tags)) {
    if (tag.name !== name || !tag['display-name'] || !tag.type) return `the tag ${name} is not whole`;
  }
  const used = [...native.query.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
  return used.every((name) => tags[name]) ? undefined : 'a variable has no tag';
}

const isEmbedding = (world: World) =>
  [setting(world, 'enable-embedding-modular'), setting(world, 'enable-embedding-static')].some(
    (value) => String(value) === 'true',
  );

// A known id is kept, a negative id creates a dashcard, and all others are removed.
function replaceDashcards(world: World, dashboard: Json, given: Json[]): Reply | undefined {
  const known = new Map<number, Json>(dashboard.dashcards.map((one: Json) => [one.id, one]));
  for (const { card_id } of given) {
    if (card_id && (!world.cards.has(card_id) || world.cards.get(card_id).archived)) return no(400, `no card ${card_id}`);
  }
  dashboard.dashcards = given.map(({ id, card_id = null, ...rest }) => ({
    visualization_settings: {},
    parameter_mappings: [],
    ...rest,
    id: known.has(id) ? id : world.next(),
    card_id,
    dashboard_id: dashboard.id,
    entity_id: nanoId(),
    inline_parameters: [],
  }));
  return undefined;
}

export const dashboardRoutes: Record<string, Handler> = {
  'POST /api/card': (world, { body }) => {
    const { name, description = null, display, visualization_settings, dataset_query, collection_id = null, entity_id } = body;
    const fault = queryFault(world, dataset_query);
    if (fault) return no(400, fault);
    if (collection_id !== null && !world.collections.has(collection_id)) return no(404, 'no such collection');
    if ([...world.cards.values()].some((one) => one.entity_id === entity_id)) return no(400, 'entity_id is taken');
    const id = world.next();
    const made = { id, name, description, display, visualization_settings, collection_id, archived: false, type: 'question' };
    world.cards.set(id, { ...made, entity_id: entity_id ?? nanoId(), dataset_query: kept(dataset_query) });
    return ok(world.cards.get(id));
  },
  'GET /api/card/{id}': ({ cards, version }, { id, url }) => {
    const card = cards.get(id);
    if (!card) return no(404, 'Not found.');
    const isOld = version >= 59 && url.searchParams.get('legacy-mbql') === 'true';
    return ok(isOld ? { ...card, dataset_query: legacy(card.dataset_query) } : card);
  },
  'PUT /api/card/{id}': (world, { id, body: { dataset_query, ...rest } }) => {
    const card = world.cards.get(id);
    if (!card) return no(404, 'Not found.');
    const fault = dataset_query && queryFault(world, dataset_query);
    if (fault) return no(400, fault);
    Object.assign(card, rest, dataset_query && { dataset_query: kept(dataset_query) });
    return ok(card);
  },
  'POST /api/dashboard': (world, { body: { name, description = null, parameters = [], collection_id = null } }) => {
    const id = world.next();
    const made = {
      id,
      name,
      description,
      parameters,
      collection_id,
      archived: false,
      width: 'fixed',
      entity_id: nanoId(),
      dashcards: [],
      tabs: [],
      enable_embedding: false,
      embedding_params: null,
      ...(world.version >= 60 && { embedding_type: null }),
    };
    world.dashboards.set(id, made);
    return ok(made);
  },
  'GET /api/dashboard/{id}': ({ dashboards }, { id }) => {
    const found = dashboards.get(id);
    return found ? ok(found) : no(404, 'Not found.');
  },
  'PUT /api/dashboard/{id}': (world, { id, body: { dashcards, tabs, parameters, ...rest } }) => {
    const dashboard = world.dashboards.get(id);
    if (!dashboard) return no(404, 'Not found.');
    const publishes = rest.enable_embedding !== undefined || rest.embedding_params !== undefined;
    if (publishes && !isEmbedding(world)) return no(400, 'Embedding is not enabled.');
    const fault = dashcards && replaceDashcards(world, dashboard, dashcards);
    if (fault) return fault;
    if (dashcards) dashboard.tabs = (tabs ?? []).map((tab: Json, position: number) => ({ ...tab, id: world.next(), position }));
    // It fills in members that were not sent.
    if (parameters) dashboard.parameters = parameters.map((one: Json) => ({ filteringParameters: [], ...one }));
    if (world.version < 60) delete rest.embedding_type;
    Object.assign(dashboard, rest);
    return ok(dashboard);
  },
};
