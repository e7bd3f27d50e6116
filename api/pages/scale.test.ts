import { expect, test } from 'vitest';

const asset = (name: string) => import(new URL(`assets/${name}`, import.meta.url).href);
const { digitsOf, scaleOf } = await asset('scale.js');
const { createColours } = await asset('colours.js');
const { readerOf } = await asset('format.js');
const { tableOf } = await asset('chart-data.js');

test.each([
  ['shares up to all', { low: 0.2, high: 1, format: 'share' }, { min: 0, max: 1, interval: 0.25 }],
  ['shares near all', { low: 0, high: 0.97, format: 'share' }, { min: 0, max: 1, interval: 0.25 }],
  ['small shares', { low: 0, high: 0.012, format: 'share' }, { min: 0, max: 0.015, interval: 0.005 }],
  ['growth beyond all', { low: -0.2, high: 1.4, format: 'share' }, { min: -0.5, max: 1.5, interval: 0.5 }],
  ['a goal near all', { low: 1, high: 1, format: 'share', goal: 0.999, max: 1 }, { min: 0.996, max: 1, interval: 0.001 }],
  ['a goal far above', { low: 0, high: 0.6, format: 'seconds', goal: 300 }, { min: 0, max: 360, interval: 120 }],
  ['hours', { low: 0, high: 20_000, format: 'seconds' }, { min: 0, max: 21_600, interval: 7200 }],
  ['minutes in milliseconds', { low: 0, high: 100_000, format: 'milliseconds' }, { min: 0, max: 120_000, interval: 30_000 }],
  ['a few', { low: 0, high: 3, format: 'count' }, { min: 0, max: 3, interval: 1 }],
  ['nothing', { low: 0, high: 0, format: 'count' }, { min: 0, max: 1, interval: 1 }],
  ['many', { low: 0, high: 812, format: 'count' }, { min: 0, max: 1000, interval: 250 }],
])('an axis for %s', (_, given, scale) => {
  expect(scaleOf(given)).toEqual(scale);
});

test('lines of shares have as many decimals as they need', () => {
  expect([0.25, 0.005, 0.001, 0.0005].map(digitsOf)).toEqual([0, 1, 1, 2]);
});

test('values get different colours while there are enough, and each keeps its own', () => {
  const colours = createColours([]);
  const names = Array.from({ length: 16 }, (_, n) => `value-${n}`);
  colours.know(names.slice(3, 9));
  const early = colours.ofValue('value-5');
  colours.know(names);
  expect(new Set(names.map(colours.ofValue)).size).toBe(16);
  expect(colours.ofValue('value-5')).toBe(early);
});

test('weeks, months and words use the language of the page', () => {
  const texts = {
    week_short: 'sem. {week}',
    week: 'Semana {week} de {year}',
    week_of: 'Semana de {day}',
    word_at_least: 'pelo menos',
    absent: '?',
  };
  const reader = readerOf({ locale: 'pt-BR', timezone: 'UTC', texts, cards: [] });
  expect(reader.show('2026-W06', 'period')).toBe('Semana 6 de 2026');
  expect(reader.period('2026-W06')).toBe('sem. 6');
  expect(reader.period('2026-10')).toBe('out 2026');
  expect(reader.show('2026-10', 'period')).toBe('outubro de 2026');
  expect(reader.show('2026-11-09T00:00:00Z', 'time', 'week')).toBe('Semana de 9 de nov. de 2026');
  expect(reader.show('at least', 'word')).toBe('pelo menos');
  expect(reader.show('toString', 'word')).toBe('toString');
});

test('a card with weekly buckets has weeks on its axis, and marks incomplete ones', () => {
  const card = {
    display: 'bar',
    chart: { x: 'bucket', y: ['n'], interval: 'week' },
    columns: [
      { name: 'bucket', title: 'Week', format: 'time' },
      { name: 'n', title: 'N', format: 'count' },
    ],
  };
  const answer = {
    from: '2026-11-04T00:00:00Z',
    to: '2026-11-29T00:00:00Z',
    watermark: '2026-11-25T10:00:00Z',
    interval: 'day',
    timezone: 'UTC',
    data: [
      { bucket: '2026-11-02T00:00:00Z', n: 3 },
      { bucket: '2026-11-23T00:00:00Z', n: 4 },
    ],
  };
  const table = tableOf(card, answer, readerOf({ locale: 'en', timezone: 'UTC', texts: { week_of: '{day}' }, cards: [card] }));
  expect(table.series[0].values).toEqual([3, 0, 0, 4]);
  expect([...table.partial]).toEqual([0, 3]);
});
