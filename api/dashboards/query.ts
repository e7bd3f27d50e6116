import { type Interval, timestamp } from '../../sql/metrics/windows.ts';
import { type Fault, invalidRequest, pointerTo } from '../http/problems.ts';
import { readInterval, readWindow } from '../metrics/query.ts';
import type { Dashboard } from './definition.ts';

/** The values of a dashboard's variables for its cards: the window, and the choices that were made. */
export type Asked = { from: string; to: string; interval: Interval } & Record<string, string>;

const MAX_CHARACTERS = 200;

/**
 * The parameters of a dashboard from a query or body, and those that a link has `locked`. `now` is in milliseconds.
 * Throws invalid-request with every fault; `at` is the JSON Pointer that they begin with.
 */
export function readParameters(
  dashboard: Dashboard,
  query: Record<string, unknown>,
  locked: Record<string, string>,
  zone: string,
  now: number,
  at = '',
): Asked {
  const faults: Fault[] = [];
  const fault = (name: string, code: string, detail: string) => {
    faults.push({ pointer: at + pointerTo(name), code, detail });
  };
  const known = dashboard.parameters.map(({ name }) => name as string);
  const given = new Map(Object.entries(locked));
  // The dashboard may have lost this parameter since the link was created. Then no rows are better than too many.
  for (const name of Object.keys(locked)) {
    if (!known.includes(name))
      fault(name, 'unknown-parameter', 'The link fixes a parameter that the dashboard does not have. Create a new link.');
  }
  for (const [name, value] of Object.entries(query)) {
    if (!known.includes(name)) fault(name, 'unknown-parameter', `Unknown parameter. Use one of: ${known.join(', ')}.`);
    else if (Object.hasOwn(locked, name)) fault(name, 'locked-parameter', 'The link has fixed this parameter. Leave it out.');
    else if (typeof value !== 'string') fault(name, 'repeated-parameter', 'The parameter occurs more than once. Send it once.');
    else given.set(name, value);
  }
  const choices = dashboard.parameters.filter((parameter) => 'values' in parameter).map(({ name }) => [name, given.get(name)]);
  for (const [name, value] of choices) {
    if (value && value.length > MAX_CHARACTERS)
      fault(name as string, 'too-long', `The value is longer than ${MAX_CHARACTERS} characters. Shorten it.`);
  }
  const interval = readInterval(given, fault);
  const window = readWindow(given, interval, zone, now, fault);
  if (faults.length > 0 || !window) throw invalidRequest(faults);
  return {
    ...Object.fromEntries(choices.filter(([, value]) => value)),
    from: timestamp(window.from),
    to: timestamp(window.to),
    interval,
  };
}
