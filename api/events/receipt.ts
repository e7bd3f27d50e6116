import type { Warning } from './warnings.ts';

export type ItemStatus = 'accepted' | 'duplicate' | 'conflict' | 'quarantined' | 'rejected';

/** The result for one event of a request. */
export type ReceiptItem = {
  index: number;
  id: string | null;
  status: ItemStatus;
  code?: string;
  detail?: string;
  pointer?: string;
  /** Only for an accepted event. */
  warnings?: Warning[];
};

/** Returns the number of items with each status. */
export function countItems(items: readonly ReceiptItem[]): Record<ItemStatus, number> {
  const counts = { accepted: 0, duplicate: 0, conflict: 0, quarantined: 0, rejected: 0 };
  for (const { status } of items) counts[status]++;
  return counts;
}

/** Returns the totals of a receipt, under its own names. */
export function totalsOf(items: readonly ReceiptItem[]) {
  const { accepted, duplicate, conflict, quarantined, rejected } = countItems(items);
  return { received: items.length, accepted, duplicates: duplicate, conflicts: conflict, quarantined, rejected };
}
