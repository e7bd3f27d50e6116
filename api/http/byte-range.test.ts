import { expect, test } from 'vitest';
import { hasFile, isSameFile, rangeOf } from './byte-range.ts';

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=2-', { start: 2, end: 9 }],
  ['bytes=2-99', { start: 2, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=9-9', { start: 9, end: 9 }],
  ['bytes=10-', 'none'],
  ['bytes=-0', 'none'],
  ['bytes=99999999999999999999-', 'none'],
  ['bytes=0-1,3-4', 'whole'],
  ['bytes=5-2', 'whole'],
  ['bytes=-', 'whole'],
  ['items=0-1', 'whole'],
  ['bytes=a-b', 'whole'],
  [undefined, 'whole'],
])('%s of ten bytes', (header, expected) => {
  expect(rangeOf(header, 10)).toEqual(expected);
});

test('an empty file has no satisfiable range', () => {
  expect([rangeOf('bytes=0-', 0), rangeOf('bytes=-1', 0), rangeOf(undefined, 0)]).toEqual(['none', 'none', 'whole']);
});

test('an entity tag matches exactly or not at all', () => {
  expect([
    isSameFile(undefined, '"a"'),
    isSameFile('"a"', '"a"'),
    isSameFile('W/"a"', '"a"'),
    isSameFile('"b"', '"a"'),
  ]).toEqual([true, true, false, false]);
  expect([hasFile(undefined, '"a"'), hasFile('"b", W/"a"', '"a"'), hasFile('*', '"a"'), hasFile('"b"', '"a"')]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});
