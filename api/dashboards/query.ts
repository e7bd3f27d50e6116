import { didYouMean } from '../../lib/input-faults.ts';
import { type Interval, timestamp } from '../../sql/metrics/windows.ts';
import { type Fault, invalidRequest, pointerTo } from '../http/problems.ts';
import { MAX_VALUES } from '../http/schemas.ts';
import { readInterval, readWindow } from '../metrics/query.ts';
import { type Dashboard, isChoice } from './definition.ts';

/** Values that a link fixes, by the parameter: one, or several of a choice. */
export type FixedParameters = Record<string, string | string[]>;

/** The values of a dashboard's variables, the same for every card: the window, and the choices made, each with one value or several. */
export type CardParameters = { from: string; to: string; interval: Interval } & FixedParameters;

const MAX_CHARACTERS = 200;

const FILTER = /^filter\[(.*)\]$/s;

/**
 * Returns the parameters of a dashboard from a query or body and from those that a link has `locked`; `now` in milliseconds.
 * A choice may be sent as `filter[name]` too, and several times: rows with any of its values match. Throws invalid-request with every
 * fault, each below `at`.
 */
export function readParameters(
  dashboard: Dashboard,
  query: Record<string, unknown>,
  locked: FixedParameters,
  zone: string,
  now: number,
  at = '',
): CardParameters {
  const faults: Fault[] = [];
  const fault = (name: string, code: string, detail: string) => {
    faults.push({ pointer: at + pointerTo(name), code, detail });
  };
  const known = dashboard.parameters.map(({ name }) => name as string);
  const choices = dashboard.parameters.filter(isChoice).map(({ name }) => name);
  const given = new Map(Object.entries(locked));
  // The dashboard may have lost a parameter since the link was made. Refuse: without it the link would show too much.
  for (const name of Object.keys(locked)) {
    if (!known.includes(name))
      fault(name, 'unknown-parameter', 'The link fixes a parameter that the dashboard no longer has. Ask for a new link.');
  }
  for (const [sent, value] of Object.entries(query)) {
    const bare = FILTER.exec(sent)?.[1];
    const name = bare !== undefined && choices.includes(bare) ? bare : sent;
    if (!known.includes(name))
      fault(
        name,
        'unknown-parameter',
        `The dashboard has no such parameter.${didYouMean(name, known) || ` Known are: ${known.join(', ')}.`}`,
      );
    else if (Object.hasOwn(locked, name)) fault(name, 'locked-parameter', 'The link fixes this parameter. Leave it out.');
    else if (!isTexts(value)) fault(name, 'repeated-parameter', 'The parameter must be a text, or several texts.');
    else given.set(name, given.has(name) ? [given.get(name) ?? [], value].flat() : value);
  }
  const singles = new Map<string, string>();
  for (const [name, value] of given) {
    if (!known.includes(name) || choices.includes(name)) continue;
    if (typeof value === 'string') singles.set(name, value);
    else fault(name, 'repeated-parameter', 'The parameter must be a text and appear only once.');
  }
  const chosen = choices.flatMap((name): [string, string | string[]][] => {
    // Sorted, so that the same choice has the same answer, whatever its order.
    const texts = [...new Set([given.get(name) ?? []].flat())].filter(Boolean).sort();
    if (texts.some((text) => text.length > MAX_CHARACTERS))
      fault(name, 'too-long', `The value is longer than ${MAX_CHARACTERS} characters.`);
    if (texts.length > MAX_VALUES) fault(name, 'too-long', `The parameter has more than ${MAX_VALUES} values.`);
    return texts.length > 0 ? [[name, texts.length === 1 ? (texts[0] as string) : texts]] : [];
  });
  const interval = readInterval(singles, fault);
  const window = readWindow(singles, interval, zone, now, fault);
  if (faults.length > 0 || !window) throw invalidRequest(faults);
  return {
    ...Object.fromEntries(chosen),
    from: timestamp(window.from),
    to: timestamp(window.to),
    interval,
  };
}

const isTexts = (value: unknown): value is string | string[] =>
  typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
