import { endOfString, endOfValue, skipSpace } from './json-items.ts';

/** The name that a step of a JSON Pointer (RFC 6901) stands for. */
export const nameOfStep = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~');

/** JSON Pointers as a tree. `whole`: the value itself is personal; otherwise members of it are, by name. */
export type Fields = { whole: boolean; members: Map<string, Fields> };

/** A JSON Pointer (RFC 6901) of at least one step. */
export const POINTER = /^(\/([^~/]|~[01])*)+$/;

/** Each value becomes a hash of 30 bytes. The limit keeps a small event from becoming a large one. */
const MAX_VALUES = 1_000;

const COMMA = 44;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Returns the tree of some pointers; undefined if there are none. */
export function compileFields(pointers: readonly string[]): Fields | undefined {
  if (pointers.length === 0) return undefined;
  const root: Fields = { whole: false, members: new Map() };
  for (const pointer of pointers) {
    let at = root;
    for (const step of pointer.split('/').slice(1)) {
      const name = nameOfStep(step);
      const next: Fields = at.members.get(name) ?? { whole: false, members: new Map() };
      at.members.set(name, next);
      at = next;
    }
    at.whole = true;
  }
  return root;
}

/**
 * Returns the JSON text with `replace` applied to the source text of each value that a pointer names. Other text is unchanged.
 * A step `*` matches every item of an array. Returns undefined for more than `most` values. The text must be valid JSON.
 */
export function replaceFields(
  text: string,
  root: Fields,
  replace: (source: string) => string,
  most = MAX_VALUES,
): string | undefined {
  let at = 0;
  let copied = 0;
  let replaced = '';
  let values = 0;
  walk([root]);
  return values > most ? undefined : replaced + text.slice(copied);

  // Walks one value; `fields` are the nodes of the tree that match it.
  function walk(fields: Fields[]): void {
    const start = skipSpace(text, at);
    const open = text.charCodeAt(start);
    if (fields.some(({ whole }) => whole)) {
      at = endOfValue(text, start);
      if (++values > most) return;
      replaced += text.slice(copied, start) + replace(text.slice(start, at));
      copied = at;
    } else if (fields.length > 0 && (open === OPEN_BRACE || open === OPEN_BRACKET)) {
      walkParts(fields, start, open === OPEN_BRACE);
    } else {
      at = endOfValue(text, start);
    }
  }

  function walkParts(fields: Fields[], start: number, isObject: boolean): void {
    at = skipSpace(text, start + 1);
    for (let index = 0; !isClose(text.charCodeAt(at)); index++) {
      if (isObject) {
        const end = endOfString(text, at) + 1;
        const name = JSON.parse(text.slice(at, end)) as string;
        at = text.indexOf(':', end) + 1;
        walk(below(fields, name));
      } else {
        walk([...below(fields, '*'), ...below(fields, String(index))]);
      }
      at = skipSpace(text, at);
      if (text.charCodeAt(at) === COMMA) at = skipSpace(text, at + 1);
    }
    at++;
  }
}

const below = (fields: Fields[], name: string) => fields.flatMap(({ members }) => members.get(name) ?? []);
const isClose = (code: number) => code === CLOSE_BRACE || code === CLOSE_BRACKET;

/** The source texts of the values that the pointers name. The text must be valid JSON. */
export function sourcesAt(text: string, root: Fields): string[] {
  const found: string[] = [];
  const note = (source: string) => {
    found.push(source);
    return source;
  };
  replaceFields(text, root, note, Number.POSITIVE_INFINITY);
  return found;
}
