import { hash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { type JsonItem, sourcesOf } from '../../lib/json-items.ts';
import { namesPerson } from '../../lib/people.ts';
import { parseTime } from '../../lib/time.ts';
import { isUuid } from '../../lib/uuid.ts';
import { type EventRow, VALIDATION } from '../../sql/events/events.ts';
import type { EventTypes, Mismatch } from '../event-types/event-types.ts';
import { type Concealed, conceal } from '../privacy/pseudonyms.ts';
import { concealDimensions, concealEnvelope } from './identifiers.ts';
import { type Warning, warningsOn } from './warnings.ts';

/** Why an item is not stored as an event. `rejected`: it is not an event, or the mode of its type rejects it. */
export type Refusal = {
  status: 'quarantined' | 'rejected';
  code: string;
  detail: string;
  pointer?: string;
  id: string | null;
  type: string | null;
};

/** An event that can be stored, with the remarks and warnings for its receipt. */
export type Accepted = Concealed & { code?: string; detail?: string; warnings: Warning[] };

export type Judged = Accepted | Refusal;

export type Context = {
  keyId: string;
  keyName: string;
  types: EventTypes;
  maxEventBytes: number;
  /** Events before this instant (ms) are too old for the raw retention. */
  oldest: number;
  /** Current time (ms). */
  now: number;
  /** Values for the nth event where it has none of its own. Without this: a new UUIDv7, now (ms) and the name of the key. */
  defaults?: ((index: number) => Defaults) | undefined;
};

export type Defaults = { id: string; time: number; source: string };

const MAX_DEPTH = 64;
/** Each rule becomes a row. The limit keeps one tenant's events from slowing the flush that all tenants share. */
const MAX_RULES = 200;
const FUTURE_MS = 10 * 60_000;
const COLUMNS = new Set(['type', 'id', 'source', 'time', 'specversion', 'subject', 'data', 'tenantid', 'mirantereceivedat']);

/** Checks a CloudEvents 1.0 envelope and the type's schema, then conceals personal data. Throws SyntaxError if not JSON. */
export function readEvent(item: JsonItem, index: number, context: Context): Accepted | Refusal {
  const bytes = Buffer.byteLength(item.text);
  if (bytes > context.maxEventBytes)
    return refuse('rejected', 'event-too-large', `The event has ${bytes} bytes; the limit is ${context.maxEventBytes}.`);
  if (item.depth > MAX_DEPTH) return refuse('quarantined', 'too-deep', `The event is over ${MAX_DEPTH} levels deep.`);
  const event: unknown = JSON.parse(item.text);
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    return refuse('rejected', 'not-an-object', 'The event is not a JSON object.');
  }
  const members = event as Record<string, unknown>;
  const sent = { id: textOrNull(members.id), type: textOrNull(members.type) };
  const time = typeof members.time === 'string' ? parseTime(members.time) : undefined;
  const fault = faultOf(item, members, time);
  if (fault) return { ...fault, ...sent };
  // Before the key: an id that is derived from an e-mail address could be guessed back.
  const replaced = concealEnvelope(members, context.types).map((name) => `/${name}`);
  const key = keyOf(members, time, index, context);
  if (key.time > (context.now + FUTURE_MS) * 1000) {
    return { ...refuse('quarantined', 'in-future', '`time` is more than 10 minutes in the future.', '/time'), ...sent };
  }
  const oldest = Math.max(context.oldest, context.now - context.types.handling(sent.type as string).keptMs);
  if (key.time < oldest * 1000) {
    return {
      ...refuse('quarantined', 'too-old', '`time` is older than the retention of raw events, or of this type.', '/time'),
      ...sent,
    };
  }
  const mismatch = context.types.check(sent.type as string, members.data, bytes);
  if (mismatch && mismatch.mode !== 'observe') {
    const status = mismatch.mode === 'reject' ? 'rejected' : 'quarantined';
    return { ...refuse(status, 'schema-mismatch', mismatch.detail, mismatch.pointer), ...sent };
  }
  if (!isAbsent(members.data_base64) && context.types.handling(sent.type as string).fields) {
    const detail = 'This event type has personal fields, which cannot be pseudonymised in `data_base64`. Send `data` as JSON.';
    return { ...refuse('quarantined', 'unsupported-data', detail, '/data_base64'), ...sent };
  }
  const concealed = conceal(rowOf(item, members, key, bytes, context), context.types);
  if (!concealed) {
    return {
      ...refuse('quarantined', 'too-many-personal-values', 'The event has more than 1,000 personal values.', '/data'),
      ...sent,
    };
  }
  replaced.push(...concealDimensions(members, concealed, context.types).map((name) => `/data/${name}`));
  return { ...concealed, ...remarkOn(concealed, mismatch, key), warnings: warningsOn(members.data, mismatch, replaced) };
}

function remarkOn({ named }: Concealed, mismatch: Mismatch | undefined, key: Key): Pick<Accepted, 'code' | 'detail'> {
  if (named) return { code: 'consent-withdrawn', detail: 'Consent withdrawn: stored without subject and personal fields.' };
  if (mismatch) return { code: 'schema-mismatch', detail: mismatch.detail };
  return key.recognisable ? {} : { code: 'no-dedup-key', detail: 'Send `id` and `time`, or repetitions are stored again.' };
}

function refuse(status: Refusal['status'], code: string, detail: string, pointer?: string): Refusal {
  return { status, code, detail, ...(pointer === undefined ? {} : { pointer }), id: null, type: null };
}

function faultOf(item: JsonItem, members: Record<string, unknown>, time: number | undefined): Refusal | undefined {
  const walk = { members: 0, infinite: false, unstorable: false };
  visit(members, walk, item.text.includes('\\u'));
  if (walk.members !== item.members) return refuse('quarantined', 'duplicate-key', 'An object has a duplicate key.');
  if (walk.infinite || item.hugeExponent) {
    return refuse('quarantined', 'number-out-of-range', 'The event has a number outside the range of double precision.');
  }
  if (walk.unstorable) {
    return refuse(
      'quarantined',
      'unstorable-text',
      'The event has a string with U+0000 or an unpaired surrogate, which cannot be stored.',
    );
  }
  return envelopeFault(members, time);
}

function envelopeFault(members: Record<string, unknown>, parsedTime: number | undefined): Refusal | undefined {
  const { type, id, source, subject, time, specversion, data, data_base64: base64 } = members;
  if (typeof type !== 'string' || type === '') return refuse('rejected', 'type-missing', '`type` is missing.', '/type');
  if (namesPerson(type, true))
    return refuse('quarantined', 'personal-identifier', '`type` holds an identifier of a person.', '/type');
  if (isLonger(type, 200)) return refuse('quarantined', 'invalid-type', '`type` is longer than 200 characters.', '/type');
  if (!isText(id, 200)) return refuse('quarantined', 'invalid-id', '`id` must be a string of 1 to 200 characters.', '/id');
  if (!isText(source, 500))
    return refuse('quarantined', 'invalid-source', '`source` must be a string of 1 to 500 characters.', '/source');
  if (!isText(subject, 500))
    return refuse('quarantined', 'invalid-subject', '`subject` must be a string of 1 to 500 characters.', '/subject');
  if (!isAbsent(specversion) && specversion !== '1.0') {
    return refuse('quarantined', 'unsupported-specversion', '`specversion` must be "1.0".', '/specversion');
  }
  if (!isAbsent(time) && parsedTime === undefined) {
    return refuse('quarantined', 'invalid-time', '`time` must be RFC 3339 with offset, e.g. 2026-01-31T12:00:00Z.', '/time');
  }
  const { rules } = (data ?? {}) as { rules?: unknown };
  if (type === VALIDATION && typeof rules === 'object' && rules !== null && Object.keys(rules).length > MAX_RULES) {
    return refuse('quarantined', 'too-many-rules', `The validation has more than ${MAX_RULES} rules.`, '/data/rules');
  }
  if (!isAbsent(base64)) {
    if (!isAbsent(data)) return refuse('quarantined', 'invalid-data', 'Send only `data` or `data_base64`.', '/data_base64');
    if (typeof base64 !== 'string' || !BASE64.test(base64))
      return refuse('quarantined', 'invalid-data', '`data_base64` must be Base64 (RFC 4648, section 4).', '/data_base64');
  }
  return undefined;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const isAbsent = (value: unknown) => value === undefined || value === null;
const isText = (value: unknown, most: number) =>
  isAbsent(value) || (typeof value === 'string' && value.length > 0 && !isLonger(value, most));
// Counts characters only for a text with more UTF-16 units than allowed, but at most twice as many.
const isLonger = (text: string, most: number) => text.length > most && (text.length > 2 * most || [...text].length > most);
const textOrNull = (value: unknown) => (typeof value === 'string' ? value : null);

function visit(value: unknown, walk: { members: number; infinite: boolean; unstorable: boolean }, escapes: boolean): void {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) walk.infinite = true;
  } else if (typeof value === 'string') {
    if (escapes && isUnstorable(value)) walk.unstorable = true;
  } else if (Array.isArray(value)) {
    for (const element of value) visit(element, walk, escapes);
  } else if (typeof value === 'object' && value !== null) {
    for (const key in value) {
      walk.members++;
      if (escapes && isUnstorable(key)) walk.unstorable = true;
      visit((value as Record<string, unknown>)[key], walk, escapes);
    }
  }
}

function isUnstorable(text: string): boolean {
  return text.includes('\u0000') || !text.isWellFormed();
}

type Key = { id: string; eventId: string | null; time: number; source: string; recognisable: boolean };

// The stored key is tenant, time and id. The id is the event's own if that is a UUID, else a UUIDv8 from hashed source and id.
function keyOf(members: Record<string, unknown>, time: number | undefined, index: number, context: Context): Key {
  const defaults = context.defaults?.(index);
  const source = (members.source as string | null | undefined) ?? defaults?.source ?? context.keyName;
  const fallback = (defaults?.time ?? context.now) * 1000;
  const sentId = members.id as string | null | undefined;
  if (sentId === undefined || sentId === null) {
    return {
      id: defaults?.id ?? uuidv7(),
      eventId: null,
      time: time ?? fallback,
      source,
      recognisable: defaults !== undefined,
    };
  }
  const lower = sentId.toLowerCase();
  const hasUuid = isUuid(lower);
  const id = hasUuid ? lower : derivedId(source, sentId);
  const ownTime = hasUuid && id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) * 1000 : undefined;
  const known = time ?? ownTime;
  const recognisable = known !== undefined || defaults !== undefined;
  return { id, eventId: id === sentId ? null : sentId, time: known ?? fallback, source, recognisable };
}

/** Returns a UUIDv8 (RFC 9562) from SHA-256 of two texts. */
export function derivedId(first: string, second: string): string {
  const hex = hash('sha256', `${first.length}:${first}${second}`, 'hex');
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function rowOf(item: JsonItem, members: Record<string, unknown>, key: Key, bytes: number, context: Context): EventRow {
  const { data } = members;
  const { duration_ms: duration, outcome } = (data ?? {}) as Record<string, unknown>;
  return {
    keyId: context.keyId,
    id: key.id,
    time: key.time,
    type: members.type as string,
    source: key.source,
    eventId: key.eventId,
    subject: (members.subject as string | null | undefined) ?? null,
    outcome: outcome === 'success' || outcome === 'failure' ? outcome : null,
    durationMs: typeof duration === 'number' && duration >= 0 ? duration : null,
    bytes,
    data: isAbsent(data) ? null : (item.data ?? JSON.stringify(data)),
    attributes: attributesOf(item, members),
  };
}

// Returns JSON text. Numbers keep the digits that were sent; JSON.parse may have rounded them.
function attributesOf(item: JsonItem, members: Record<string, unknown>): string | null {
  const names = Object.keys(members).filter((name) => !COLUMNS.has(name) && members[name] !== null);
  if (names.length === 0) return null;
  const isText = names.every((name) => typeof members[name] === 'string');
  const sources = isText ? undefined : new Map(sourcesOf(item.text));
  return `{${names.map((name) => `${JSON.stringify(name)}:${(typeof members[name] === 'string' ? undefined : sources?.get(name)) ?? JSON.stringify(members[name])}`).join(',')}}`;
}
