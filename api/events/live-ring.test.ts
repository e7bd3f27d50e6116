import { expect, test } from 'vitest';
import { createLiveRing } from './live-ring.ts';

const frames = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({
    place: String(from + n).padStart(4, '0'),
    type: 't',
    source: 's',
    subject: null,
    outcome: null,
    marketplace: null,
    text: 'x'.repeat(10),
  }));
const ROOM = { events: 10, characters: 1_000, from: '' };

test('the oldest leave where there is no room, and what is old leaves anyway', () => {
  const ring = createLiveRing('0000');
  ring.add(frames(1, 13), false, ROOM);
  expect([ring.first(), ring.next(), ring.at(2)?.place, ring.at(1)]).toEqual([2, 12, '0003', undefined]);
  ring.add([], false, { ...ROOM, characters: 55 });
  expect(ring.first()).toBe(7);
  ring.add([], false, { ...ROOM, from: '0011' });
  expect([ring.first(), ring.next()]).toEqual([10, 12]);
  ring.add(frames(20, 21), false, { ...ROOM, from: '0030' });
  expect([ring.first(), ring.next()]).toEqual([13, 13]);
});

test('a place is found while everything behind it is there', () => {
  const ring = createLiveRing('0000');
  expect(ring.after('0000')).toBe(0);
  ring.add(frames(1, 13), false, ROOM);
  expect(['0001', '0002', '0003', '0012', '0099'].map(ring.after)).toEqual([undefined, 2, 3, 12, 12]);
});

test('what was left out takes a number, so that a reader at the end knows', () => {
  const ring = createLiveRing('0000');
  ring.add(frames(1, 4), false, ROOM);
  ring.add(frames(8, 10), true, ROOM);
  expect([ring.first(), ring.next()]).toEqual([4, 6]);
  expect(['0003', '0007', '0008', '0009'].map(ring.after)).toEqual([undefined, undefined, 5, 6]);
  ring.add([], true, ROOM);
  expect([ring.first(), ring.next()]).toEqual([7, 7]);
});
