import { compileFields, type Fields, replaceFields } from '../../lib/json-fields.ts';
import { isParticular, replacePeople } from '../../lib/people.ts';
import { isUuid } from '../../lib/uuid.ts';
import { DIMENSIONS } from '../../sql/events/about.ts';
import type { EventTypes } from '../event-types/event-types.ts';
import type { Concealed } from '../privacy/pseudonyms.ts';

const BY_DIMENSION = DIMENSIONS.map((name) => ({ name, fields: compileFields([`/${name}`]) as Fields }));

/** Members that are checked, or concealed, elsewhere. */
const OTHERS = new Set(['type', 'time', 'specversion', 'subject', 'data', 'data_base64']);

type Members = Record<string, unknown>;
type Replace = (text: string, inDimension?: boolean) => string;

// Puts the pseudonym in the place of an e-mail address and the like, and of the event's own subject.
function replacer(members: Members, types: EventTypes): Replace {
  const { subject, type } = members;
  const known = typeof subject === 'string' && !types.handling(type as string).plainSubject ? subject : undefined;
  return (text, inDimension = false) => {
    const free = replacePeople(text, types.pseudonym, inDimension);
    if (known === undefined || !free.includes(known) || !isParticular(known)) return free;
    return free.replaceAll(known, types.pseudonym(known));
  };
}

/**
 * Puts pseudonyms in the place of identifiers of people in the envelope: `id`, `source` and extension attributes. Returns the names
 * of the members that it replaced, in place. `type` must have been checked.
 */
export function concealEnvelope(members: Members, types: EventTypes): string[] {
  const replace = replacer(members, types);
  const replaced: string[] = [];
  for (const name in members) {
    const value = members[name];
    if (OTHERS.has(name) || value === null || typeof value === 'boolean' || (name === 'id' && isUuid(value as string)))
      continue;
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const free = replace(text);
    if (free === text) continue;
    members[name] = typeof value === 'object' ? JSON.parse(free) : free;
    replaced.push(name);
  }
  return replaced;
}

/** The same for members of `data` that roll-ups count by: a roll-up is kept for years. Changes the rows. */
export function concealDimensions(members: Members, { row, named }: Concealed, types: EventTypes): string[] {
  const { data } = members;
  if (typeof data !== 'object' || data === null) return [];
  const replace = replacer(members, types);
  const replaced: string[] = [];
  for (const { name, fields } of BY_DIMENSION) {
    const value = (data as Members)[name];
    if (value === undefined || value === null || freed(value, replace) === value) continue;
    const inText = (source: string) => {
      const parsed: unknown = JSON.parse(source);
      const free = freed(parsed, replace);
      return free === parsed ? source : JSON.stringify(free);
    };
    for (const one of [row, named]) if (one?.data) one.data = replaceFields(one.data, fields, inText) ?? one.data;
    replaced.push(name);
  }
  return replaced;
}

// The value itself if nothing is replaced. A roll-up reads the text of a value, and of an object (`rules`) the names of its members.
function freed(value: unknown, replace: Replace): unknown {
  if (typeof value === 'string') return replace(value, true);
  if (typeof value === 'number')
    return isShort(value) || replace(String(value), true) === String(value) ? value : replace(String(value), true);
  if (typeof value !== 'object' || value === null || isFree(value as Members, replace)) return value;
  if (Array.isArray(value)) return value.map((member) => freed(member, replace));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [replace(name, true), freed(member, replace)]));
}

// No telephone or CPF number has fewer digits.
const isShort = (value: number) => Number.isInteger(value) && Math.abs(value) < 1e9;

// Without building anything, for nearly every event.
function isFree(value: Members, replace: Replace): boolean {
  const hasNames = !Array.isArray(value);
  for (const name in value)
    if ((hasNames && replace(name, true) !== name) || freed(value[name], replace) !== value[name]) return false;
  return true;
}
