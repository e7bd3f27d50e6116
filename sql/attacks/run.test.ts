import { expect, test } from 'vitest';
import { isBetween } from './run.ts';

test.each([
  ['rows=5 cost=0.28', 'rows=5 cost=0.28', 'rows=5 cost=0.28', true],
  ['rows=6 cost=0.28', 'rows=5 cost=0.28', 'rows=5 cost=0.28', false],
  ['rows=6 cost=0.30', 'rows=5 cost=0.28', 'rows=7 cost=0.31', true],
  ['rows=8 cost=0.30', 'rows=5 cost=0.28', 'rows=7 cost=0.31', false],
  ['rows=6 cost=0.30', 'rows=7 cost=0.31', 'rows=5 cost=0.28', true],
  ['Seq Scan rows=6', 'Index Scan rows=5', 'Index Scan rows=7', false],
  ['Seq Scan rows=6', 'Index Scan rows=5', 'Seq Scan rows=6', true],
  ['', 'rows=5', 'rows=5', false],
])('%j lies between %j and %j: %s', (text, one, other, expected) => {
  expect(isBetween(text, one, other)).toBe(expected);
});
