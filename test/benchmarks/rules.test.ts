import { describe, expect, test } from 'vitest';
import { useDatabase } from '../support/harness.ts';
import { evenly, judge, type Unit } from './population.ts';

const RATE = 'validations.error_rate';
const WEEK = '2026-W40';
const LATER = '2026-W41';

const db = await useDatabase();

// Each case has its own blocks.
async function outcomes(metric: string, ...rounds: Unit[][]) {
  await db.owner.query('truncate private.benchmark_panels');
  const verdicts = [];
  for (const [n, units] of rounds.entries()) verdicts.push(await judge(db.owner, metric, `case ${unique++} ${n}`, units));
  return verdicts;
}
let unique = 0;

describe('the cohort `all`', () => {
  test.each([
    [9, { outcome: 'GROUP_TOO_SMALL', p50: null, size_band: null }],
    [10, { outcome: 'released', p25: null, size_band: '10–19' }],
    [11, { outcome: 'released', p25: null, p50: 0.06, p75: null }],
    [19, { outcome: 'released', p25: null, p50: 0.1, p75: null }],
    [20, { outcome: 'released', size_band: '20–49', p25: 0.06, p50: 0.11, p75: 0.15 }],
    [50, { outcome: 'released', size_band: '50+' }],
  ])('of %i units', async (count, expected) => {
    const [verdicts] = await outcomes(RATE, evenly(count));
    expect(verdicts).toMatchObject([{ cohort: 'all', ...expected }]);
  });

  test('of exactly k units publishes only the cell of a metric', async () => {
    const figures = evenly(10).map((unit) => ({ ...unit, figure: 500 + unit.figure }));
    const [verdicts] = await outcomes('latency.p95', figures);
    expect(verdicts?.[0]?.p50).toBe(510);
  });

  test.each([
    [RATE, [1001, ...Array(10).fill(100)], 'DOMINANCE'],
    [RATE, [1000, ...Array(10).fill(100)], 'released'],
    [RATE, [900, 900, ...Array(10).fill(80)], 'DOMINANCE'],
    ['validations.count', [400, ...Array(10).fill(100)], 'DOMINANCE'],
    ['validations.count', [300, ...Array(10).fill(100)], 'released'],
  ])('%s with volumes %j: %s', async (metric, volumes, outcome) => {
    const [verdicts] = await outcomes(
      metric,
      evenly(volumes.length).map((unit, n) => ({ ...unit, volume: volumes[n] as number })),
    );
    expect(verdicts).toMatchObject([{ outcome }]);
  });
});

describe('blocks', () => {
  test('fewer than k + 1 new units wait, and then join together', async () => {
    const bands = await outcomes(RATE, evenly(39), evenly(49), evenly(50));
    expect(bands.map(([verdict]) => verdict?.size_band)).toEqual(['20–49', '20–49', '50+']);
    const medians = bands.map(([verdict]) => verdict?.p50);
    expect(medians[0]).toBe(medians[1]);
  });

  test('if one leaves, ten wait with it; if too few are left, nothing is published', async () => {
    const [, without, again] = await outcomes(RATE, evenly(22), evenly(22).slice(1), evenly(22));
    expect(without).toMatchObject([{ outcome: 'released', size_band: '10–19' }]);
    expect(again).toMatchObject([{ outcome: 'released', size_band: '20–49' }]);
    const [, less] = await outcomes(RATE, evenly(21), evenly(21).slice(1));
    expect(less).toMatchObject([{ outcome: 'DIFFERENCING' }]);
  });

  test('a segment is published if the rest of the whole is empty or large', async () => {
    const [verdicts] = await outcomes(RATE, [...evenly(12, { segment: 'a' }), ...evenly(9, { segment: 'b' })]);
    expect(verdicts).toMatchObject([
      { cohort: 'all', size_band: '10–19', outcome: 'released' },
      { cohort: 'a', size_band: '10–19', outcome: 'released' },
      { cohort: 'b', outcome: 'GROUP_TOO_SMALL' },
    ]);
    expect(verdicts?.[0]?.p50).toBe(verdicts?.[1]?.p50);
    const [both] = await outcomes(RATE, [...evenly(6, { segment: 'a' }), ...evenly(7, { segment: 'b' })]);
    expect(both).toMatchObject([
      { cohort: 'all', outcome: 'released' },
      { cohort: 'a', outcome: 'GROUP_TOO_SMALL' },
      { cohort: 'b', outcome: 'GROUP_TOO_SMALL' },
    ]);
    const [three] = await outcomes(RATE, [
      ...evenly(12, { segment: 'a' }),
      ...evenly(10, { segment: 'b' }),
      ...evenly(15, { segment: 'c' }),
    ]);
    expect(three?.map(({ outcome }) => outcome)).toEqual(Array(4).fill('released'));
    expect(three?.[0]?.size_band).toBe('20–49');
  });
});

test('released snapshots never change', async () => {
  await db.owner.query('truncate private.benchmark_panels');
  const first = await judge(db.owner, RATE, WEEK, evenly(25));
  const again = await judge(
    db.owner,
    RATE,
    WEEK,
    evenly(25).map((unit) => ({ ...unit, figure: unit.figure * 2 })),
  );
  expect(first).toMatchObject([{ outcome: 'released', p50: 0.13 }]);
  expect(again).toMatchObject([{ outcome: 'frozen', p50: null }]);
  expect(await judge(db.owner, RATE, LATER, evenly(25))).toMatchObject([{ outcome: 'released' }]);
  for (const act of [
    'update private.benchmark_snapshots set p50 = 1',
    'delete from private.benchmark_snapshots',
    'truncate private.benchmark_snapshots',
  ])
    await expect(db.owner.query(act)).rejects.toMatchObject({ code: '23001' });
});

test.each([
  ['2026-W46', '2026-11-09T00:00:00.000Z', '2026-11-16T00:00:00.000Z'],
  ['2026-W01', '2025-12-29T00:00:00.000Z', '2026-01-05T00:00:00.000Z'],
  ['2026-W53', '2026-12-28T00:00:00.000Z', '2027-01-04T00:00:00.000Z'],
  ['2025-W53', null, null],
  ['2026-10', '2026-10-01T00:00:00.000Z', '2026-11-01T00:00:00.000Z'],
  ['2026-13', null, null],
  ['2026-W00', null, null],
  ['soon', null, null],
])('%s is a period from %s to %s', async (period, since, until) => {
  const { rows } = await db.owner.query('select * from private.benchmark_period($1)', [period]);
  expect(rows.map((row) => [row.since?.toISOString() ?? null, row.until?.toISOString() ?? null])).toEqual([[since, until]]);
});

test.each([
  [0.054, 'ratio', 0.05],
  [0.055, 'ratio', 0.06],
  [1234, 'ms', 1200],
  [0.01234, 'ms', 0.012],
  [99.6, 'ms', 100],
  [0, 'ms', 0],
])('%d as %s is written %d', async (figure, unit, expected) => {
  const { rows } = await db.owner.query('select private.round_benchmark($1, $2) as rounded', [figure, unit]);
  expect(rows[0]?.rounded).toBe(expected);
});
