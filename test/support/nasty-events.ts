import fc from 'fast-check';
import { v4 } from 'uuid';
import type { EventRow } from '../../sql/events/events.ts';

/** Texts that break careless readers and writers of CSV and JSON. */
const NASTY = [
  '',
  ' ',
  '"',
  '""',
  '","',
  ',',
  ';',
  '\n',
  '\r\n',
  '\r',
  'a\nb',
  '\\',
  '\\.',
  '\\n',
  '\\N',
  'NULL',
  'null',
  '\u0001\u0002',
  '\u2028\u2029',
  '\u0085',
  'a\ufeff',
  'ação — não',
  '🦜👩‍👩‍👧',
  '\u{10ffff}',
  '=1+1',
  '+55 11',
  '-1',
  '@sum',
  '\t=1',
  '＝1',
  "'quoted'",
  '`$x`',
  '1e5',
  '007',
  'true',
  '\u007f',
];

const text = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NASTY) }, fc.string({ unit: 'binary', maxLength: 40 }));
// PostgreSQL cannot store U+0000, and the DuckDB of the tests drops a byte order mark at the start of a text.
const stored = text.map((given) => given.replaceAll('\u0000', '').replace(/^\ufeff+/, ''));
const filled = stored.filter((given) => given !== '');

// Numbers that JavaScript cannot represent exactly.
const number = fc.constantFrom('12345678901234567890.10', '0.1000', '-0.00000000000000000001', '9007199254740993');

const data = fc
  .record({ text: stored, key: stored, number, none: fc.constant(null) })
  .map(({ text, key, number }) => `{"text":${JSON.stringify(text)},${JSON.stringify(`k${key}`)}:[null,{}],"number":${number}}`);

/** Events of one key: one for each nasty text, then random ones, at `count` different times. */
export function nastyEvents(keyId: string, count: number, seed: number): EventRow[] {
  const fields = fc.record({
    type: filled,
    source: filled,
    eventId: fc.option(filled),
    subject: fc.option(stored),
    outcome: fc.constantFrom('success' as const, 'failure' as const, null),
    durationMs: fc.option(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e200, noNaN: true }))),
    data: fc.option(data),
    attributes: fc.option(stored.map((value) => JSON.stringify({ trace: value, n: 1 }))),
  });
  const start = (Date.now() - 3_600_000) * 1000;
  return fc.sample(fields, { seed, numRuns: count }).map((row, index) => ({
    keyId,
    id: v4(),
    time: start + index * 1_000_003,
    bytes: 10 + index,
    ...row,
    ...(index < NASTY.length && { subject: NASTY[index] as string }),
  }));
}
