import { isUtf8 } from 'node:buffer';
import { decodings } from '../../lib/decodings.ts';
import { type Fields, sourcesAt } from '../../lib/json-fields.ts';
import { cutItems } from '../../lib/json-items.ts';
import { isParticular, spellingsOf, wordPattern } from '../../lib/people.ts';
import { DIMENSIONS } from '../events/about.ts';
import type { Person } from './place.ts';

/** The personal fields of a type's `data`, of all its versions; undefined if it declares none. */
export type FieldsOf = (type: string) => Fields | undefined;

/** A part of refused input: an item of an array or a line, and the bytes that it takes. */
type Part = { text: string; from: number; to: number };

/**
 * What refused input has of a person. `items`: the person's events alone, as they were sent; `rest`: the input without them, null if
 * nothing is left. `doubt`: what is left names the person where only people can judge it; `cuts`: the bytes of `rest` that do, if
 * they can be told apart.
 */
export type PersonFinding = { items: string[]; rest: Buffer | null; doubt: boolean; cuts: [number, number][] };

const ENVELOPE = new Set(['type', 'time', 'specversion', 'subject', 'data', 'data_base64', 'datacontenttype', 'dataschema']);

/** Judges refused input, which is bytes: whole or truncated, JSON or not. `fieldsOf` names the positions that identify people. */
export function findIn(raw: Buffer, person: Person, fieldsOf: FieldsOf): PersonFinding {
  const { parts, kind } = partsOf(raw);
  // Latin-1 is a guess, so what it makes of the bytes is for people to judge.
  const mine = isUtf8(raw) ? parts.filter(({ text }) => isAbout(text, person, fieldsOf)) : [];
  const others = parts.filter((part) => !mine.includes(part));
  const rest = mine.length === 0 ? raw : joined(others, kind);
  if (!rest) return { items: mine.map(({ text }) => text), rest, doubt: false, cuts: [] };
  const now = mine.length === 0 ? parts : partsOf(rest).parts;
  const doubtful = now.filter(({ text, from, to }) => isDoubtful(text, rest.subarray(from, to), person));
  const apart = doubtful.length > 0 && doubtful.length < now.length;
  const cuts = apart
    ? doubtful.map(({ from, to }): [number, number] => [from, to])
    : doubtful.length > 0
      ? spellings(rest, person)
      : [];
  return { items: mine.map(({ text }) => text), rest, doubt: doubtful.length > 0, cuts };
}

function partsOf(raw: Buffer): { parts: Part[]; kind: 'array' | 'lines' | 'one' } {
  if (!isUtf8(raw)) return { parts: linesOf(raw), kind: 'lines' };
  const text = raw.toString('utf8');
  const first = text.trimStart()[0];
  const items = first === '[' ? cutItems(text, Number.POSITIVE_INFINITY) : undefined;
  if (items) {
    let [letters, bytes] = [0, 0];
    const parts = items.map(({ text: item, start }): Part => {
      bytes += Buffer.byteLength(text.slice(letters, start));
      letters = start;
      return { text: item, from: bytes, to: bytes + Buffer.byteLength(item) };
    });
    return { parts, kind: 'array' };
  }
  // An event may be written over several lines.
  if (parsed(text) !== undefined) return { parts: [{ text, from: 0, to: raw.length }], kind: 'one' };
  return { parts: linesOf(raw), kind: 'lines' };
}

function linesOf(raw: Buffer): Part[] {
  // The two bytes of a line feed in UTF-16, whichever comes first.
  const wide = raw.includes(Buffer.from([10, 0])) ? [10, 0] : raw.includes(Buffer.from([0, 10])) ? [0, 10] : [10];
  const parts: Part[] = [];
  for (let from = 0; from < raw.length; ) {
    const at = raw.indexOf(Buffer.from(wide), from);
    const to = at < 0 ? raw.length : at;
    if (to > from) parts.push({ text: raw.toString(isUtf8(raw) ? 'utf8' : 'latin1', from, to), from, to });
    from = at < 0 ? raw.length : at + wide.length;
  }
  return parts;
}

function joined(parts: Part[], kind: 'array' | 'lines' | 'one'): Buffer | null {
  if (parts.length === 0) return null;
  const texts = parts.map(({ text }) => text);
  return Buffer.from(kind === 'array' ? `[${texts.join(',')}]` : texts.join('\n'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the source text of one event has the person in a position that identifies people. */
function isAbout(text: string, { subject, hash }: Pick<Person, 'subject' | 'hash'>, fieldsOf: FieldsOf): boolean {
  const event = parsed(text);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return false;
  const members = event as Record<string, unknown>;
  const names = [...spellingsOf(subject), hash];
  // The last of two members with one name is the one that JSON.parse keeps; isDoubtful() sees the others.
  if (names.includes(String(members.subject))) return true;
  const pattern = new RegExp(wordPattern(isParticular(subject) ? names : [hash]), 'iu');
  const envelope = Object.entries(members).filter(([name]) => !ENVELOPE.has(name));
  const texts = [members.type, ...envelope.map(([, value]) => value)];
  if (texts.some((value) => pattern.test(textOf(value)))) return true;
  const data = cutItems(text, 1)?.[0]?.data ?? JSON.stringify(members.data ?? null);
  return isNamedInData(String(members.type), data, { subject, hash }, fieldsOf);
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Whether the JSON text `data` of an event has the person in a declared field, or, if the identifier is particular, in a dimension. */
export function isNamedInData(
  type: string,
  data: string,
  { subject, hash }: Pick<Person, 'subject' | 'hash'>,
  fieldsOf: FieldsOf,
): boolean {
  const fields = fieldsOf(type);
  if (fields && isInFields(data, fields, [...spellingsOf(subject), hash])) return true;
  const value = parsed(data);
  if (!isParticular(subject) || typeof value !== 'object' || value === null) return false;
  const pattern = new RegExp(wordPattern(spellingsOf(subject)), 'iu');
  return DIMENSIONS.some((name) => pattern.test(textOf((value as Record<string, unknown>)[name])));
}

/** Whether one of the values that the fields name is one of the names. Numbers are compared by the digits that were sent. */
export function isInFields(data: string, fields: Fields, names: readonly string[]): boolean {
  return sourcesAt(data, fields).some((source) => {
    if (names.includes(source)) return true;
    const value = parsed(source);
    return typeof value === 'string' ? names.includes(value) : names.some((name) => source.includes(JSON.stringify(name)));
  });
}

// A particular identifier is doubtful wherever it occurs. Another one only in what cannot be parsed, and only as the text of a
// value: a number that happens to be the same says nothing about anybody.
function isDoubtful(text: string, raw: Buffer, { subject, hash }: Person): boolean {
  const isEvent = parsed(text) !== undefined;
  const word = wordPattern(isParticular(subject) || !isEvent ? [...spellingsOf(subject), hash] : [hash]);
  const bare = !isEvent && !isParticular(subject);
  const digits = /^[\d.,-]+$/.test(subject);
  const pattern = bare && digits ? `subject["']?\\s*(?:[:=]|=>)\\s*["']?${word}|["']${word}["']` : word;
  const looked = new RegExp(pattern, 'iu');
  const twice = isEvent && /"subject"\s*:.*"subject"\s*:/s.test(text) && text.includes(JSON.stringify(subject));
  return twice || [...decodings(raw)].some((found) => looked.test(found));
}

// Where the identifier itself is written plainly, in UTF-8, Latin-1 or UTF-16.
function spellings(raw: Buffer, { subject, hash }: Person): [number, number][] {
  const text = raw.toString('latin1').toLowerCase();
  const found: [number, number][] = [];
  for (const name of [...spellingsOf(subject), hash]) {
    const wide = Buffer.from(name, 'utf16le');
    for (const bytes of [Buffer.from(name), Buffer.from(name, 'latin1'), wide, Buffer.from(wide).swap16()]) {
      const wanted = bytes.toString('latin1').toLowerCase();
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length))
        if (!found.some(([from, to]) => at < to && at + wanted.length > from)) found.push([at, at + wanted.length]);
    }
  }
  return found.sort(([a], [b]) => a - b);
}
