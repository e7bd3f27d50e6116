import { loadDashboards } from '../../api/dashboards/dashboards.ts';
import { embeddingSecret } from '../../api/dashboards/embeds.ts';
import type { Config } from '../../lib/config.ts';
import { replaceMetabaseDashboards, takeMetabaseLock } from '../../sql/dashboards/metabase.ts';
import { withTransaction } from '../../sql/database/db.ts';
import { asOwner } from '../commands/owner.ts';
import { type Waits, waitUntilReady } from './client.ts';
import { desiredOf } from './desired.ts';
import { type Connected, connect, urlOf } from './first-run.ts';
import { described, makePlan, type Plan, type Wanted } from './plan.ts';
import { readState, writeState } from './state.ts';
import type { Ids } from './steps.ts';

/** What the commands need. `dashboards` is the folder of the definitions if it is not the shipped one. */
export type Surroundings = { config: Config; waits: Waits; say: (sentence: string) => void; dashboards?: URL };

/** Rounds until no step is left: objects that one round creates may need a change in the next. */
const ROUNDS = 3;

/** The objects that Metabase must have. Throws if a definition is not valid. */
export function wantedOf({ config, dashboards }: Surroundings, version: number): Wanted {
  const settings = {
    version,
    embeddingSecret: embeddingSecret(config),
    siteUrl: (config.METABASE_SITE_URL ?? urlOf(config)).replace(/\/+$/, ''),
  };
  return { ...desiredOf(loadDashboards(dashboards).values(), config), settings };
}

/** Prints what `apply` would do. Returns whether there is anything to do. */
export async function plan(surroundings: Surroundings): Promise<boolean> {
  const { config, say } = surroundings;
  const connected = await connect(config, { ...surroundings, change: false });
  if (!connected) say("Metabase has no account yet. `metabase apply` creates the administrator's.");
  try {
    const wanted = wantedOf(surroundings, connected?.version ?? Number.POSITIVE_INFINITY);
    const state = connected?.state ?? readState(config, urlOf(config));
    const made = await makePlan(wanted, connected?.metabase, state, () => undefined);
    say(described(made));
    return made.steps.length > 0;
  } finally {
    await connected?.end();
  }
}

/**
 * Changes Metabase until it has the wanted objects, and stores the id of each dashboard for the API. A lock in the database lets one
 * program at a time do this. It can be repeated after any failure.
 */
export async function apply(surroundings: Surroundings): Promise<void> {
  const { config, say } = surroundings;
  wantedOf(surroundings, 0);
  await waitUntilReady(urlOf(config), surroundings.waits);
  await asOwner(config, 'metabase', (pool) =>
    withTransaction(pool, 'begin', async (client) => {
      await takeMetabaseLock(client);
      const connected = await connect(config, { ...surroundings, change: true });
      const { ids } = await settle(surroundings, connected as Connected);
      const changed = await replaceMetabaseDashboards(client, embedded(wantedOf(surroundings, 0), ids));
      if (changed) say('Stored the ids of the dashboards for the API.');
    }),
  );
}

async function settle(surroundings: Surroundings, { metabase, version, state }: Connected): Promise<Plan> {
  const { config, say } = surroundings;
  const wanted = wantedOf(surroundings, version);
  const keep = () => writeState(config, state);
  let made = await makePlan(wanted, metabase, state, keep);
  say(described(made));
  for (let round = 1; made.steps.length > 0 && round <= ROUNDS; round++) {
    for (const step of made.steps) await step.run(metabase);
    const next = await makePlan(wanted, metabase, state, keep);
    if (next.steps.length === 0) say('Done.');
    else if (round === ROUNDS) say(`Warning: Metabase did not store these as they were sent.\n${described(next)}`);
    made = next;
  }
  return made;
}

const embedded = ({ dashboards }: Wanted, { dashboards: ids }: Ids) =>
  new Map(
    dashboards.flatMap(({ key, embedding }): [string, number][] => {
      const id = ids.get(key);
      return embedding && id !== undefined ? [[key, id]] : [];
    }),
  );
