import { errors, jwtVerify } from 'jose';
import { createPool } from '../../sql/database/db.ts';
import type { Json } from './api.ts';
import type { Asked } from './metabase-world.ts';
import { no, ok, type Reply, setting, type World } from './metabase-world.ts';

const PATH = /^\/api\/embed\/dashboard\/([^/]+)(?:\/dashcard\/(\d+)\/card\/(\d+))?$/;

/** The answer to a guest's request, or undefined if it is no guest's request. */
export async function answerEmbed(world: World, { url }: Asked): Promise<Reply | undefined> {
  const [, token, dashcardId, cardId] = PATH.exec(url.pathname) ?? [];
  if (token === undefined) return undefined;
  const secret = String(setting(world, 'embedding-secret-key'));
  const options = { algorithms: ['HS256'], clockTolerance: 60 };
  const checked = await jwtVerify(token, new TextEncoder().encode(secret), options).catch((error: Error) => error);
  if (checked instanceof errors.JWTExpired) return no(400, 'Token is expired');
  if (checked instanceof Error) return no(400, 'Message seems corrupt or manipulated');
  const { resource, params } = checked.payload as Json;
  const dashboard = world.dashboards.get(resource.dashboard);
  if (!dashboard || dashboard.archived) return no(404, 'Not found.');
  if (!dashboard.enable_embedding) return no(400, 'Embedding is not enabled for this object.');
  if (dashcardId === undefined) {
    const { id, name, parameters, dashcards } = dashboard;
    return ok({ id, name, parameters, dashcards });
  }
  const inUrl = JSON.parse(url.searchParams.get('parameters') ?? '{}');
  const fault = parameterFault(dashboard, params, inUrl);
  if (fault) return no(400, fault);
  const tile = dashboard.dashcards.find((one: Json) => one.id === Number(dashcardId) && one.card_id === Number(cardId));
  if (!tile) return no(404, 'Not found.');
  return run(world, dashboard, tile, { ...params, ...inUrl });
}

const isGiven = (value: unknown) => value !== undefined && value !== null && value !== '';

function parameterFault({ parameters, embedding_params }: Json, signed: Json, inUrl: Json): string | undefined {
  const states = embedding_params ?? {};
  for (const [slug, state] of Object.entries(states)) {
    // An empty list is accepted.
    if (state === 'locked' && !isGiven(signed[slug])) return `You must specify a value for ${slug} in the JWT.`;
    if (state === 'locked' && inUrl[slug] !== undefined) return `You can only specify a value for ${slug} in the JWT.`;
    if (signed[slug] !== undefined && inUrl[slug] !== undefined) return `${slug} is in the JWT and in the URL`;
  }
  const known = parameters.map(({ slug }: Json) => slug);
  for (const slug of [...Object.keys(signed), ...Object.keys(inUrl)]) {
    if (!known.includes(slug)) return `Unknown parameter ${slug}.`;
    if (states[slug] === undefined || states[slug] === 'disabled') return `You're not allowed to specify a value for ${slug}.`;
  }
  return undefined;
}

// A variable gets a value only if the dashboard's parameter is mapped to it; otherwise the default of the tag applies.
async function run(world: World, dashboard: Json, tile: Json, params: Json): Promise<Reply> {
  const card = world.cards.get(tile.card_id);
  const { native, 'template-tags': tags } = card.dataset_query.stages[0];
  const values: Record<string, unknown[]> = {};
  for (const [name, tag] of Object.entries<Json>(tags)) {
    const mapping = tile.parameter_mappings.find((one: Json) => one.target[0] === 'variable' && one.target[1][1] === name);
    const parameter = dashboard.parameters.find((one: Json) => one.id === mapping?.parameter_id);
    const given = [params[parameter?.slug] ?? parameter?.default ?? tag.default ?? []].flat();
    const value = given.length > 0 ? given : [tag.default ?? []].flat();
    if (value.length > 0) values[name] = value;
    else if (tag.required) return ok({ status: 'failed', error: `You'll need to pick a value for '${name}'` }, 202);
  }
  const list: unknown[] = [];
  const text = (native as string)
    .replace(/\[\[(.*?)\]\]/gs, (_, clause: string) =>
      [...clause.matchAll(/\{\{(\w+)\}\}/g)].every(([, name]) => values[name as string]) ? clause : '',
    )
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) =>
      (values[name] ?? []).map((value) => `$${list.push(value)}::varchar`).join(', '),
    );
  return query(world, world.databases.get(card.dataset_query.database).details, text, list);
}

async function query({ pools }: World, details: Json, text: string, list: unknown[]): Promise<Reply> {
  const { host, port, dbname, user, password } = details;
  const url = new URL('postgres://localhost');
  Object.assign(url, { hostname: host, port: String(port), pathname: `/${dbname}`, username: user, password });
  const pool = pools.get(url.href) ?? createPool(url.href, { max: 2, name: 'stand-in for metabase' });
  pools.set(url.href, pool);
  try {
    const { rows, fields } = await pool.query({ text, values: list, rowMode: 'array' });
    return ok({ status: 'completed', data: { cols: fields.map(({ name }) => ({ name })), rows: rows.slice(0, 2000) } }, 202);
  } catch (error) {
    return ok({ status: 'failed', error: (error as Error).message }, 202);
  }
}
