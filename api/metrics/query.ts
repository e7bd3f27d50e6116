import { z } from 'zod';
import { didYouMean, quoted } from '../../lib/input-faults.ts';
import { parseTime } from '../../lib/time.ts';
import type { Metric } from '../../sql/metrics/catalogue.ts';
import { METRICS } from '../../sql/metrics/catalogue.ts';
import { MAX_ROWS, type Question } from '../../sql/metrics/metrics.ts';
import { bucketStart, DAY, floor, HOUR, INTERVALS, type Interval, type Window } from '../../sql/metrics/windows.ts';
import { type Fault, type FaultReport, invalidRequest, pointerTo } from '../http/problems.ts';
import { MAX_VALUES } from '../http/schemas.ts';

const DIMS = [...new Set(METRICS.flatMap((metric) => metric.dims))];
const PARAMETERS = ['from', 'to', 'interval', 'group_by', 'limit'];
const FILTER = /^filter\[(.*)\]$/s;

const text = (description: string) => z.unknown().optional().meta({ type: 'string', description });
const texts = (description: string) => {
  const anyOf = [
    { type: 'string' as const },
    { type: 'array' as const, items: { type: 'string' as const }, maxItems: MAX_VALUES },
  ];
  return z.unknown().optional().meta({ anyOf, description });
};

/** The parameters as the OpenAPI document lists them. Valid values depend on the metric, so readQuestion() checks them. */
export const metricQuery = z.looseObject({
  from: text('RFC 3339, inclusive; a whole number of buckets before `to` if absent.'),
  to: text('RFC 3339, exclusive; the end of the current hour if absent.'),
  interval: text(`Width of a bucket: ${INTERVALS.join(', ')}; \`day\` if absent. \`total\` is one figure for the window.`),
  group_by: text('Dimensions of the metric, separated by commas.'),
  limit: text('Keep only the top N groups per bucket.'),
  ...Object.fromEntries(
    DIMS.map((dim) => [`filter[${dim}]`, texts(`Only where ${dim} is this, or any of these; empty: where it is not set.`)]),
  ),
});

/** Length of a window without `from`. */
const DEFAULT_SPAN: Record<Interval, number> = {
  hour: 2 * DAY,
  day: 30 * DAY,
  week: 84 * DAY,
  month: 365 * DAY,
  total: 30 * DAY,
};
const SHORTEST: Record<Interval, number> = { hour: HOUR, day: 23 * HOUR, week: 167 * HOUR, month: 671 * HOUR, total: Infinity };
const LAST = Date.UTC(9998, 0) * 1000;

/** Returns the question of a query string; `now` in milliseconds. Throws invalid-request with every fault. */
export function readQuestion(metric: Metric, query: Record<string, unknown>, zone: string, now: number): Question {
  const faults: Fault[] = [];
  const fault = (name: string, code: string, detail: string) => {
    faults.push({ pointer: pointerTo(name), code, detail });
  };
  const given = singles(query, fault);
  const interval = readInterval(given, fault);
  const groupBy = readGroupBy(given, metric, fault);
  const filters = readFilters(query, metric, fault);
  const limit = readLimit(given, groupBy, fault);
  const window = readWindow(given, interval, zone, now, fault);
  if (faults.length > 0 || !window) throw invalidRequest(faults);
  return { metric, window, interval, zone, groupBy, filters, limit };
}

function singles(query: Record<string, unknown>, fault: FaultReport): Map<string, string> {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'string') given.set(name, value);
    else if (value !== undefined && !FILTER.test(name))
      fault(name, 'repeated-parameter', 'The parameter must be a text and appear only once.');
    if (value !== undefined && !PARAMETERS.includes(name) && !FILTER.test(name)) {
      fault(
        name,
        'unknown-parameter',
        `The call has no such parameter.${didYouMean(name, PARAMETERS) || ` Known are: ${PARAMETERS.join(', ')} and filter[<dimension>].`}`,
      );
    }
  }
  return given;
}

/** Returns the interval of a question; default: `day`. */
export function readInterval(given: Map<string, string>, fault: FaultReport): Interval {
  const value = given.get('interval') ?? 'day';
  const interval = INTERVALS.find((name) => name === value);
  if (!interval)
    fault('interval', 'unknown-interval', `"interval" must be one of ${INTERVALS.join(', ')}; it is ${quoted(value)}.`);
  return interval ?? 'total';
}

const unknownDim = (metric: Metric) => `${metric.name} has no such dimension. It has: ${metric.dims.join(', ')}.`;

function readGroupBy(given: Map<string, string>, metric: Metric, fault: FaultReport): readonly string[] {
  const value = given.get('group_by');
  if (value === undefined) return metric.groupBy ?? [];
  const dims = value.split(',').map((dim) => dim.trim());
  if (!dims.every((dim) => metric.dims.includes(dim))) fault('group_by', 'unknown-dimension', unknownDim(metric));
  if (new Set(dims).size < dims.length) fault('group_by', 'repeated-dimension', '"group_by" has the same dimension twice.');
  return dims;
}

function readFilters(query: Record<string, unknown>, metric: Metric, fault: FaultReport): Question['filters'] {
  const filters: { dim: string; values: (string | null)[] }[] = [];
  for (const [name, value] of Object.entries(query)) {
    const dim = FILTER.exec(name)?.[1];
    if (dim === undefined || value === undefined) continue;
    if (!metric.dims.includes(dim)) fault(name, 'unknown-dimension', unknownDim(metric));
    // Sorted, so that the same filter has the same answer, whatever its order.
    const texts = [...new Set([value].flat().map(String))].sort();
    if (texts.some((text) => text.includes('\u0000'))) fault(name, 'invalid-text', 'The text contains U+0000. Remove it.');
    if (texts.length > MAX_VALUES) fault(name, 'too-long', `The parameter has more than ${MAX_VALUES} values.`);
    filters.push({ dim, values: texts.map((text) => (text === '' ? null : text)) });
  }
  return filters;
}

function readLimit(given: Map<string, string>, groupBy: readonly string[], fault: FaultReport): number | undefined {
  const value = given.get('limit');
  if (value === undefined) return undefined;
  const limit = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (limit < 1 || limit > MAX_ROWS)
    fault('limit', 'out-of-range', `"limit" must be a whole number from 1 to ${MAX_ROWS}; it is ${quoted(value)}.`);
  else if (groupBy.length === 0) fault('limit', 'limit-without-groups', '"limit" only works with groups. Add group_by.');
  return limit;
}

/** Returns the window of a question, with its defaults. Reports a fault and returns undefined if it is invalid. */
export function readWindow(
  given: Map<string, string>,
  interval: Interval,
  zone: string,
  now: number,
  fault: FaultReport,
): Window | undefined {
  const explicit = { from: readTime(given, 'from', fault), to: readTime(given, 'to', fault) };
  if (Number.isNaN(explicit.from) || Number.isNaN(explicit.to)) return undefined;
  // The end of the hour: this includes events from a clock that is ahead, and needs no separate read for part of an hour.
  const to = explicit.to ?? floor(now * 1000, HOUR) + HOUR;
  const from = explicit.from ?? Math.max(0, defaultFrom(to, interval, zone));
  if (from >= to) {
    fault(
      explicit.from === undefined ? 'to' : 'from',
      'empty-window',
      '`from` must be before `to`, which defaults to the end of the current hour.',
    );
  } else if ((to - from) / SHORTEST[interval] > MAX_ROWS) {
    fault(
      'interval',
      'too-many-buckets',
      `The window has more than ${MAX_ROWS} buckets. Use a wider interval or a shorter window.`,
    );
  } else {
    return { from, to };
  }
  return undefined;
}

function defaultFrom(to: number, interval: Interval, zone: string): number {
  return bucketStart(to - DEFAULT_SPAN[interval], interval === 'total' ? 'hour' : interval, zone);
}

// Reports a fault and returns NaN if the time is invalid.
function readTime(given: Map<string, string>, name: 'from' | 'to', fault: FaultReport): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const time = parseTime(value);
  if (time === undefined) {
    const hint = / \d\d:\d\d$/.test(value) ? ' In a query string, send + as %2B.' : '';
    fault(
      name,
      'invalid-time',
      `"${name}" must be a time as RFC 3339 with its offset, e.g. 2026-01-31T12:00:00Z; it is ${quoted(value)}.${hint}`,
    );
  } else if (time < 0 || time > LAST) {
    fault(name, 'out-of-range', `"${name}" must be between the years 1970 and 9998.`);
  } else {
    return time;
  }
  return Number.NaN;
}
