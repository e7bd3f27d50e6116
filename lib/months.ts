const PER_YEAR = 12;
const PER_QUARTER = 3;

/** The month that is `by` months after another, e.g. `2026-10`; before it if `by` is negative. */
export function shiftMonth(month: string, by: number): string {
  const at = Number(month.slice(0, 4)) * PER_YEAR + Number(month.slice(5)) - 1 + by;
  return `${Math.floor(at / PER_YEAR)}-${String((at % PER_YEAR) + 1).padStart(2, '0')}`;
}

/** The `count` months that end with `last`, in order. */
export const monthsUpTo = (last: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => shiftMonth(last, n - count + 1));

/** The months from `first` to `last`, both included, in order. */
export function monthsBetween(first: string, last: string): string[] {
  const months: string[] = [];
  for (let month = first; month <= last; month = shiftMonth(month, 1)) months.push(month);
  return months;
}

/** The quarter of a month, e.g. `2026-Q4`. */
export const quarterOf = (month: string): string => `${month.slice(0, 4)}-Q${Math.ceil(Number(month.slice(5)) / PER_QUARTER)}`;
