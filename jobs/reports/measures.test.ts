import { expect, test } from 'vitest';
import { completionOf, type JourneyCounts } from '../../sql/performance/measures.ts';
import type { ChannelMonth } from '../../sql/reports/channels.ts';
import { type MonthInput, measuresOf, type ReportInput } from './measures.ts';

const NO_JOURNEYS: JourneyCounts = { starts: 0, completions: 0, cohort_completed: 0, cohort_late: 0, cohort_open: 0 };
const counted = (counts: Partial<ChannelMonth>): ChannelMonth => ({
  service: 's',
  period: '2026-10',
  revision: 1,
  online: null,
  paper: null,
  phone: null,
  other: null,
  assisted_digital: null,
  costs: null,
  source: 'manual',
  import_id: null,
  recorded_at: new Date(),
  ...counts,
});
const month = (name: string, completions: number, counts?: Partial<ChannelMonth>): MonthInput => ({
  month: name,
  isClosed: true,
  journeys: { ...NO_JOURNEYS, completions },
  counts: counts && counted(counts),
});
const input = (over: Partial<ReportInput>): ReportInput => ({
  service: {
    revision: 1,
    journey: { started: 'a', completed: 'b', id: '/data/journey' },
    draft_limit_days: 30,
    channels: ['online', 'paper'],
    costs: { currency: 'GBP' },
  },
  assistedDigital: true,
  isClosed: true,
  ratings: { n1: 0, n2: 0, n3: 0, n4: 0, n5: 0 },
  completion: completionOf(NO_JOURNEYS, { to: new Date('2026-11-01') }, 30, new Date('2027-01-01'), new Date('2027-01-01')),
  months: [month('2026-10', 80, { paper: 20, assisted_digital: 5 })],
  year: [month('2026-10', 80, { paper: 20, costs: { currency: 'GBP', online: 100.1, paper: 200.2 } })],
  silence: 'not-recorded',
  ...over,
});

test('satisfaction is (mean − 1) / 4 in percent, with its counts', () => {
  // 1×1 + 2×2 + 1×5 = 10 of 4 ratings: mean 2.5, score 37.5 %. Numerator (0 + 2×1 + 1×4) / 4 = 1.5 of 4.
  const { measures } = measuresOf(input({ ratings: { n1: 1, n2: 2, n3: 0, n4: 0, n5: 1 } }));
  expect(measures.user_satisfaction).toMatchObject({
    value: 37.5,
    numerator: 1.5,
    denominator: 4,
    flags: [],
    provisional: false,
  });
  expect(measures.user_satisfaction.parameters).toMatchObject({ ratings: { 1: 1, 2: 2, 3: 0, 4: 0, 5: 1 } });
  const none = measuresOf(input({})).measures.user_satisfaction;
  expect(none).toMatchObject({ value: null, numerator: 0, denominator: 0, flags: ['no-ratings'] });
});

test('both completion rates, over 100 percent flagged, the cohort open until its limit', () => {
  const counts = { starts: 4, completions: 5, cohort_completed: 3, cohort_late: 0, cohort_open: 1 };
  const at = new Date('2026-11-10');
  const completion = completionOf(counts, { to: new Date('2026-11-01') }, 30, at, at);
  const { measures } = measuresOf(input({ completion }));
  expect(measures.completion_rate_period).toMatchObject({
    value: 125,
    numerator: 5,
    denominator: 4,
    provisional: false,
    flags: ['over-100-percent'],
  });
  expect(measures.completion_rate_cohort).toMatchObject({ value: 75, provisional: true, flags: ['open-cohort'] });
  const without = measuresOf(input({ completion: null }));
  expect(without.measures.completion_rate_cohort).toMatchObject({ value: null, flags: ['journeys-not-collected'] });
  expect(without.missing).toContainEqual({ input: 'journeys', period: '2026-10', reason: 'not-collected' });
});

test('take-up counts assisted transactions unless it is told not to', () => {
  // 80 online of 100; without the 5 assisted 75 of 100.
  const included = measuresOf(input({})).measures.digital_take_up;
  expect(included).toMatchObject({ value: 80, numerator: 80, denominator: 100, flags: [] });
  expect(included.parameters).toMatchObject({ assisted_digital: 'included', online_from: 'journeys' });
  const excluded = measuresOf(input({ assistedDigital: false })).measures.digital_take_up;
  expect(excluded).toMatchObject({ value: 75, numerator: 75, parameters: { assisted_digital: 'excluded' } });
  const unknown = measuresOf(input({ assistedDigital: false, months: [month('2026-10', 80, { paper: 20 })] }));
  expect(unknown.measures.digital_take_up.value).toBeNull();
  expect(unknown.missing).toEqual([{ input: 'assisted_digital', period: '2026-10', reason: 'not-recorded' }]);
});

test('take-up of a quarter adds up counts; a month without counts is missing, never zero', () => {
  // 10 + 30 + 60 = 100 online, 90 + 70 + 140 = 300 on paper: 25 %, not the mean of 10 %, 30 % and 30 %.
  const quarter = [
    month('2026-10', 10, { paper: 90 }),
    month('2026-11', 30, { paper: 70 }),
    month('2026-12', 60, { paper: 140 }),
  ];
  expect(measuresOf(input({ months: quarter })).measures.digital_take_up).toMatchObject({
    value: 25,
    numerator: 100,
    denominator: 400,
  });
  const gap = measuresOf(input({ months: quarter.with(1, month('2026-11', 30)), silence: 'connector-failing' }));
  expect(gap.measures.digital_take_up).toMatchObject({ value: null, numerator: null, flags: ['missing-months'] });
  expect(gap.missing).toContainEqual({ input: 'channel_counts', period: '2026-11', reason: 'connector-failing' });
  const empty = measuresOf(input({ months: [month('2026-10', 0, { paper: 0 })] })).measures.digital_take_up;
  expect(empty).toMatchObject({ value: null, denominator: 0, flags: ['no-transactions'] });
  const restated = measuresOf(input({ months: [month('2026-10', 1, { paper: 1, revision: 2 })] })).measures.digital_take_up;
  expect(restated.flags).toEqual(['restated-counts']);
});

test('cost per transaction is the cost of all channels by all transactions, of twelve months', () => {
  // 100.10 + 200.20 = 300.30 for 100 transactions.
  expect(measuresOf(input({})).measures.cost_per_transaction).toMatchObject({
    value: 3.003,
    numerator: 300.3,
    denominator: 100,
    flags: [],
    parameters: { currency: 'GBP', costs: { online: 100.1, paper: 200.2, phone: 0, other: 0 } },
  });
  const without = measuresOf(input({ year: [month('2026-10', 80, { paper: 20, costs: { currency: 'GBP', paper: 1 } })] }));
  expect(without.measures.cost_per_transaction.value).toBeNull();
  expect(without.missing).toEqual([{ input: 'costs', period: '2026-10', reason: 'online-not-known' }]);
  const service = { ...input({}).service, costs: { currency: 'GBP', online: 50 } };
  const usual = measuresOf(
    input({ service, year: [month('2026-10', 80, { paper: 20, costs: { currency: 'GBP', paper: 50 } })] }),
  ).measures.cost_per_transaction;
  expect(usual).toMatchObject({ value: 1, flags: ['default-costs'] });
  const mixed = [
    month('2026-09', 1, { paper: 1, costs: { currency: 'GBP', online: 1, paper: 1 } }),
    month('2026-10', 1, { paper: 1, costs: { currency: 'EUR', online: 1, paper: 1 } }),
  ];
  expect(measuresOf(input({ year: mixed })).measures.cost_per_transaction).toMatchObject({
    value: null,
    flags: ['mixed-currencies'],
  });
});
