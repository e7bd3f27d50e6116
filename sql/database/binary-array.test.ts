import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { v4, v7 } from 'uuid';
import { expect, test } from 'vitest';
import { useDatabase } from '../../test/support/harness.ts';
import { arrayOf } from './binary-array.ts';

const db = await useDatabase();

const self = <T>(value: T) => value;

/** The elements that PostgreSQL reads from a binary array, each as the text of the SQL expression `shown`. */
async function readBack(type: string, array: Buffer, shown = 'x::text'): Promise<(string | null)[]> {
  const { rows } = await db.owner.query<{ shown: string | null }>(
    `select ${shown} as shown from unnest($1::${type}[]) with ordinality u (x, n) order by n`,
    [array],
  );
  return rows.map((row) => row.shown);
}

const storable = fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => text.replaceAll('\u0000', ''));
const listOf = <T>(value: fc.Arbitrary<T>) => fc.array(fc.option(value, { nil: null }), { maxLength: 40 });

/** Checks that random lists of `value` and null survive a round trip through PostgreSQL. */
const roundTrip = <T>(value: fc.Arbitrary<T>, check: (values: (T | null)[]) => Promise<void>) =>
  fc.assert(fc.asyncProperty(listOf(value), check), { numRuns: 40 });

test('text round-trips unchanged: empty, long, and in every script', async () => {
  await roundTrip(storable, async (texts) => {
    expect(await readBack('text', arrayOf.text(texts, self))).toEqual(texts);
  });
  const odd = ['', null, ' ', 'ã'.repeat(100_000), '😀\u{10ffff}\u0001"\\{},', 'null', null];
  expect(await readBack('text', arrayOf.text(odd, self))).toEqual(odd);
});

test('jsonb round-trips with every digit', async () => {
  await roundTrip(storable, async (texts) => {
    const values = texts.map((text) => (text === null ? null : JSON.stringify({ text })));
    expect((await readBack('jsonb', arrayOf.jsonb(values, self))).map((x) => x && JSON.parse(x))).toEqual(
      values.map((value) => value && JSON.parse(value)),
    );
  });
  const odd = ['12345678901234567890.10', '1e-300', 'null', null, '""', '{}', '[]'];
  const back = await readBack('jsonb', arrayOf.jsonb(odd, self));
  expect([back[0], back[2], back[3], back[6]]).toEqual([odd[0], 'null', null, '[]']);
});

test('bytea round-trips byte for byte', async () => {
  const values = [Buffer.alloc(0), null, Buffer.from([0, 255, 0]), randomBytes(70_000)];
  const back = await readBack('bytea', arrayOf.bytea(values, self), "encode(x, 'hex')");
  expect(back).toEqual(values.map((value) => value?.toString('hex') ?? null));
});

test('int4 round-trips over its whole range', async () => {
  const values = [0, -1, null, 2_147_483_647, -2_147_483_648];
  expect(await readBack('int4', arrayOf.int4(values, self))).toEqual(values.map((value) => value?.toString() ?? null));
});

test('float8 round-trips exactly, including infinities and the smallest number', async () => {
  await roundTrip(fc.double(), async (values) => {
    const back = await readBack('float8', arrayOf.float8(values, self));
    expect(back.map((x) => (x === null ? null : Number(x)))).toEqual(values);
  });
  const odd = [Infinity, -Infinity, Number.NaN, 5e-324, -0, null, Number.MAX_VALUE];
  expect(await readBack('float8', arrayOf.float8(odd, self))).toEqual([
    'Infinity',
    '-Infinity',
    'NaN',
    '5e-324',
    '-0',
    null,
    '1.7976931348623157e+308',
  ]);
});

test('timestamptz round-trips to the microsecond, long before 1970 and far in the future', async () => {
  const span = 8_000_000_000_000_000;
  await roundTrip(fc.integer({ min: -span, max: span }), async (values) => {
    const back = await readBack(
      'timestamptz',
      arrayOf.timestamptz(values, self),
      '(extract(epoch from x) * 1000000)::bigint::text',
    );
    expect(back.map((x) => (x === null ? null : Number(x)))).toEqual(values);
  });
  const days = ['0001-01-01', '1969-12-31', '1999-12-31', '2000-01-01', '2026-02-28', '9999-12-31'];
  const back = await readBack(
    'timestamptz',
    arrayOf.timestamptz(days, (day) => Date.parse(`${day}T23:59:59Z`) * 1000),
  );
  expect(back).toEqual(days.map((day) => `${day} 23:59:59+00`));
});

test('uuid round-trips in upper and lower case', async () => {
  const values = [
    v4(),
    null,
    v7(),
    v4().toUpperCase(),
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
  ];
  expect(await readBack('uuid', arrayOf.uuid(values, self))).toEqual(values.map((value) => value?.toLowerCase() ?? null));
});

test('an empty array has no elements', async () => {
  for (const type of ['text', 'jsonb', 'bytea', 'int4', 'float8', 'timestamptz', 'uuid'] as const) {
    expect(
      await readBack(
        type,
        arrayOf[type]([], () => null),
      ),
    ).toEqual([]);
  }
});

test('PostgreSQL rejects a text that it cannot store; the text is not truncated or changed', async () => {
  await expect(readBack('text', arrayOf.text(['a\u0000b'], self))).rejects.toMatchObject({ code: '22021' });
  await expect(readBack('jsonb', arrayOf.jsonb(['{"a"'], self))).rejects.toMatchObject({ code: '22P02' });
  await expect(readBack('jsonb', arrayOf.jsonb(['"\\ud800"'], self))).rejects.toMatchObject({ code: '22P02' });
});
