import leven from 'leven';
import { type ZodType, z } from 'zod';
import { expectation } from './expectations.ts';
import { isSecretName, withoutShapedSecrets } from './redact.ts';

/** One fault of an input: its path, a code of the schema library or ours, and a sentence for people. */
export type InputFault = { path: PropertyKey[]; code: string; detail: string };

type Issue = z.core.$ZodIssue;
type Options = {
  /** Name of the input as a whole. */
  whole?: string;
  /** Name of one member of the input. */
  member?: string;
  /** True for members whose values are not shown. */
  isSecret?: (name: string) => boolean;
  /** The name under which a member was sent. */
  sentAs?: (name: string) => string;
};
type Place = Required<Options> & { path: PropertyKey[]; input: unknown };

const MAX_SHOWN = 40;
const MAX_LISTED = 15;
/** Maximum faults, and unknown names of one object. More would not help, and would make the response larger than the input. */
const MAX_FAULTS = 100;
const MAX_UNKNOWN = 10;
/** Maximum faults that get a message, including those of union alternatives that are not shown. */
const MAX_WORDED = 2_000;
/** Greatest number of edits by which a misspelt name differs from the one that was meant. */
const MAX_EDITS = 2;

/**
 * Parses an input by a schema. Returns its data, or faults in our own sentences, never the schema library's. A schema's own
 * message that begins in lower case follows the member's name: `must be an origin`.
 */
export function readInput<T>(
  schema: ZodType<T>,
  input: unknown,
  { whole = 'The input', member = 'member', isSecret = isSecretName, sentAs = (name) => name }: Options = {},
): { data: T; faults?: never } | { data?: never; faults: InputFault[] } {
  const place = { path: [], input, whole, member, isSecret, sentAs };
  let left = MAX_WORDED;
  const result = schema.safeParse(input, { error: (issue) => (left-- > 0 ? predicateOf(issue, place) : 'is not valid') });
  if (result.success) return { data: result.data };
  const faults = result.error.issues.slice(0, MAX_FAULTS).map((issue) => ({
    path: issue.path,
    code: codeOf(issue),
    detail: sentenceOf(issue, place),
  }));
  // A value can fail two checks that have the same sentence, e.g. a UUID in upper case.
  const distinct = new Map(faults.map((fault) => [JSON.stringify([fault.path.map(String), fault.code, fault.detail]), fault]));
  return { faults: [...distinct.values()] };
}

/** The text in quotes, safe for a message: at most 40 characters, no recognisable secrets, no control characters. */
export function quoted(text: string): string {
  const start = [...withoutShapedSecrets(text.slice(0, 1_000).toWellFormed())];
  const shown = start.length > MAX_SHOWN ? `${start.slice(0, MAX_SHOWN).join('')}…` : start.join('');
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The path to a member as messages name it: `"filter.type"`, `"notify[3]"`. */
export function nameOf(path: readonly PropertyKey[]): string {
  const steps = path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${String(step)}`));
  return quoted(steps.join(''));
}

/** A hint with the nearest known name; empty if none is near. */
export function didYouMean(name: string, known: readonly string[], sentAs = (near: string) => near): string {
  const near = known.map((one) => [leven(name.slice(0, 100), one), one] as const).sort(([a], [b]) => a - b)[0];
  if (!near || near[0] > Math.min(MAX_EDITS, Math.ceil(name.length / 3))) return '';
  return ` Did you mean ${quoted(sentAs(near[1]))}?`;
}

const codeOf = (issue: Issue) =>
  issue.code === 'custom' && issue.params?.code ? String(issue.params.code) : issue.code.replaceAll('_', '-');

// The text after the member's name. It becomes the message of each issue whose schema has none of its own.
function predicateOf(issue: z.core.$ZodRawIssue, place: Place): string {
  const schema = (issue.schema ?? issue.inst) as ZodType | undefined;
  if (issue.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const keys = issue.keys as string[];
    const sentences = keys.slice(0, MAX_UNKNOWN).map((key) => unknownName(key, known, place));
    return [...sentences, ...(keys.length > MAX_UNKNOWN ? [`${keys.length - MAX_UNKNOWN} more are unknown.`] : [])].join(' ');
  }
  if (issue.code === 'invalid_format' && issue.format === 'lowercase') return 'must be in lower case';
  if (issue.code === 'invalid_union' && issue.options) return `must be one of ${(issue.options as string[]).join(', ')}`;
  if (issue.code === 'not_multiple_of') return `must be a multiple of ${issue.divisor}`;
  if (issue.code === 'custom' || issue.code === 'invalid_element') return 'is not valid';
  return `must be ${expectation(schema)}`;
}

function unknownName(name: string, known: string[], { member, sentAs }: Place): string {
  const bare = /^filter\[(.*)\]$/s.exec(name)?.[1] ?? name;
  const hint = didYouMean(bare, known, sentAs);
  const listed = known.map(sentAs).join(', ');
  const all = hint === '' && known.length > 0 && known.length <= MAX_LISTED ? ` Known are: ${listed}.` : '';
  return `${quoted(name)} is not a known ${member}.${hint || all}`;
}

function sentenceOf(issue: Issue, place: Place): string {
  const path = [...place.path, ...issue.path];
  const subject =
    path.length === 0
      ? place.whole
      : nameOf(path.map((step, index) => (index === 0 && typeof step === 'string' ? place.sentAs(step) : step)));
  if (issue.code === 'unrecognized_keys') return issue.message;
  if (issue.code === 'invalid_key') {
    const name = String(path.at(-1));
    return `The name ${quoted(name)} ${issue.issues[0]?.message ?? 'is not valid'}; it has ${counted([...name].length, 'character')}.`;
  }
  const value = valueAt(place.input, path);
  if (value === undefined && issue.code !== 'custom') {
    const words = /^must be (one of|["\d])/.test(issue.message) ? ` It ${issue.message}.` : '';
    return `${subject} is missing.${words}`;
  }
  const closest = issue.code === 'invalid_union' ? closestOf(issue.errors, value) : undefined;
  if (closest) return sentenceOf(closest, { ...place, path });
  if (!/^[a-z]/.test(issue.message)) return issue.message;
  if (!issue.message.startsWith('must ')) return `${subject} ${issue.message}.`;
  return `${subject} ${issue.message}${shown(
    issue,
    value,
    path.some((step) => place.isSecret(String(step))),
  )}.`;
}

// The first fault of the alternative that fits the value best; undefined if the value has none of their types.
function closestOf(choices: Issue[][], value: unknown): Issue | undefined {
  const faults = choices.filter((issues) => issues.every(({ code, path }) => code !== 'invalid_type' || path.length > 0));
  // An object that lacks a member fits an alternative less than one with a wrong value.
  const missing = (issues: Issue[]) => issues.filter(({ path }) => valueAt(value, path) === undefined).length;
  return faults.toSorted((a, b) => missing(a) - missing(b) || a.length - b.length)[0]?.[0];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let at = input;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

function shown(issue: Issue, value: unknown, isSecret: boolean): string {
  const isSize = issue.code === 'too_small' || issue.code === 'too_big';
  if (isSize && typeof value === 'string' && issue.origin === 'string') {
    return value === '' ? '; it is empty' : `; it has ${counted([...value].length, 'character')}`;
  }
  if (isSize && Array.isArray(value)) return value.length === 0 ? '; it is empty' : `; it has ${counted(value.length, 'item')}`;
  if (isSecret) return '';
  return `; it is ${shownValue(value, / number/.test(issue.message))}`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

// A number in a query is text too; it is shown as a number.
function shownValue(value: unknown, asNumber: boolean): string {
  if (typeof value === 'string') return asNumber && /^-?\d{1,20}(\.\d{1,20})?$/.test(value) ? value : quoted(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
