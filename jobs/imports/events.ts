import type { ReceiptItem } from '../../api/events/receipt.ts';
import { acceptedOf } from '../../api/events/receive.ts';
import { instantOf } from '../../lib/time.ts';
import type { EventRow } from '../../sql/events/events.ts';
import {
  deleteEvents,
  type EventKey,
  forgetUnseen,
  noteDerived,
  noteOrigins,
  storedBefore,
  unseen,
} from '../../sql/imports/derived.ts';
import type { Finding } from '../../sql/imports/imports.ts';
import { addFindings } from './findings.ts';
import type { Difference, ImportDeps, ImportDocument, Importer, Replay, ReplayRun } from './importer.ts';
import type { JudgedEvents } from './receive.ts';

/** An event as JSON text, on one line. */
export type EventText = string;

const PAGE = 1_000;

/** How the rows of every importer of events are written and compared. */
export const writesEvents: Pick<Importer<EventText>, 'write' | 'replay'> = {
  async write(deps, document, rows, first) {
    const judged = await deps.events.judge(document, rows, first);
    const receipt = await storeNoted(deps, document, judged);
    const counts: Record<string, number> = {};
    for (const { status } of receipt) counts[NAMES[status]] = (counts[NAMES[status]] ?? 0) + 1;
    return { rows: counts.accepted ?? 0, counts, findings: receipt.flatMap((item) => findingOf(item, first)) };
  },
  replay: async (deps, run, isDryRun) => replayEvents(deps, run, isDryRun),
};

// As the receipt of POST /v1/events names its totals.
const NAMES = {
  accepted: 'accepted',
  duplicate: 'duplicates',
  conflict: 'conflicts',
  quarantined: 'quarantined',
  rejected: 'rejected',
} as const;

function findingOf({ status, code, detail, index }: ReceiptItem, first: number): Finding[] {
  if (status === 'accepted' || status === 'duplicate') return [];
  return [{ code: code ?? status, detail: detail ?? status, pointer: `/rows/${first + index}` }];
}

const keyOf = ({ time, id }: EventRow): EventKey => ({ time: instantOf(time), id });

// Stores events with their lineage. What is in between when a worker is killed is done again.
async function storeNoted(
  { pool, events: receiver }: ImportDeps,
  document: ImportDocument,
  judged: JudgedEvents,
  run?: string,
): Promise<ReceiptItem[]> {
  await noteOrigins(
    pool,
    document,
    acceptedOf(judged.judged).map(({ row }) => keyOf(row)),
  );
  const receipt = await receiver.store(judged);
  const events = judged.judged.flatMap((verdict, index) => {
    const status = receipt[index]?.status;
    // What was accepted is noted already, unless a run marks what it has seen.
    if (!('row' in verdict) || !(status === 'duplicate' || (run && status === 'accepted'))) return [];
    return [{ ...keyOf(verdict.row), isOrigin: status === 'accepted' }];
  });
  await noteDerived(pool, document, events, run);
  return receipt;
}

// Rows of a document that were read before this batch are counted by the replay, so that ids that come from positions repeat.
function replayEvents(deps: ImportDeps, run: ReplayRun, isDryRun: boolean): Replay<EventText> {
  let current: string | undefined;
  let first = 0;
  let odd: Finding[] = [];
  return {
    async take(document, rows) {
      if (current !== document.id) {
        first = 0;
        odd = [];
      }
      current = document.id;
      const judged = await deps.events.judge(document, rows, first);
      const { found, changed } = await compare(deps, run, document, judged);
      if (!isDryRun) {
        // Another process that stores such an event in between is found by the next reading.
        await deleteEvents(deps.pool, document.tenantId, changed);
        const receipt = await storeNoted(deps, document, judged, run.id);
        addFindings(
          odd,
          receipt.flatMap((item) => findingOf(item, first)),
        );
        await noteDerived(
          deps.pool,
          document,
          changed.map((key) => ({ ...key, isOrigin: true })),
          run.id,
        );
      }
      first += rows.length;
      return found;
    },
    findings: () => odd,
    endDocument: (document) => removeUnseen(deps, run, document, isDryRun),
  };
}

async function compare(
  { pool }: ImportDeps,
  run: ReplayRun,
  document: ImportDocument,
  { judged }: JudgedEvents,
): Promise<{ found: Difference[]; changed: EventKey[] }> {
  const rows = acceptedOf(judged).map(({ row }) => row);
  const known = await storedBefore(pool, document.tenantId, document.id, rows.map(keyOf), run.id);
  const found: Difference[] = [];
  const changed: EventKey[] = [];
  const added = new Set<string>();
  for (const [place, row] of rows.entries()) {
    const before = known.get(place);
    const after = shown(row);
    const key = `${after.time} ${after.id}`;
    if (!before) {
      // A row that a document repeats is one event.
      if (!added.has(key)) found.push({ kind: 'added', importId: document.id, key, before: null, after });
      added.add(key);
    } else if (before.isDerived && !isEqual(shownBefore(before.event), after)) {
      found.push({ kind: 'changed', importId: document.id, key, before: shownBefore(before.event), after });
      changed.push(keyOf(row));
    }
  }
  return { found, changed };
}

async function removeUnseen(
  { pool }: ImportDeps,
  run: ReplayRun,
  document: ImportDocument,
  isDryRun: boolean,
): Promise<Difference[]> {
  const found: Difference[] = [];
  let after: EventKey | undefined;
  for (;;) {
    const rows = await unseen(pool, document.tenantId, document.id, run.id, after, PAGE);
    for (const { event, isRemovable } of rows) {
      if (!event || !isRemovable) continue;
      const before = shownBefore(event);
      found.push({ kind: 'removed', importId: document.id, key: `${before.time} ${before.id}`, before, after: null });
    }
    if (!isDryRun && rows.length > 0) {
      const remove = rows.filter(({ isRemovable }) => isRemovable);
      await forgetUnseen(pool, document.tenantId, document.id, rows, remove);
    }
    after = rows.at(-1);
    if (rows.length < PAGE) return found;
  }
}

type Shown = { time: string; type: string; source: string; id: string; subject: string | null; data: unknown };

function shown({ time, type, source, eventId, id, subject, data }: EventRow): Shown {
  const parsed: unknown = data === null ? null : JSON.parse(data);
  return { time: instantOf(time), type, source, id: eventId ?? id, subject, data: parsed };
}

// PostgreSQL writes a time in JSON without trailing zeros.
function shownBefore(event: Record<string, unknown>): Shown {
  const [, seconds = '', fraction = ''] = /^(.{19})(?:\.(\d+))?/.exec(String(event.time)) ?? [];
  return { ...(event as Shown), time: `${seconds}.${fraction.padEnd(6, '0')}Z` };
}

const isEqual = (one: Shown, other: Shown) => canonical(one) === canonical(other);

// PostgreSQL orders the members of jsonb by itself.
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
