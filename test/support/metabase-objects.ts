import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Json } from './api.ts';
import { collectionRoutes } from './metabase-collections.ts';
import { dashboardRoutes } from './metabase-dashboards.ts';
import type { Found } from './metabase-openapi.ts';
import { type Asked, type Handler, MASK, no, ok, type Reply, type World } from './metabase-world.ts';

const isStrong = (password: string) => password.length >= 6 && /\d/.test(password);

function login(world: World): Reply {
  const id = randomUUID();
  world.sessions.add(id);
  return ok({ id });
}

function makeKey(world: World, id: number, name: string): Json {
  const key = `mb_${randomBytes(30).toString('base64')}`;
  world.keys = [...world.keys.filter((one) => one.id !== id), { id, name, key }];
  return { id, name, unmasked_key: key, masked_key: masked(key), prefix: key.slice(0, 7) };
}

const masked = (key: string) => `${key.slice(0, 7)}${'*'.repeat(10)}`;

const shownDatabase = (database: Json) => ({ ...database, details: { ...database.details, password: MASK } });

async function connects(details: Json): Promise<boolean> {
  const { host, port, dbname, user, password } = details;
  const client = new pg.Client({ host, port, database: dbname, user, password });
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

const ROUTES: Record<string, Handler> = {
  'GET /api/health': (world) => (world.starting-- > 0 ? no(503, 'initializing') : ok({ status: 'ok' })),
  'GET /api/session/properties': ({ options, setupToken, user }) =>
    ok({ version: { tag: options.tag ?? 'v0.65.4' }, 'has-user-setup': user !== undefined, 'setup-token': setupToken }),
  'POST /api/setup': (world, { body }) => {
    if (world.user) return no(403, 'The /api/setup route can only be used to create the first user');
    if (body.token !== world.setupToken) return no(400, 'Token does not match the setup token.');
    if (!isStrong(body.user.password)) return no(400, 'password is too common.');
    world.user = { email: body.user.email, password: body.user.password };
    return login(world);
  },
  'POST /api/session': (world, { body: { username, password } }) =>
    world.user?.email === username && world.user?.password === password
      ? login(world)
      : no(401, 'did not match stored password'),
  'DELETE /api/session': (world, { headers }) => {
    world.sessions.delete(String(headers['x-metabase-session']));
    return ok(null, 204);
  },
  'GET /api/user/current': () => ok({ id: 1, is_superuser: true }),
  'GET /api/api-key': ({ keys }) => ok(keys.map(({ id, name, key }) => ({ id, name, masked_key: masked(key) }))),
  'POST /api/api-key': (world, { body }) =>
    world.keys.some(({ name }) => name === body.name)
      ? no(400, 'A key with that name exists')
      : ok(makeKey(world, world.next(), body.name)),
  'PUT /api/api-key/{id}/regenerate': (world, { id }) =>
    ok(makeKey(world, id, world.keys.find((key) => key.id === id)?.name as string)),
  'GET /api/setting': (world) =>
    ok(
      [...world.settings.keys()].map((key) => {
        const isEnv = Object.hasOwn(world.options.env ?? {}, key);
        const value = world.settings.get(key);
        const hidden = key === 'embedding-secret-key' && world.options.hideSecret && value ? '**********' : value;
        return { key, value: isEnv ? null : hidden, is_env_setting: isEnv };
      }),
    ),
  'PUT /api/setting/{key}': (world, { values: { key = '' }, body: { value } }) => {
    if (!world.settings.has(key)) return no(404, `Setting ${key} not found`);
    if (Object.hasOwn(world.options.env ?? {}, key)) return no(500, `You cannot set ${key}; it has been set by environment`);
    if (key === 'embedding-secret-key' && !/^[0-9a-f]{64}$/.test(value)) return no(400, 'Invalid secret key');
    world.settings.set(key, value);
    return ok(null, 204);
  },
  'GET /api/database': ({ databases }) => ok({ data: [...databases.values()].map(shownDatabase), total: databases.size }),
  'POST /api/database': async (world, { body: { name, engine, details, is_on_demand } }) => {
    if (!(await connects(details))) return { status: 400, body: { errors: { host: 'could not connect' } } };
    const id = world.next();
    const ssl = details.ssl || world.options.flipSsl === true;
    const made = { id, name, engine, description: null, is_on_demand, details: { ...details, ssl, 'tunnel-enabled': false } };
    world.databases.set(id, made);
    world.databaseGraph.permissions[id] = { 'view-data': 'unrestricted', 'create-queries': 'query-builder-and-native' };
    return ok(shownDatabase(made));
  },
  'PUT /api/database/{id}': async (world, { id, body }) => {
    const known = world.databases.get(id);
    if (!known) return no(404, 'Not found.');
    const details = { ...known.details, ...body.details };
    if (details.password === MASK) details.password = known.details.password;
    if (body.details && !(await connects(details))) return { status: 400, body: { errors: { host: 'could not connect' } } };
    if (!details.ssl && world.options.flipSsl) details.ssl = true;
    world.databases.set(id, { ...known, ...body, details, is_on_demand: body.is_on_demand ?? false });
    return ok(shownDatabase(world.databases.get(id)));
  },
  'GET /api/permissions/graph': ({ databaseGraph: { revision, permissions } }) =>
    ok({ revision, groups: { '1': permissions } }),
  'PUT /api/permissions/graph': ({ databaseGraph }, { body }) => {
    // Once, the graph changes between read and write, as by another administrator.
    if (databaseGraph.staleNext) {
      databaseGraph.staleNext = false;
      databaseGraph.revision += 1;
    }
    if (body.revision !== databaseGraph.revision) return no(409, 'Looks like someone else edited the permissions');
    Object.assign(databaseGraph.permissions, body.groups['1']);
    databaseGraph.revision += 1;
    return ok({ revision: databaseGraph.revision, groups: { '1': databaseGraph.permissions } });
  },
  ...collectionRoutes,
  ...dashboardRoutes,
};

const OPEN = ['/api/health', '/api/session/properties', '/api/setup', '/api/session'];

/** The answers to all requests except guests'. */
export async function answer(world: World, asked: Asked, { template, values }: Found): Promise<Reply> {
  const handler = ROUTES[`${asked.method} ${template}`];
  if (!handler) return no(404, 'API endpoint does not exist.');
  const session = world.sessions.has(String(asked.headers['x-metabase-session']));
  const key = world.keys.some((one) => one.key === asked.headers['x-api-key']);
  if (!session && !key && !(OPEN.includes(template) && asked.method !== 'DELETE')) return no(401, 'Unauthenticated');
  return handler(world, { ...asked, values, id: Number(values.id) });
}
