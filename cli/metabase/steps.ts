import type { Json, Metabase } from './client.ts';

/** Metabase's ids by our keys. A step that creates an object adds its id. */
export type Ids = Record<'databases' | 'collections' | 'cards' | 'dashboards', Map<string, number>>;

/** One difference between the wanted and the actual state, and the change that removes it. */
export type Step = {
  action: 'create' | 'change' | 'restore' | 'archive';
  kind: string;
  key: string;
  differences: string[];
  run: (metabase: Metabase) => Promise<void>;
};

const SHOWN = 60;

/**
 * The differences between `wanted` and `found` as lines for people. At the top only the members of `wanted` are compared, below it all
 * members. An absent member equals null.
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

/** The named members of an object, without those that are null. */
export const picked = (object: Json, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(
    names.filter((name) => object?.[name] !== undefined && object[name] !== null).map((name) => [name, object[name]]),
  );
