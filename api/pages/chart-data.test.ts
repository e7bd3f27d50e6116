import { expect, test } from 'vitest';

type Table = { categories: string[]; walls: number[]; series: { values: (number | null)[] }[] };

// Modules of the pages declare their types in comments.
const module = (name: string) => import(new URL(`./assets/${name}`, import.meta.url).href);
const { tableOf }: { tableOf: (card: object, answer: object, reader: object) => Table } = await module('chart-data.js');
const { readerOf }: { readerOf: (definition: object) => object } = await module('format.js');

const CARD = {
  columns: [
    { name: 'bucket', title: 'Time', format: 'time' },
    { name: 'events', title: 'Events', format: 'count' },
  ],
  chart: { x: 'bucket', y: ['events'] },
};

function tableFor(timezone: string, interval: string, from: string, to: string, buckets: Record<string, number>): Table {
  const data = Object.entries(buckets).map(([bucket, events]) => ({ bucket, events }));
  const reader = readerOf({ locale: 'en', timezone, texts: {}, cards: [] });
  return tableOf(CARD, { data, from, to, interval, timezone, watermark: to }, reader);
}

test('a day without midnight is one bucket, and a day without a row has a bucket too', () => {
  // Santiago went from 23:59 to 01:00 on 8 September 2024.
  const { categories, series } = tableFor('America/Santiago', 'day', '2024-09-06T04:00:00Z', '2024-09-11T03:00:00Z', {
    '2024-09-06T04:00:00.000Z': 1,
    '2024-09-07T04:00:00.000Z': 2,
    '2024-09-08T04:00:00.000Z': 3,
    '2024-09-10T03:00:00.000Z': 5,
  });
  expect(categories).toEqual(['Sep 6, 2024', 'Sep 7, 2024', 'Sep 8, 2024', 'Sep 9, 2024', 'Sep 10, 2024']);
  expect(series[0]?.values).toEqual([1, 2, 3, 0, 5]);
});

test('an hour that occurs twice is two buckets', () => {
  // Havana went from 00:59 back to 00:00 on 3 November 2024.
  const { walls, series } = tableFor('America/Havana', 'hour', '2024-11-03T03:00:00Z', '2024-11-03T07:00:00Z', {
    '2024-11-03T03:00:00.000Z': 1,
    '2024-11-03T04:00:00.000Z': 2,
    '2024-11-03T05:00:00.000Z': 3,
    '2024-11-03T06:00:00.000Z': 4,
  });
  expect(series[0]?.values).toEqual([1, 2, 3, 4]);
  expect(walls.map((wall) => new Date(wall).getUTCHours())).toEqual([23, 0, 0, 1]);
});

test('a month begins with its first day, even if midnight occurs twice', () => {
  const { categories, series } = tableFor('America/Havana', 'month', '2015-10-01T04:00:00Z', '2015-12-01T05:00:00Z', {
    '2015-10-01T04:00:00.000Z': 1,
    '2015-11-01T04:00:00.000Z': 2,
  });
  expect(categories).toEqual(['October 2015', 'November 2015']);
  expect(series[0]?.values).toEqual([1, 2]);
});
