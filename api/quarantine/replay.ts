import { isUtf8 } from 'node:buffer';
import { cutItems, type JsonItem } from '../../lib/json-items.ts';
import { withTenant } from '../../sql/database/db.ts';
import { compareEvents } from '../../sql/events/events.ts';
import type { Quarantined } from '../../sql/quarantine/quarantine.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Judged, Refusal } from '../events/envelope.ts';
import type { ReceiptItem } from '../events/receipt.ts';
import { acceptedOf, judge, type ReceiveDeps, recognise, refused, store } from '../events/receive.ts';
import type { Deps } from '../http/deps.ts';

type ReplayDeps = ReceiveDeps & Pick<Deps, 'pool'>;

/**
 * Checks refused input again and stores what is valid now; a dry run stores nothing. Returns a receipt item for each. An event
 * keeps the time and id of its first reception, so that an interrupted replay can be repeated. Throws 429 over the monthly
 * quota.
 */
export async function replay(
  deps: ReplayDeps,
  identity: Identity,
  pending: Quarantined[],
  isDryRun: boolean,
): Promise<(ReceiptItem & { quarantine_id: string })[]> {
  const defaults = (index: number) => {
    const { id, received_at, key_name } = pending[index] as Quarantined;
    return { id, time: received_at.getTime(), source: key_name };
  };
  const items = pending.map(({ raw }) => itemOf(raw));
  const judged = await judge(deps, identity, items, defaults, notJson);
  if (!isDryRun) deps.limits.within('monthly-events', identity);
  const receipt = isDryRun ? await foresee(deps, identity, judged) : await store(deps, identity, judged, items, defaults);
  return receipt.map(({ warnings: _, ...item }) => ({ ...item, quarantine_id: (pending[item.index] as Quarantined).id }));
}

const notJson = (): Refusal => ({
  status: 'rejected',
  code: 'invalid-json',
  detail: 'The event is not valid JSON.',
  id: null,
  type: null,
});

// Returns what store() would return, without storing.
async function foresee(deps: ReplayDeps, identity: Identity, judged: Judged[]): Promise<ReceiptItem[]> {
  const accepted = acceptedOf(judged);
  const rows = accepted.map(({ row }) => row);
  const known = await withTenant(deps.pool, identity.tenantId, (client) => compareEvents(client, rows));
  const outcomes: ('duplicate' | 'conflict' | undefined)[] = rows.map((_, place) => known.get(place));
  await recognise(deps, identity, accepted, outcomes);
  let next = 0;
  return judged.map((verdict, index): ReceiptItem => {
    if (!('row' in verdict)) return refused(verdict, index);
    const id = verdict.row.eventId ?? verdict.row.id;
    return { index, id, status: outcomes[next++] ?? 'accepted' };
  });
}

function itemOf(raw: Buffer): JsonItem {
  // Text that is not UTF-8 is not JSON either, and must not be stored with replacement characters.
  const text = isUtf8(raw) ? raw.toString('utf8') : '';
  const items = cutItems(text, 1);
  return items?.length === 1 && text.trimStart()[0] !== '['
    ? (items[0] as JsonItem)
    : { text, start: 0, data: undefined, members: 0, depth: 0, hugeExponent: false };
}
