import { DAY, HOUR, type Interval, type Window } from '../../sql/metrics/windows.ts';

/** Limit of buckets times groupings above which a query counts as slow in advance: six weeks of hours in one grouping. */
const MAX_QUICK = 2_000;

/** Whether reading this metric is likely to take long: many roll-up buckets, each in many groups. */
export function isSlow({ from, to }: Window, interval: Interval, groupings: number): boolean {
  return ((to - from) / (interval === 'hour' ? HOUR : DAY)) * (1 + groupings) > MAX_QUICK;
}
