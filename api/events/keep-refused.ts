import type { JsonItem } from '../../lib/json-items.ts';
import { type FirstReceipt, type NewQuarantined, quarantine } from '../../sql/quarantine/quarantine.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import type { Problem } from '../http/problems.ts';
import { withoutWithdrawn } from '../privacy/withdrawn.ts';
import type { Judged } from './envelope.ts';
import type { ReceiptItem } from './receipt.ts';

type KeepDeps = Pick<Deps, 'config' | 'intake' | 'limits' | 'types'>;

/** Quarantines the source of every event of the receipt that was not stored, truncated at the size limit of an event. */
export async function keepRefused(
  deps: KeepDeps,
  identity: Identity,
  items: JsonItem[],
  judged: Judged[],
  receipt: ReceiptItem[],
  known?: FirstReceipt,
): Promise<void> {
  const refused: (NewQuarantined & { index: number })[] = [];
  const isAny = receipt.some(({ status }) => status !== 'accepted' && status !== 'duplicate');
  const types = isAny ? await deps.types.fresh(identity.tenantId) : undefined;
  for (const { index, status, code, detail, pointer } of receipt) {
    if (status === 'accepted' || status === 'duplicate') continue;
    const verdict = judged[index] as Judged;
    const { text } = items[index] as JsonItem;
    const raw = Buffer.from(types ? withoutWithdrawn(text, types) : text).subarray(0, deps.config.MAX_EVENT_BYTES);
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

/** Quarantines a body that could not be cut into events. Throws a Problem if the quarantine is full. */
export async function keepWhole(
  deps: KeepDeps,
  identity: Identity,
  body: Buffer,
  problem: Problem,
  known?: FirstReceipt,
): Promise<void> {
  const { code, detail = null } = problem;
  deps.limits.within('quarantine', identity);
  const types = await deps.types.fresh(identity.tenantId);
  const raw = Buffer.from(withoutWithdrawn(body.toString('latin1'), types, 'latin1'), 'latin1');
  // Index -1, because it is the whole body and not an event.
  const whole = { index: -1, status: 'rejected' as const, code, detail, pointer: null, type: null, raw };
  await quarantine(deps.intake, identity.keyId, [whole], known);
  deps.limits.spend('quarantine', identity, body.length);
}
