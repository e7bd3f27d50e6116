import type { AlertState, RuleFinding, Watched } from '../../sql/alerts/states.ts';

export type AlertStep = { state: AlertState; notice: 'alert.firing' | 'alert.recovered' | null };

/** Rules are evaluated every minute. In a longer gap nobody knows whether the condition held, so only this much of it counts. */
const MAX_SECONDS_BETWEEN = 120;

/**
 * The new state of a rule, from its last state and the current value. While the condition holds, `since` is when it began. A rule
 * that fires notifies once. It notifies again only after it has recovered and its cool-down is over, even if that is in the
 * middle of its next firing.
 */
export function stepOf(rule: Watched, value: number | null, now: Date): AlertStep {
  const last = rule.last ?? { state: 'unknown', since: now, value: null, noticed_at: null, open: false, evaluated_at: now };
  const held = last.state === 'pending' || last.state === 'firing';
  if (!holds(rule, value)) {
    const state = value === null ? 'unknown' : 'ok';
    const recovered = state === 'ok' && last.open;
    const since = last.state === state ? last.since : now;
    return {
      state: { state, since, value, noticed_at: last.noticed_at, open: last.open && !recovered },
      notice: recovered ? 'alert.recovered' : null,
    };
  }
  const since = held ? sinceOf(last, now) : now;
  const state = secondsBetween(since, now) >= rule.for_seconds ? 'firing' : 'pending';
  const rested = last.noticed_at === null || secondsBetween(last.noticed_at, now) >= rule.cool_down_seconds;
  if (state === 'firing' && !last.open && rested) {
    return { state: { state, since, value, noticed_at: now, open: true }, notice: 'alert.firing' };
  }
  return { state: { state, since, value, noticed_at: last.noticed_at, open: last.open }, notice: null };
}

// While a rule is pending, a gap moves `since` forward. A firing rule keeps it.
function sinceOf({ state, since, evaluated_at }: RuleFinding, now: Date): Date {
  const missed = state === 'pending' ? secondsBetween(evaluated_at, now) - MAX_SECONDS_BETWEEN : 0;
  return new Date(since.getTime() + Math.max(0, missed) * 1000);
}

function holds({ condition, threshold, no_data }: Watched, value: number | null): boolean {
  if (value === null) return no_data === 'alert';
  return condition === 'above' ? value > threshold : value < threshold;
}

const secondsBetween = (from: Date, to: Date) => (to.getTime() - from.getTime()) / 1000;
