import { expect, test } from 'vitest';

type Table = { categories: string[]; walls: number[]; series: { values: (number | null)[] }[] };

// Modules of pages, which have their types in comments.
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
  const reader = readerOf({ locale: 'en', timezone, texts: {} });
  return tableOf(CARD, { data, from, to, interval, timezone, watermark: to }, reader);
}

test('a day whose midnight is skipped is one day, and a day without a row is there', () => {
  // Santiago went from 23:59 to 01:00 on 6 September 2026.
  const { categories, series } = tableFor('America/Santiago', 'day', '2026-09-04T04:00:00Z', '2026-09-09T03:00:00Z', {
    '2026-09-04T04:00:00.000Z': 1,
    '2026-09-05T04:00:00.000Z': 2,
    '2026-09-06T04:00:00.000Z': 3,
    '2026-09-08T03:00:00.000Z': 5,
  });
  expect(categories).toEqual(['Sep 4, 2026', 'Sep 5, 2026', 'Sep 6, 2026', 'Sep 7, 2026', 'Sep 8, 2026']);
  expect(series[0]?.values).toEqual([1, 2, 3, 0, 5]);
});

test('an hour that the clocks show twice is two buckets', () => {
  // Havana went from 00:59 back to 00:00 on 1 November 2026.
  const { walls, series } = tableFor('America/Havana', 'hour', '2026-11-01T03:00:00Z', '2026-11-01T07:00:00Z', {
    '2026-11-01T03:00:00.000Z': 1,
    '2026-11-01T04:00:00.000Z': 2,
    '2026-11-01T05:00:00.000Z': 3,
    '2026-11-01T06:00:00.000Z': 4,
  });
  expect(series[0]?.values).toEqual([1, 2, 3, 4]);
  expect(walls.map((wall) => new Date(wall).getUTCHours())).toEqual([23, 0, 0, 1]);
});

test('a month begins with its first day also where midnight comes twice', () => {
  const { categories, series } = tableFor('America/Havana', 'month', '2026-10-01T04:00:00Z', '2026-12-01T05:00:00Z', {
    '2026-10-01T04:00:00.000Z': 1,
    '2026-11-01T04:00:00.000Z': 2,
  });
  expect(categories).toEqual(['October 2026', 'November 2026']);
  expect(series[0]?.values).toEqual([1, 2]);
});
