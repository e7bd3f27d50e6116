import { didYouMean } from '../../lib/input-faults.ts';
import { type Interval, timestamp } from '../../sql/metrics/windows.ts';
import { type Fault, invalidRequest, pointerTo } from '../http/problems.ts';
import { readInterval, readWindow } from '../metrics/query.ts';
import type { Dashboard } from './definition.ts';

/** The values of a dashboard's variables, the same for every card: the window, and the choices made. */
export type CardParameters = { from: string; to: string; interval: Interval } & Record<string, string>;

const MAX_CHARACTERS = 200;

/**
 * Returns the parameters of a dashboard from a query or body and from those that a link has `locked`; `now` in milliseconds.
 * Throws invalid-request with every fault, each below `at`.
 */
export function readParameters(
  dashboard: Dashboard,
  query: Record<string, unknown>,
  locked: Record<string, string>,
  zone: string,
  now: number,
  at = '',
): CardParameters {
  const faults: Fault[] = [];
  const fault = (name: string, code: string, detail: string) => {
    faults.push({ pointer: at + pointerTo(name), code, detail });
  };
  const known = dashboard.parameters.map(({ name }) => name as string);
  const given = new Map(Object.entries(locked));
  // The dashboard may have lost a parameter since the link was made. Refuse: without it the link would show too much.
  for (const name of Object.keys(locked)) {
    if (!known.includes(name))
      fault(name, 'unknown-parameter', 'The link fixes a parameter that the dashboard no longer has. Ask for a new link.');
  }
  for (const [name, value] of Object.entries(query)) {
    if (!known.includes(name))
      fault(
        name,
        'unknown-parameter',
        `The dashboard has no such parameter.${didYouMean(name, known) || ` Known are: ${known.join(', ')}.`}`,
      );
    else if (Object.hasOwn(locked, name)) fault(name, 'locked-parameter', 'The link fixes this parameter. Leave it out.');
    else if (typeof value !== 'string') fault(name, 'repeated-parameter', 'The parameter must be a text and appear only once.');
    else given.set(name, value);
  }
  const choices = dashboard.parameters.filter((parameter) => 'values' in parameter).map(({ name }) => [name, given.get(name)]);
  for (const [name, value] of choices) {
    if (value && value.length > MAX_CHARACTERS)
      fault(name as string, 'too-long', `The value is longer than ${MAX_CHARACTERS} characters.`);
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
