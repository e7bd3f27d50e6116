import type { Json, Metabase } from './client.ts';

/** The numbers that Metabase gave to what we name by keys; a step that makes something adds to them. */
export type Ids = Record<'databases' | 'collections' | 'cards' | 'dashboards', Map<string, number>>;

/** One thing that is not as it must be, and what mends it. */
export type Step = {
  action: 'create' | 'change' | 'restore' | 'archive';
  kind: string;
  key: string;
  differences: string[];
  run: (metabase: Metabase) => Promise<void>;
};

const SHOWN = 60;

/**
 * Where `found` is not as `wanted`, as lines for people. Of an object at the top only the members of `wanted` count, deeper
 * everything; what is absent and what is null is the same.
 */
export function differences(wanted: Record<string, unknown>, found: Json): string[] {
  return Object.keys(wanted).flatMap((name) => compare(wanted[name], found?.[name], name));
}

function compare(wanted: unknown, found: unknown, at: string): string[] {
  if ((wanted ?? null) === (found ?? null)) return [];
  if (isPlain(wanted) && isPlain(found)) {
    const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
    return [...names].flatMap((name) => compare(wanted[name], found[name], `${at}.${name}`));
  }
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length) {
    return wanted.flatMap((one, index) => compare(one, found[index], `${at}[${index}]`));
  }
  return [`${at}: ${shown(found)} → ${shown(wanted)}`];
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: unknown): string {
  const text = value === undefined || value === null ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

/** The members of an object that we set ourselves; the server adds more. */
export const picked = (object: Json, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    names.filter((name) => object?.[name] !== undefined && object[name] !== null).map((name) => [name, object[name]]),
  );
