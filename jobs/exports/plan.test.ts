import { expect, test } from 'vitest';
import { dateOf, instantAt } from '../../lib/time.ts';
import type { ClaimedExport } from '../../sql/exports/claims.ts';
import type { Span, Width } from '../../sql/exports/plan.ts';
import { randomFrom } from '../../test/support/telemetry.ts';
import { planParts } from './plan.ts';

const MS: Record<Width, number> = { hour: 3_600_000, minute: 60_000, second: 1_000, milliseconds: 1 };
const SETTLED = new Date('2026-11-01T00:00:00Z');

function jobOf(from: Date, to: Date, format: 'csv' | 'parquet'): ClaimedExport {
  const window = { window_from: instantAt(from), window_to: instantAt(to), since_to: null, received_from: null };
  return { dataset: 'events', format, filter: {}, ...window } as unknown as ClaimedExport;
}

// Counted as in the database: an event's span may begin before the window, although the event does not.
function spansOf(times: number[], from: Date, to: Date, width: number): Span[] {
  const spans = new Map<number, Span>();
  for (const time of times.filter((one) => one >= from.getTime() && one < to.getTime()).sort((a, b) => a - b)) {
    const at = Math.floor(time / width) * width;
    const { rows } = spans.get(at) ?? { rows: 0 };
    spans.set(at, { at: new Date(at), rows: rows + 1, bytes: 0 });
  }
  return [...spans.values()];
}

async function partsOf(stored: number[], archived: number[], from: Date, to: Date, format: 'csv' | 'parquet') {
  const { parts } = await planParts(
    jobOf(from, to, format),
    SETTLED,
    { rows: 10, bytes: 1e9 },
    async (selection, width) => ({
      spans: spansOf(stored, dateOf(selection.from), dateOf(selection.to), MS[width]),
      types: [],
    }),
    async (selection) => ({ spans: spansOf(archived, dateOf(selection.from), dateOf(selection.to), MS.hour), types: [] }),
  );
  return parts;
}

test('no part begins before the window, although its first span does', async () => {
  const [from, to] = [new Date('2026-10-01T10:30:30Z'), new Date('2026-10-01T12:00:00Z')];
  const at = (seconds: number) => from.getTime() + seconds * 1000;
  const stored = Array.from({ length: 9 }, (_, n) => at(n)).concat(Array.from({ length: 9 }, (_, n) => at(600 + n)));
  const archived = Array.from({ length: 5 }, (_, n) => at(n));
  const parts = await partsOf(stored, archived, from, to, 'csv');
  expect(parts.map(({ from_time, to_time }) => [from_time, to_time])).toEqual([
    [instantAt(from), '2026-10-01T10:40:00.000000Z'],
    ['2026-10-01T10:40:00.000000Z', instantAt(to)],
  ]);
});

test('the parts cover the whole window without gaps, wherever it begins and whatever it contains', async () => {
  const random = randomFrom(7);
  for (let n = 0; n < 300; n++) {
    const from = new Date(SETTLED.getTime() - 5 * 86_400_000 + Math.floor(random() * 86_400_000));
    const to = new Date(from.getTime() + 1 + Math.floor(random() * 2 * 86_400_000));
    const times = (count: number) =>
      Array.from({ length: count }, () => Math.floor(from.getTime() + random() ** 8 * (to.getTime() - from.getTime() - 1)));
    const parts = await partsOf(times(60), times(30), from, to, n % 2 ? 'csv' : 'parquet');
    expect([parts[0]?.from_time, parts.at(-1)?.to_time]).toEqual([instantAt(from), instantAt(to)]);
    for (const [place, part] of parts.entries()) {
      expect(part.to_time > part.from_time).toBe(true);
      if (place > 0) expect(part.from_time).toEqual(parts[place - 1]?.to_time);
    }
    expect(parts.reduce((sum, { expected_rows }) => sum + expected_rows, 0)).toBe(90);
  }
});
