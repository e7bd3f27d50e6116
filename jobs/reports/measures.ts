import {
  type CompletionRates,
  type JourneyCounts,
  type Rate,
  type RatingCounts,
  satisfactionOf,
} from '../../sql/performance/measures.ts';
import { CHANNELS, type Channel, type Service } from '../../sql/performance/services.ts';
import type { ChannelMonth } from '../../sql/reports/channels.ts';
import type { Measure, Measures, MissingInput } from '../../sql/reports/reports.ts';

/** What is known of one month. */
export type MonthInput = {
  month: string;
  /** Whether the month has ended and its events are counted. */
  isClosed: boolean;
  /** Null: the service has no journey, its journeys are not collected yet, or the first one began after the month. */
  journeys: JourneyCounts | null;
  /** The newest revision of its counts; undefined: there are none. */
  counts: ChannelMonth | undefined;
};

export type ReportInput = {
  service: Pick<Service, 'revision' | 'journey' | 'draft_limit_days' | 'channels' | 'costs'>;
  /** Whether those online who were assisted count as digital. */
  assistedDigital: boolean;
  /** Whether the period has ended. */
  isClosed: boolean;
  ratings: RatingCounts;
  /** Null: the service has no journey, or its journeys are not collected yet. */
  completion: CompletionRates | null;
  /** The months of the period. */
  months: MonthInput[];
  /** The twelve months that end with the period. */
  year: MonthInput[];
  /** Why a month without counts has none. */
  silence: 'not-recorded' | 'connector-failing';
};

/** The figures of a report, and what they lacked. */
export function measuresOf(input: ReportInput): { measures: Measures; missing: MissingInput[] } {
  const takeUp = takeUpOf(input);
  const cost = costOf(input);
  const noJourneys: MissingInput[] = input.completion
    ? []
    : [
        {
          input: 'journeys',
          period: input.months[0]?.month ?? '',
          reason: input.service.journey ? 'not-collected' : 'no-journey',
        },
      ];
  const missing = [...noJourneys, ...takeUp.missing, ...cost.missing];
  return {
    measures: {
      user_satisfaction: satisfaction(input),
      completion_rate_period: completion(input, 'period'),
      completion_rate_cohort: completion(input, 'cohort'),
      digital_take_up: takeUp.measure,
      cost_per_transaction: cost.measure,
    },
    missing: [...new Map(missing.map((one) => [JSON.stringify(one), one])).values()],
  };
}

function satisfaction({ ratings, isClosed }: ReportInput): Measure {
  const { n1, n2, n3, n4, n5 } = ratings;
  const responses = n1 + n2 + n3 + n4 + n5;
  return {
    value: satisfactionOf(ratings),
    numerator: (n2 + 2 * n3 + 3 * n4 + 4 * n5) / 4,
    denominator: responses,
    provisional: !isClosed,
    flags: flagged({ 'no-ratings': responses === 0, 'open-period': !isClosed }),
    parameters: { unit: 'percent', ratings: { 1: n1, 2: n2, 3: n3, 4: n4, 5: n5 } },
  };
}

function completion({ service, completion: rates, isClosed }: ReportInput, kind: 'period' | 'cohort'): Measure {
  const { revision, draft_limit_days } = service;
  const parameters = { unit: 'percent', service_revision: revision, draft_limit_days };
  if (!rates) {
    const flags = [service.journey ? 'journeys-not-collected' : 'no-journey'];
    return { value: null, numerator: null, denominator: null, provisional: service.journey !== null, flags, parameters };
  }
  const { flags, ...rate }: Rate = rates[kind];
  const { starts, cohort_open: open, cohort_late: late } = rates.counts;
  return {
    ...rate,
    flags: [
      ...flags,
      ...flagged({
        'no-starts': starts === 0,
        'open-period': !isClosed,
        'open-cohort': kind === 'cohort' && rate.provisional && isClosed,
      }),
    ],
    parameters: kind === 'cohort' ? { ...parameters, open, late } : parameters,
  };
}

type Counted = {
  /** Null: at least one of them is not known. */
  counts: Record<Channel, number> | null;
  assisted: number | null;
  provisional: boolean;
  isRestated: boolean;
  missing: MissingInput[];
};

// The completed transactions of a month by channel. A channel that the service does not have counts as none.
function countMonth({ month, counts, journeys, isClosed }: MonthInput, { service, silence }: ReportInput): Counted {
  const missing: MissingInput[] = [];
  const lacking = (channel: Channel): null => {
    const reason = counts ? `${channel}-not-known` : channel === 'online' ? 'online-not-known' : silence;
    missing.push({ input: 'channel_counts', period: month, reason });
    return null;
  };
  const found = CHANNELS.map((channel) => {
    const given = counts?.[channel] ?? (channel === 'online' ? journeys?.completions : undefined);
    return [channel, given ?? (service.channels.includes(channel) ? lacking(channel) : 0)] as const;
  });
  const isKnown = found.every(([, count]) => count !== null);
  return {
    counts: isKnown ? (Object.fromEntries(found) as Record<Channel, number>) : null,
    assisted: counts?.assisted_digital ?? null,
    provisional: !isClosed,
    isRestated: (counts?.revision ?? 1) > 1,
    missing,
  };
}

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);

type Found = { measure: Measure; missing: MissingInput[] };

function takeUpOf(input: ReportInput): Found {
  const { months, assistedDigital } = input;
  const counted = months.map((month) => ({ ...month, ...countMonth(month, input) }));
  const missing = counted.flatMap((one) => one.missing);
  if (!assistedDigital) {
    for (const { month, assisted } of counted)
      if (assisted === null) missing.push({ input: 'assisted_digital', period: month, reason: 'not-recorded' });
  }
  const known = counted.flatMap(({ counts }) => counts ?? []);
  const isKnown = missing.length === 0;
  const byChannel = Object.fromEntries(CHANNELS.map((channel) => [channel, sum(known.map((one) => one[channel]))]));
  const assisted = counted.every((one) => one.assisted !== null) ? sum(counted.map((one) => one.assisted ?? 0)) : null;
  const digital = (byChannel.online ?? 0) - (assistedDigital ? 0 : (assisted ?? 0));
  const total = sum(Object.values(byChannel));
  return {
    measure: {
      value: isKnown && total > 0 ? (100 * digital) / total : null,
      numerator: isKnown ? digital : null,
      denominator: isKnown ? total : null,
      provisional: counted.some(({ provisional }) => provisional),
      flags: flagged({
        'missing-months': !isKnown,
        'no-transactions': isKnown && total === 0,
        'open-period': counted.some(({ provisional }) => provisional),
        'restated-counts': counted.some(({ isRestated }) => isRestated),
      }),
      parameters: {
        unit: 'percent',
        assisted_digital: assistedDigital ? 'included' : 'excluded',
        assisted,
        channels: isKnown ? byChannel : null,
        online_from: counted.every(({ counts }, n) => counts && months[n]?.counts?.online == null) ? 'journeys' : 'counts',
      },
    },
    missing,
  };
}

// Sums of money are added in ten-thousandths, so that no fraction of a unit is lost.
const FRACTION = 10_000;

function costOf(input: ReportInput): Found {
  const { year, service } = input;
  const missing: MissingInput[] = [];
  const currencies = new Set<string>();
  const costs: Record<Channel, number> = { online: 0, paper: 0, phone: 0, other: 0 };
  let usesDefaults = false;
  const counted = year.map((month) => ({ ...month, ...countMonth(month, input), own: month.counts?.costs }));
  for (const { month, counts, own } of counted) {
    for (const channel of CHANNELS) {
      const given = own?.[channel];
      const assumed = service.channels.includes(channel) ? service.costs[channel] : undefined;
      if (given === undefined && assumed === undefined) {
        if (counts && counts[channel] > 0) missing.push({ input: 'costs', period: month, reason: `${channel}-not-known` });
        continue;
      }
      currencies.add(given !== undefined && own ? own.currency : service.costs.currency);
      usesDefaults ||= given === undefined;
      costs[channel] += Math.round((given ?? assumed ?? 0) * FRACTION);
    }
  }
  missing.push(...counted.flatMap((one) => one.missing));
  const isMixed = currencies.size > 1;
  const isKnown = missing.length === 0 && !isMixed && currencies.size > 0;
  const cost = sum(Object.values(costs)) / FRACTION;
  const transactions = sum(counted.flatMap(({ counts }) => (counts ? Object.values(counts) : [])));
  return {
    measure: {
      value: isKnown && transactions > 0 ? cost / transactions : null,
      numerator: isKnown ? cost : null,
      denominator: isKnown ? transactions : null,
      provisional: counted.some(({ provisional }) => provisional),
      flags: flagged({
        'missing-months': missing.length > 0,
        'mixed-currencies': isMixed,
        'no-costs': currencies.size === 0,
        'no-transactions': isKnown && transactions === 0,
        'default-costs': usesDefaults,
        'open-period': counted.some(({ provisional }) => provisional),
        'restated-counts': counted.some(({ isRestated }) => isRestated),
      }),
      parameters: {
        unit: 'currency',
        currency: isMixed ? null : ([...currencies][0] ?? service.costs.currency),
        from: year[0]?.month,
        to: year.at(-1)?.month,
        costs: isKnown
          ? Object.fromEntries(Object.entries(costs).map(([channel, amount]) => [channel, amount / FRACTION]))
          : null,
      },
    },
    missing,
  };
}

const flagged = (flags: Record<string, boolean>) => Object.keys(flags).filter((name) => flags[name]);
