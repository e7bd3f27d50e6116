import { setImmediate } from 'node:timers/promises';
import { withTenant } from '../../sql/database/db.ts';
import { compareEvents } from '../../sql/events/events.ts';
import { type FirstReceipt, type NewQuarantined, quarantine } from '../../sql/quarantine/quarantine.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { unauthenticated } from '../http/problems.ts';
import { type Accepted, type Context, type Refusal, readEvent, type Warning } from './envelope.ts';
import type { Outcome } from './group-commit.ts';
import type { JsonItem } from './json-items.ts';

export type ItemStatus = 'accepted' | 'duplicate' | 'conflict' | 'quarantined' | 'rejected';

/** What became of one event of a request. */
export type ReceiptItem = {
  index: number;
  id: string | null;
  status: ItemStatus;
  code?: string;
  detail?: string;
  pointer?: string;
  /** Of an accepted event. */
  warnings?: Warning[];
};

/** Longest that judging one request keeps the others waiting, between two events. */
const TURN_MS = 20;

export type Judged = Accepted | Refusal;

/** Judges items one by one. `onBadJson` says what an item that is not JSON becomes, or throws. */
export async function judge(
  deps: Deps,
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
    // Schemas of one tenant may take their time for each event; everybody else's requests go on between them.
    if (Date.now() - since > TURN_MS) {
      await setImmediate();
      since = Date.now();
    }
    judged.push(judgeOne(item, index));
  }
  return judged;

  function judgeOne(item: JsonItem, index: number): Judged {
    try {
      return readEvent(item, index, context);
    } catch (error) {
      if (error instanceof SyntaxError) return onBadJson(index);
      throw error;
    }
  }
}

/** Stores what is fit to be stored and says what became of each; returns after the commit. Nothing is quarantined here. */
export async function store(deps: Deps, identity: Identity, judged: Judged[]): Promise<ReceiptItem[]> {
  const accepted = acceptedOf(judged);
  const outcomes = await deps.groupCommit.store(accepted.map(({ row }) => row));
  await recognise(deps, identity, accepted, outcomes);
  deps.answers.forget(identity.tenantId);
  let next = 0;
  return judged.map((verdict, index): ReceiptItem => {
    if (!('row' in verdict)) return refused(verdict, index);
    const outcome = outcomes[next++];
    const id = verdict.row.eventId ?? verdict.row.id;
    if (outcome === undefined) return { index, id, status: 'accepted', ...remark(verdict) };
    if (outcome === 'unauthenticated') throw unauthenticated('The key has been revoked or has expired.');
    if (outcome === 'duplicate') return { index, id, status: 'duplicate' };
    if (outcome === 'conflict') {
      return {
        index,
        id,
        status: 'conflict',
        code: 'conflict',
        detail: 'Another event with this id and time is stored already.',
      };
    }
    return { index, id, status: 'quarantined', code: 'not-storable', detail: outcome.refused };
  });
}

/** What is fit to be stored among the judged. */
export function acceptedOf(judged: Judged[]): Accepted[] {
  return judged.filter((verdict) => 'row' in verdict);
}

/**
 * Turns conflicts into duplicates where an event was stored before its subject withdrew consent and now comes again: it is known
 * by what it would have been.
 */
export async function recognise(deps: Deps, identity: Identity, accepted: Accepted[], outcomes: Outcome[]): Promise<void> {
  const doubtful = accepted.flatMap(({ named }, at) => (named && outcomes[at] === 'conflict' ? [{ named, at }] : []));
  if (doubtful.length === 0) return;
  const rows = doubtful.map(({ named }) => named);
  const known = await withTenant(deps.intake, identity.tenantId, (client) => compareEvents(client, rows));
  for (const [place, { at }] of doubtful.entries()) outcomes[at] = known.get(place) ?? 'conflict';
}

/** Keeps the source of every event of the receipt that was not stored, cut at the size limit of an event. */
export async function keepRefused(
  deps: Deps,
  identity: Identity,
  items: JsonItem[],
  judged: Judged[],
  receipt: ReceiptItem[],
  known?: FirstReceipt,
): Promise<void> {
  const refused: (NewQuarantined & { index: number })[] = [];
  for (const { index, status, code, detail, pointer } of receipt) {
    if (status === 'accepted' || status === 'duplicate') continue;
    const verdict = judged[index] as Judged;
    const raw = Buffer.from((items[index] as JsonItem).text).subarray(0, deps.config.MAX_EVENT_BYTES);
    const type = 'row' in verdict ? verdict.row.type : (verdict.type?.replaceAll('\u0000', '\ufffd').toWellFormed() ?? null);
    refused.push({ index, status, code: code ?? status, detail: detail ?? null, pointer: pointer ?? null, type, raw });
  }
  if (refused.length === 0) return;
  await quarantine(deps.intake, identity.keyId, refused, known);
  deps.limits.spend(
    'quarantine',
    identity,
    refused.reduce((sum, row) => sum + row.raw.length, 0),
  );
}

/** The receipt of what was refused. */
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
