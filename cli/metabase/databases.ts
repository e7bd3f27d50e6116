import type { Json } from './client.ts';
import type { WantedDatabase } from './desired.ts';
import { keyIn } from './marker.ts';
import { hashOf, type State } from './state.ts';
import { differences, type Ids, type Step } from './steps.ts';

/** The steps after which Metabase has these databases. They call `keep` when a secret was sent. */
export function databaseSteps(wanted: WantedDatabase[], found: Json[], ids: Ids, state: State, keep: () => void): Step[] {
  return wanted.flatMap((one) => stepsOf(one, find(one, found), ids, state, keep));
}

// A database gets its description with a second request. If only the first was sent, its name and login identify it.
function find({ key, name, details }: WantedDatabase, all: Json[]): Json | undefined {
  const candidates = all.filter((one) => one.details?.dbname !== undefined);
  const ours = candidates.filter(({ description }) => keyIn(description) === key);
  const like = candidates.filter(
    (one) => one.name === name && one.details?.user === details.user && keyIn(one.description) === undefined,
  );
  const matches = ours.length > 0 ? ours : like;
  if (matches.length > 1) throw new Error(`Metabase has ${matches.length} databases that match ${key}. Remove all but one.`);
  return matches[0];
}

function stepsOf(wanted: WantedDatabase, found: Json | undefined, ids: Ids, state: State, keep: () => void): Step[] {
  const { key, name, description, details, password } = wanted;
  const secret = `database ${key}`;
  const sent = () => {
    state.secrets[secret] = hashOf(password);
    keep();
  };
  const head = { kind: 'database', key };
  // POST accepts no description; PUT resets `is_on_demand` if it is absent.
  const rest = { name, description, is_on_demand: false };
  if (!found) {
    return [
      {
        ...head,
        action: 'create',
        differences: [`${details.user} at ${details.host}:${details.port}/${details.dbname}`],
        run: async (metabase) => {
          const body = { name, engine: 'postgres', details: { ...details, password }, is_full_sync: true, is_on_demand: false };
          const made = await metabase.ask('POST', '/api/database', body);
          ids.databases.set(key, made.id);
          await metabase.ask('PUT', `/api/database/${made.id}`, rest);
          sent();
        },
      },
    ];
  }
  ids.databases.set(key, found.id);
  const inDetails = differences(details, stored(found.details, details)).map((line) => `details.${line}`);
  if (state.secrets[secret] !== hashOf(password)) inDetails.push('details.password: changed, or not known to be the same');
  const changes = [...differences({ name, description }, found), ...inDetails];
  if (changes.length === 0) return [];
  return [
    {
      ...head,
      action: 'change',
      differences: changes,
      run: async (metabase) => {
        const more = inDetails.length > 0 ? { engine: 'postgres', details: { ...details, password } } : {};
        await metabase.ask('PUT', `/api/database/${found.id}`, { ...rest, ...more });
        if (inDetails.length > 0) sent();
      },
    },
  ];
}

// If SSL is not requested, Metabase still tries it first, and keeps it if it works.
function stored(found: Json, wanted: Record<string, unknown>): Json {
  return wanted.ssl === false ? { ...found, ssl: false } : found;
}
