import { dateOf, earlier, type Instant, instantAt, later } from '../../lib/time.ts';
import type { ClaimedExport, PlannedPart } from '../../sql/exports/claims.ts';
import { type countSpans, finer, type Span, type Width } from '../../sql/exports/plan.ts';
import type { Selection } from '../../sql/exports/selection.ts';

/** Maximum size of a file, in rows and in bytes before compression. */
export type FileLimits = { rows: number; bytes: number };

type Counted = Awaited<ReturnType<typeof countSpans>>;
type Count = (selection: Selection, width: Width) => Promise<Counted>;

/** Bytes of a row in addition to the event as sent. */
const ROW_BYTES = 150;
const MS: Record<Width, number> = { hour: 3_600_000, minute: 60_000, second: 1_000, milliseconds: 1 };

/** One stretch of an export's window. An export that continues another has two. */
type Stretch = { from: Instant; to: Instant; receivedFrom: Date | null };

/**
 * Splits an export into parts, each read and stored by itself. Together they cover the whole window without gaps. A part ends
 * before its file becomes too large, and in Parquet also with each UTC day.
 */
export async function planParts(
  job: ClaimedExport,
  settledAt: Date,
  limits: FileLimits,
  count: Count,
  archived: (selection: Selection) => Promise<Counted>,
): Promise<{ parts: PlannedPart[]; types: string[] }> {
  if (job.dataset !== 'events') return { parts: months(job), types: [] };
  const parts: PlannedPart[] = [];
  const types = new Set<string>();
  for (const stretch of stretchesOf(job)) {
    const { from, to, receivedFrom } = stretch;
    const selection: Selection = {
      dataset: job.dataset,
      from,
      to,
      filter: job.filter,
      received: { from: receivedFrom, to: settledAt },
    };
    const counted = await refined(selection, 'hour', limits, count);
    const old = await archived(selection);
    for (const type of [...counted.types, ...old.types]) types.add(type);
    parts.push(...cut(stretch, together(counted.spans, old.spans), limits, job.format === 'parquet'));
  }
  return { parts, types: [...types].sort() };
}

function stretchesOf({
  window_from: from,
  window_to: to,
  since_to: sinceTo,
  received_from: receivedFrom,
}: ClaimedExport): Stretch[] {
  if (!sinceTo) return [{ from, to, receivedFrom: null }];
  const known = { from, to: sinceTo, receivedFrom };
  return sinceTo < to ? [known, { from: sinceTo, to, receivedFrom: null }] : [known];
}

// Spans that alone would make a file too large are counted again at a finer width.
async function refined(selection: Selection, width: Width, limits: FileLimits, count: Count): Promise<Counted> {
  const { spans, types } = await count(selection, width);
  const next = finer(width);
  if (!next) return { spans, types };
  const all: Span[] = [];
  for (const span of spans) {
    if (!isLarge(span, limits)) {
      all.push(span);
      continue;
    }
    const from = later(instantAt(span.at), selection.from);
    const to = earlier(instantAt(new Date(span.at.getTime() + MS[width])), selection.to);
    all.push(...(await refined({ ...selection, from, to }, next, limits, count)).spans);
  }
  return { spans: all, types };
}

function together(stored: Span[], archived: Span[]): Span[] {
  const spans = new Map<number, Span>();
  for (const { at, rows, bytes } of [...stored, ...archived]) {
    const held = spans.get(at.getTime());
    spans.set(at.getTime(), { at, rows: rows + (held?.rows ?? 0), bytes: bytes + (held?.bytes ?? 0) });
  }
  return [...spans.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
}

const isLarge = ({ rows, bytes }: Pick<Span, 'rows' | 'bytes'>, limits: FileLimits) =>
  rows > limits.rows || bytes + rows * ROW_BYTES > limits.bytes;

const dayOf = (at: Instant) => at.slice(0, 10);

function cut({ from, to, receivedFrom }: Stretch, spans: Span[], limits: FileLimits, daily: boolean): PlannedPart[] {
  const parts: PlannedPart[] = [];
  let start = from;
  let held = { rows: 0, bytes: 0 };
  let day = dayOf(spans[0] ? instantAt(spans[0].at) : from);
  const close = (end: Instant) => {
    const name = daily ? `day=${day}/` : '';
    parts.push({ from_time: start, to_time: end, received_from: receivedFrom, expected_rows: held.rows, name });
    start = end;
    held = { rows: 0, bytes: 0 };
  };
  for (const { at: begins, rows, bytes } of spans) {
    const at = instantAt(begins);
    const together = { rows: held.rows + rows, bytes: held.bytes + bytes };
    const isNewDay = daily && dayOf(at) !== day;
    const end = isNewDay ? `${dayOf(at)}T00:00:00.000000Z` : at;
    // The first span may begin before the window, so a part ends only after its start.
    if (held.rows > 0 && end > start && (isNewDay || isLarge(together, limits))) {
      close(end);
      day = dayOf(at);
    }
    held = { rows: held.rows + rows, bytes: held.bytes + bytes };
  }
  close(to);
  return parts;
}

// Metrics and test results have few rows, and only reading them tells how many.
function months({ window_from, window_to }: ClaimedExport): PlannedPart[] {
  const parts: PlannedPart[] = [];
  for (let start = window_from; start < window_to; ) {
    const month = dateOf(start);
    const next = instantAt(new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1)));
    const end = earlier(next, window_to);
    parts.push({ from_time: start, to_time: end, received_from: null, expected_rows: 0, name: '' });
    start = end;
  }
  return parts;
}
