import { setImmediate } from 'node:timers/promises';
import { cutItems, cutLines, type JsonItem } from '../../lib/json-items.ts';
import { withTenant } from '../../sql/database/db.ts';
import { compareEvents } from '../../sql/events/events.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { emptyBatch, invalidJson, Problem, tooLarge, unauthenticated, unavailable } from '../http/problems.ts';
import type { Reply } from '../http/types.ts';
import { type Accepted, type Context, type Defaults, derivedId, type Judged, type Refusal, readEvent } from './envelope.ts';
import type { EventForm } from './event-form.ts';
import type { StoreOutcome } from './group-commit.ts';
import { badArray, badItem, mistakenLines } from './json-fault.ts';
import { keepRefused, keepWhole } from './keep-refused.ts';
import { countItems, type ReceiptItem, totalsOf } from './receipt.ts';

/** Dependencies of receiving events. */
export type ReceiveDeps = Pick<Deps, 'config' | 'intake' | 'limits' | 'types' | 'groupCommit'> & {
  live: Pick<Deps['live'], 'stored'>;
  answers: Pick<Deps['answers'], 'forget'>;
  openMetrics: Pick<Deps['openMetrics'], 'countEvents'>;
};

/**
 * The only way from bytes to a receipt: parse, judge, store, quarantine, answer. Returns status and body of the answer, after
 * the commit. `once` names an Idempotency-Key: missing ids and times of events are derived from it, so that a second run after
 * a crash recognises the first one's events. Throws a Problem if the body is unreadable, a limit is reached or the buffer is
 * full.
 */
export async function receive(
  deps: ReceiveDeps,
  identity: Identity,
  body: Buffer,
  form: EventForm,
  whole: boolean,
  reserve: (bytes: number) => void,
  once?: { key: string; first: Date },
): Promise<Reply> {
  const defaults =
    once &&
    ((index: number) => ({
      id: derivedId(`${identity.tenantId} ${once.key}`, String(index)),
      time: once.first.getTime(),
      source: identity.keyName,
    }));
  // Includes the time, because a day later the same key may name another request.
  const known = once && {
    receivedAt: once.first,
    idOf: (index: number) => derivedId(`${identity.tenantId} ${once.key} ${once.first.toISOString()}`, String(index)),
  };
  try {
    const text = form.text(body);
    const items = cut(text, form, deps.config.MAX_EVENTS_PER_REQUEST);
    await deps.limits.events(identity, items.length);
    deps.limits.within('monthly-events', identity);
    let broken = 0;
    const onBadJson = (index: number): Refusal => {
      if (form.kind !== 'lines') throw badItem(text, items[index] as JsonItem, index);
      if (++broken === items.length) throw invalidJson('No line can be parsed.');
      return { status: 'rejected', code: 'invalid-json', detail: 'The line cannot be parsed.', id: null, type: null };
    };
    const judged = await judge(deps, identity, items, defaults, onBadJson);
    if (judged.some((verdict) => !('row' in verdict))) deps.limits.within('quarantine', identity);
    reserve(growthOf(judged));
    const receipt = await store(deps, identity, judged, items, defaults);
    await keepRefused(deps, identity, items, judged, receipt, known);
    return answer(deps, identity, receipt, whole);
  } catch (error) {
    if (error instanceof Problem && (error.code === 'invalid-json' || error.code === 'invalid-encoding')) {
      await keepWhole(deps, identity, body, error, known);
    }
    throw error;
  }
}

// A pseudonym may be longer than the value that it replaces.
function growthOf(judged: Judged[]): number {
  return acceptedOf(judged).reduce((sum, { row }) => sum + Math.max(0, (row.data?.length ?? 0) - row.bytes), 0);
}

function cut(text: string, form: EventForm, most: number): JsonItem[] {
  const lines = form.kind === 'json' ? mistakenLines(text) : undefined;
  if (lines) throw lines;
  const items = form.kind === 'lines' ? cutLines(text, most) : cutItems(text, most);
  if (!items) throw badArray(text);
  if (form.kind === 'json' && items.length === 1 && items[0]?.text === '') throw invalidJson('The body is empty.');
  if (items.length === 0) throw emptyBatch();
  if (items.length > most) throw tooLarge(`A request may hold ${most} events.`);
  return items;
}

function answer(deps: ReceiveDeps, identity: Identity, receipt: ReceiptItem[], whole: boolean): Reply {
  const counts = countItems(receipt);
  deps.limits.spend('monthly-events', identity, counts.accepted);
  deps.openMetrics.countEvents(counts);
  const body = {
    ...totalsOf(receipt),
    warnings: receipt.flatMap(({ index, warnings = [] }) => warnings.map((warning) => ({ index, ...warning }))),
    items: receipt.filter(({ status }) => whole || status !== 'accepted').map(({ warnings: _, ...item }) => item),
  };
  return { status: counts.accepted + counts.duplicate + counts.quarantined > 0 ? 202 : 422, body };
}

/** How often events are concealed again, because a withdrawal was committed meanwhile. */
const MAX_STALE = 5;

const neverBad = (): never => {
  throw new Error('An item that was JSON is not any more.');
};

/** Longest time that judging one request blocks other requests. */
const TURN_MS = 20;

/** Judges items one by one. `onBadJson` returns the refusal of an item that is not JSON, or throws. */
export async function judge(
  deps: ReceiveDeps,
  identity: Identity,
  items: JsonItem[],
  defaults: Context['defaults'],
  onBadJson: (index: number) => Refusal,
): Promise<Judged[]> {
  const now = Date.now();
  const context: Context = {
    keyId: identity.keyId,
    keyName: identity.keyName,
    types: await deps.types.of(identity.tenantId),
    maxEventBytes: deps.config.MAX_EVENT_BYTES,
    oldest:
      now - Math.min(deps.config.RAW_RETENTION_DAYS, identity.rawRetentionDays ?? Number.POSITIVE_INFINITY) * 24 * 3600_000,
    now,
    defaults,
  };
  const judged: Judged[] = [];
  let since = now;
  for (const [index, item] of items.entries()) {
    // The schemas of one tenant may be slow for each event; other requests run between events.
    if (Date.now() - since > TURN_MS) {
      await setImmediate();
      since = Date.now();
    }
    judged.push(judgeOne(item, index));
  }
  return judged;

  function judgeOne(item: JsonItem, index: number): Judged {
    try {
      const verdict = readEvent(item, index, context);
      if ('row' in verdict) verdict.row.privacyVersion = context.types.version;
      return verdict;
    } catch (error) {
      if (error instanceof SyntaxError) return onBadJson(index);
      throw error;
    }
  }
}

/** Stores the accepted events and returns an item for each event, after the commit. Does not quarantine anything. */
export async function store(
  deps: ReceiveDeps,
  identity: Identity,
  judged: Judged[],
  items: JsonItem[],
  defaults: Context['defaults'],
): Promise<ReceiptItem[]> {
  const told = new Map<number, StoreOutcome>();
  let left = judged.flatMap((verdict, index) => ('row' in verdict ? [index] : []));
  for (let turn = 0; left.length > 0; turn++) {
    const stored = await deps.groupCommit.store(left.map((index) => (judged[index] as Accepted).row));
    for (const [place, index] of left.entries()) told.set(index, stored[place]);
    const stale = left.filter((_, place) => stored[place] === 'stale');
    if (stale.length === 0) break;
    if (turn === MAX_STALE) throw unavailable('The tenant’s privacy settings change too often. Send the events again.');
    // Somebody withdrew consent, or destroyed the key, through another process.
    deps.types.forget(identity.tenantId);
    const again = (place: number) => defaults?.(stale[place] as number) as Defaults;
    const fresh = await judge(
      deps,
      identity,
      stale.map((index) => items[index] as JsonItem),
      defaults && again,
      neverBad,
    );
    for (const [place, index] of stale.entries()) judged[index] = fresh[place] as Judged;
    left = stale.filter((index) => 'row' in (judged[index] as Judged));
  }
  const accepted = acceptedOf(judged);
  const outcomes = judged.flatMap((verdict, index) => ('row' in verdict ? [told.get(index)] : []));
  await recognise(deps, identity, accepted, outcomes);
  deps.answers.forget(identity.tenantId);
  deps.live.stored(
    identity.tenantId,
    accepted.flatMap(({ row }, at) => (outcomes[at] === undefined ? [row] : [])),
  );
  let next = 0;
  return judged.map((verdict, index): ReceiptItem => {
    if (!('row' in verdict)) return refused(verdict, index);
    const outcome = outcomes[next++];
    const id = verdict.row.eventId ?? verdict.row.id;
    if (outcome === undefined) return { index, id, status: 'accepted', ...remark(verdict) };
    if (outcome === 'unauthenticated') throw unauthenticated('The key has been revoked or has expired. Use another key.');
    if (outcome === 'duplicate') return { index, id, status: 'duplicate' };
    if (outcome === 'stale') throw unavailable('The event was not stored. Send it again.');
    if (outcome === 'conflict') {
      return {
        index,
        id,
        status: 'conflict',
        code: 'conflict',
        detail: 'A different event with this id and time is already stored. Send it with a new id.',
      };
    }
    return { index, id, status: 'quarantined', code: 'not-storable', detail: outcome.refused };
  });
}

/** Returns the accepted events. */
export function acceptedOf(judged: Judged[]): Accepted[] {
  return judged.filter((verdict) => 'row' in verdict);
}

/**
 * Turns conflicts into duplicates for events that were stored before their subject withdrew consent and are sent again. Each is
 * compared in the form in which it would have been stored then.
 */
export async function recognise(
  deps: ReceiveDeps,
  identity: Identity,
  accepted: Accepted[],
  outcomes: StoreOutcome[],
): Promise<void> {
  const doubtful = accepted.flatMap(({ named }, at) => (named && outcomes[at] === 'conflict' ? [{ named, at }] : []));
  if (doubtful.length === 0) return;
  const rows = doubtful.map(({ named }) => named);
  const known = await withTenant(deps.intake, identity.tenantId, (client) => compareEvents(client, rows));
  for (const [place, { at }] of doubtful.entries()) outcomes[at] = known.get(place) ?? 'conflict';
}

/** Returns the receipt item of a refusal. */
export function refused({ type: _, ...verdict }: Refusal, index: number): ReceiptItem {
  return { index, ...verdict };
}

function remark({ code, detail, warnings }: Accepted): Pick<ReceiptItem, 'code' | 'detail' | 'warnings'> {
  return {
    ...(code !== undefined && { code }),
    ...(detail !== undefined && { detail }),
    ...(warnings.length > 0 && { warnings }),
  };
}
