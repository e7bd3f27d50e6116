// @ts-check
// The ends of an axis of numbers, and the distance between its lines.

const SPLITS = 4;
const TENTHS = [1, 2, 2.5, 5, 10];
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
// Below this value an axis from 0 shows a goal and 100 % far enough apart.
const CLOSE_GOAL = 0.9;

/** @typedef {{ min: number, max: number, interval: number }} Scale */

/**
 * An axis with round numbers that shows all values and the goal. Shares end at 100 %.
 * @param {{ low: number, high: number, format: string, min?: number, max?: number, goal?: number }} given
 * @returns {Scale}
 */
export function scaleOf({ low, high, format, min, max, goal }) {
  const isShare = format === 'share' && high <= 1;
  // Leaves room above the goal for its label.
  const top = max ?? Math.max(high, goal === undefined ? 0 : goal * 1.15);
  const bottom = min ?? (isShare && goal !== undefined && goal >= CLOSE_GOAL ? bottomFor(low, goal) : Math.min(0, low));
  const end = isShare ? Math.min(1, top) : top;
  const span = end - bottom;
  const interval = stepFor((span > 0 ? span : 1) / SPLITS, format);
  const rounded = (/** @type {number} */ steps) => Number((steps * interval).toPrecision(12));
  return {
    min: min ?? rounded(Math.floor(bottom / interval + 1e-9)),
    max: max ?? rounded(Math.max(1, Math.ceil(end / interval - 1e-9))),
    interval,
  };
}

/**
 * The number of decimals that the lines of an axis of shares need.
 * @param {number} interval
 */
export const digitsOf = (interval) => Math.max(0, Math.ceil(-Math.log10(interval * 100) - 1e-9));

/**
 * The lower end of an axis with a goal near 100 %: from 0, the goal and a value that misses it would look like one line.
 * @param {number} low
 * @param {number} goal
 */
function bottomFor(low, goal) {
  const depth = Math.max((1 - goal) * 4, (1 - low) * 1.2);
  return depth < 0.5 ? 1 - depth : 0;
}

/**
 * Returns the smallest round number that is at least `least`.
 * @param {number} least
 * @param {string} format
 * @returns {number}
 */
function stepFor(least, format) {
  if (format === 'milliseconds' && least > 500) return stepFor(least / 1000, 'seconds') * 1000;
  const second = format === 'seconds' && least > 0.5 && SECONDS.find((step) => step >= least);
  if (second) return second;
  const size = 10 ** Math.floor(Math.log10(least));
  const steps = format === 'count' && size < 10 ? TENTHS.filter(Number.isInteger) : TENTHS;
  const step = /** @type {number} */ (steps.find((one) => one * size >= least * (1 - 1e-9)) ?? 10) * size;
  return format === 'count' ? Math.max(1, step) : Number(step.toPrecision(12));
}
