import { pointerTo } from '../http/problems.ts';
import type { Mismatch } from './event-types.ts';

/** Limits of what one answer lists. Steps of arrays are `*`, so that their items are one field. */
const MAX_FIELDS = 500;
const MAX_DEPTH = 10;
/** Values are shown of fields that have few, each often: anything else may tell who the event is about. */
const MAX_SHOWN_VALUES = 10;
const MIN_REPEATS = 10;
const MAX_SHOWN_LENGTH = 40;
/** Longest time that stored events are checked again for one answer; other tenants wait meanwhile. */
const CHECK_MS = 100;

export type SeenField = {
  /** JSON Pointer into `data`; `*` is every item of an array. */
  pointer: string;
  types: string[];
  /** Share of the events that have the field, from 0 to 1. */
  share: number;
  /** Number of different values, as stored. */
  distinct: number;
  personal: boolean;
  values: (string | number | boolean)[] | null;
};

type Tally = { types: Set<string>; events: number; occurrences: number; values: Set<string>; isScalar: boolean };

/** What the fields of some events look like, in the order of their pointers. */
export function seenFields(events: readonly unknown[], personalFields: readonly string[]): SeenField[] {
  const tallies = new Map<string, Tally>();
  for (const data of events) {
    const inEvent = new Set<string>();
    const walk = (value: unknown, pointer: string, depth: number) => {
      if (pointer !== '') note(tallies, inEvent, pointer, value);
      if (typeof value !== 'object' || value === null || depth === MAX_DEPTH) return;
      const isList = Array.isArray(value);
      for (const [name, member] of Object.entries(value))
        walk(member, `${pointer}${isList ? '/*' : pointerTo(name)}`, depth + 1);
    };
    walk(data, '', 0);
  }
  return [...tallies]
    .map(([pointer, { types, events: having, occurrences, values, isScalar }]) => {
      const personal = isPersonal(pointer, personalFields);
      const isShown = !personal && isScalar && values.size <= MAX_SHOWN_VALUES && values.size * MIN_REPEATS <= occurrences;
      const shown = [...values].toSorted().map((text) => JSON.parse(text) as string | number | boolean);
      return {
        pointer,
        types: [...types].toSorted(),
        share: having / events.length,
        distinct: values.size,
        personal,
        values: isShown ? shown.filter((value) => value !== null) : null,
      };
    })
    .toSorted((a, b) => (a.pointer < b.pointer ? -1 : 1));
}

function note(tallies: Map<string, Tally>, inEvent: Set<string>, pointer: string, value: unknown): void {
  let tally = tallies.get(pointer);
  if (!tally) {
    if (tallies.size === MAX_FIELDS) return;
    tally = { types: new Set(), events: 0, occurrences: 0, values: new Set(), isScalar: true };
    tallies.set(pointer, tally);
  }
  tally.types.add(typeOf(value));
  tally.occurrences += 1;
  if (!inEvent.has(pointer)) tally.events += 1;
  inEvent.add(pointer);
  const text = JSON.stringify(value);
  tally.values.add(text);
  if ((typeof value === 'object' && value !== null) || text.length > MAX_SHOWN_LENGTH) tally.isScalar = false;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const stepsOf = (pointer: string) => pointer.split('/').slice(1);

// A field inside a personal one is personal, and so is one that a personal field is inside of: its values have it.
function isPersonal(pointer: string, personalFields: readonly string[]): boolean {
  const steps = stepsOf(pointer);
  return personalFields.some((field) => {
    const other = stepsOf(field);
    return steps.every((step, index) => other[index] === undefined || step === other[index] || other[index] === '*');
  });
}

export type Violation = { code: string; pointer: string | null; events: number; last_at: Date };

/**
 * Counts the stored events that do not match the schema of today, by place. A pseudonym is not what was sent, so places of personal
 * fields do not count. Stops after a tenth of a second.
 */
export function storedViolations(
  events: readonly { data: unknown; bytes: number; time: Date }[],
  check: (data: unknown, bytes: number) => Mismatch | undefined,
  personalFields: readonly string[],
): { checked: number; violations: Violation[] } {
  const found = new Map<string, Violation>();
  const until = performance.now() + CHECK_MS;
  let checked = 0;
  for (const { data, bytes, time } of events) {
    if (performance.now() > until) break;
    checked += 1;
    const mismatch = check(data, bytes);
    if (!mismatch) continue;
    const { pointer } = mismatch;
    const place = pointer.replace(/^\/data/, '').replaceAll(/\/\d+(?=\/|$)/g, '/*');
    if (place !== '' && isPersonal(place, personalFields)) continue;
    const known = found.get(pointer) ?? { code: 'schema-mismatch', pointer, events: 0, last_at: time };
    found.set(pointer, { ...known, events: known.events + 1 });
  }
  return { checked, violations: [...found.values()].toSorted((a, b) => b.events - a.events) };
}
