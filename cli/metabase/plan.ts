import { cardSteps } from './cards.ts';
import type { Json, Metabase } from './client.ts';
import { collectionSteps } from './collections.ts';
import { dashboardSteps } from './dashboards.ts';
import { databaseSteps } from './databases.ts';
import type { Desired } from './desired.ts';
import { entityIdOf } from './marker.ts';
import { nothing, type Observed, observe } from './observe.ts';
import { collectionPermissionSteps, databasePermissionSteps, type Graphs, readGraphs } from './permissions.ts';
import { readSettings, settingSteps, type WantedSettings } from './settings.ts';
import type { State } from './state.ts';
import type { Ids, Step } from './steps.ts';

export type Wanted = Desired & { settings: WantedSettings };

/** Steps in the order in which they must run. Running them fills `ids`. */
export type Plan = { steps: Step[]; notes: string[]; ids: Ids };

const MAX_LINES = 12;

/**
 * Compares the wanted objects with those in Metabase. `metabase` is undefined if it has no account yet; then everything is created.
 * Calls `keep` when `state` has changed.
 */
export async function makePlan(wanted: Wanted, metabase: Metabase | undefined, state: State, keep: () => void): Promise<Plan> {
  const cardKeys = wanted.cards.map(({ key }) => key);
  const found = metabase ? await observe(metabase, cardKeys) : nothing();
  const settings = metabase && (await readSettings(metabase));
  const graphs = metabase && (await readGraphs(metabase));
  const ids: Ids = { databases: new Map(), collections: new Map(), cards: new Map(), dashboards: new Map() };
  const steps = [
    ...settingSteps(wanted.settings, settings, state, keep),
    ...databaseSteps(wanted.databases, found.databases, ids, state, keep),
    ...databasePermissionSteps(keysOf(wanted.databases), graphs, ids),
    ...collectionSteps(wanted.collections, found.collections, ids),
    ...collectionPermissions(wanted, graphs, ids),
    ...cardSteps(wanted.cards, found.cards, ids),
    ...dashboardSteps(wanted.dashboards, found.dashboards, ids),
    ...archiveSteps(wanted, found),
  ];
  return { steps, notes: found.notes, ids };
}

const keysOf = (list: { key: string }[]) => list.map(({ key }) => key);

const collectionPermissions = (wanted: Wanted, graphs: Graphs | undefined, ids: Ids) =>
  collectionPermissionSteps(keysOf(wanted.collections), graphs, ids);

// Archives only objects with our marker, and only cards with our entity id, which no copy has. Dashboards go before their cards. An
// archived object is in Metabase's trash, and is restored if it is wanted again.
function archiveSteps(wanted: Wanted, found: Observed): Step[] {
  const kinds: [string, { key: string }[], Map<string, Json>][] = [
    ['dashboard', wanted.dashboards, found.dashboards],
    ['card', wanted.cards, found.cards],
    ['collection', wanted.collections, found.collections],
  ];
  return kinds.flatMap(([kind, list, there]) => {
    const known = new Set(keysOf(list));
    const isOurs = (key: string, one: Json) => kind !== 'card' || one.entity_id === entityIdOf(key);
    const unwanted = [...there].filter(([key, one]) => !known.has(key) && !one.archived && isOurs(key, one));
    return unwanted.map(([key, { id }]) => ({
      action: 'archive' as const,
      kind,
      key,
      differences: ['no definition any more'],
      run: async (metabase: Metabase) => void (await metabase.ask('PUT', `/api/${kind}/${id}`, { archived: true })),
    }));
  });
}

/** The plan as lines for the terminal, with a summary at the end. */
export function described({ steps, notes }: Plan): string {
  const lines = steps.flatMap(({ action, kind, key, differences }) => [
    `${action.padEnd(8)} ${kind} ${key}`,
    ...differences.slice(0, MAX_LINES).map((line) => `           ${line}`),
    ...(differences.length > MAX_LINES ? [`           and ${differences.length - MAX_LINES} more`] : []),
  ]);
  return [...lines, ...notes.map((note) => `note     ${note}`), summary(steps)].join('\n');
}

function summary(steps: Step[]): string {
  if (steps.length === 0) return 'Nothing to change. Metabase is up to date.';
  const count = (action: Step['action']) => steps.filter((step) => step.action === action).length;
  return `${count('create')} to create, ${count('change')} to change, ${count('restore')} to restore, ${count('archive')} to archive.`;
}
