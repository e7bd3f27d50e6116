import type { Json } from './api.ts';
import { type Handler, no, ok, type World } from './metabase-world.ts';

const number = (value: string | null, fallback: number) => (value === null ? fallback : Number(value));

/** Items of a collection: cards and dashboards; archived ones only on request. */
function items(world: World, place: number | null, query: URLSearchParams): Json {
  const archived = query.get('archived') === 'true';
  const inTrash = (one: Json) => place === world.trash && one.archived && !world.collections.get(one.collection_id)?.archived;
  const rows = (['card', 'dashboard'] as const).flatMap((model) =>
    [...world[`${model}s`].values()]
      .filter((one) => one.archived === archived && (one.collection_id === place || inTrash(one)))
      .filter(() => query.getAll('models').includes(model))
      .map(({ id, name, description, entity_id, archived: gone, collection_id }) => {
        const row = { id, model, name, entity_id, archived: gone, collection_id };
        // Older versions have no descriptions in lists.
        return world.version < 60 ? row : { ...row, description };
      }),
  );
  const offset = number(query.get('offset'), 0);
  return { data: rows.slice(offset, offset + number(query.get('limit'), 50)), total: rows.length };
}

export const collectionRoutes: Record<string, Handler> = {
  'GET /api/collection': ({ collections }, { url }) => {
    const archived = url.searchParams.get('archived') === 'true';
    const found = [...collections.values()].filter((one) => one.archived === archived);
    return ok(archived ? found : [{ id: 'root', name: 'Our analytics' }, ...found]);
  },
  'POST /api/collection': (world, { body: { name, description = null } }) => {
    if (description !== null && description.trim() === '') return no(400, 'description must not be blank');
    const id = world.next();
    const made = { id, name, description, archived: false, location: '/' };
    world.collections.set(id, made);
    // It inherits the permissions of the root.
    world.collectionGraph.permissions[id] = world.collectionGraph.permissions.root as string;
    return ok(made);
  },
  'GET /api/collection/{id}': ({ collections, trash }, { values, id }) => {
    const found = collections.get(values.id === 'trash' ? trash : id);
    return found ? ok(found) : no(404, 'Not found.');
  },
  'PUT /api/collection/{id}': (world, { id, body }) => {
    const known = world.collections.get(id);
    if (!known) return no(404, 'Not found.');
    world.collections.set(id, { ...known, ...body });
    if (body.archived !== undefined) {
      for (const objects of [world.cards, world.dashboards]) {
        for (const one of objects.values()) if (one.collection_id === id) one.archived = body.archived;
      }
    }
    return ok(world.collections.get(id));
  },
  'GET /api/collection/root/items': (world, { url }) => ok(items(world, null, url.searchParams)),
  'GET /api/collection/{id}/items': (world, { id, url }) => ok(items(world, id, url.searchParams)),
  'GET /api/collection/graph': ({ collectionGraph: { revision, permissions } }) => {
    const shown = Object.entries(permissions).filter(([, access]) => access !== 'none');
    return ok({ revision, groups: { '1': Object.fromEntries(shown) } });
  },
  'PUT /api/collection/graph': ({ collectionGraph }, { body }) => {
    if (body.revision !== collectionGraph.revision) return no(409, 'Looks like someone else edited the permissions');
    Object.assign(collectionGraph.permissions, body.groups['1']);
    collectionGraph.revision += 1;
    return ok({ revision: collectionGraph.revision, groups: {} });
  },
};
