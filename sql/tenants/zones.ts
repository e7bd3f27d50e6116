import type { Client, Pool } from '../database/db.ts';

/** The moment from which a zone has an offset from UTC, both in seconds. */
export type Change = { at: number; offset: number };

const DAY = 86_400;
const END = Date.UTC(2038, 0) / 1000;
/** How far around now the zone's offsets must be whole hours, so that no hour straddles two local days. */
const SPAN = 2 * 365 * DAY;

// Zones on which both agree. A fault is checked again each time: PostgreSQL or Node may have been updated since.
const agreed = new Set(['UTC']);

/**
 * Returns what is wrong with a time zone, as a sentence, or undefined. PostgreSQL and JavaScript both compute metrics, so both
 * must know the zone by that name, with the same offsets at every change from 1970 to 2037.
 */
export async function faultOfZone(client: Pick<Client | Pool, 'query'>, zone: string): Promise<string | undefined> {
  if (agreed.has(zone)) return undefined;
  const known = await client.query('select from pg_timezone_names where name = $1', [zone]);
  if (known.rowCount === 0 || !isKnown(zone)) return 'This is not an IANA time zone. Use a name such as America/Sao_Paulo.';
  const [here, there] = [changesHere(zone), await changesThere(client, zone)];
  const at = here.findIndex(({ at, offset }, index) => at !== there[index]?.at || offset !== there[index]?.offset);
  if (at >= 0 || here.length < there.length) {
    const when = Math.min(here[at]?.at ?? END, there[at < 0 ? here.length : at]?.at ?? END);
    const words = `PostgreSQL and Node disagree on the offset of this time zone from ${new Date(when * 1000).toISOString()} on`;
    return `${words}, so days would start at different times. Use the name of a city, such as Europe/Paris, or update PostgreSQL or Node.`;
  }
  if (!hasWholeHours(here)) {
    return 'The offset of this time zone from UTC is not a whole number of hours. Daily metrics are made of UTC hours, so use another time zone.';
  }
  agreed.add(zone);
  return undefined;
}

/** The name under which JavaScript knows a zone, if it has another. */
export const canonicalZone = (zone: string): string =>
  new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;

/** Whether JavaScript knows a zone. */
export function isKnown(zone: string): boolean {
  try {
    canonicalZone(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * A zone's offset changes from 1970 to 2037 as JavaScript knows them. It looks up each day, and each hour of days on which the
 * offset changes: 28,000 lookups instead of 600,000.
 */
export function changesHere(zone: string): Change[] {
  const clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const offsetOf = (at: number) => /GMT(.*)$/.exec(clock.format(at * 1000))?.[1] ?? '';
  const changes: { at: number; text: string }[] = [];
  let last: string | undefined;
  for (let day = 0; day < END; day += DAY) {
    if (last !== undefined && offsetOf(day) === last) continue;
    for (let at = Math.max(0, day - DAY + 3600); at <= day; at += 3600) {
      const text = offsetOf(at);
      if (text !== last) changes.push({ at, text });
      last = text;
    }
  }
  return changes.map(({ at, text }) => ({ at, offset: secondsOf(text) }));
}

// Parses `+05:30`, `-00:44:30`, or an empty text.
function secondsOf(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(':').map(Number);
  return (hours * 3600 + minutes * 60 + seconds) * (text.startsWith('-') ? -1 : 1);
}

async function changesThere(client: Pick<Client | Pool, 'query'>, zone: string): Promise<Change[]> {
  const offset = (at: string) => `extract(epoch from (${at} at time zone $1) - (${at} at time zone 'UTC'))::integer`;
  const { rows } = await client.query<Change>(
    `with days as materialized (
         select at, ${offset('at')} as value, lag(${offset('at')}) over (order by at) as before
         from generate_series('1970-01-01Z'::timestamptz, '2037-12-31Z', '1 day') at
     ), hours as materialized (
         select h as at, ${offset('h')} as value from days, generate_series(at - interval '1 day', at, '1 hour') h
         where value <> before
     ), changes as (
         select at, value, lag(value) over (order by at) as before from (select at, value from hours union select at, value from days where before is null) a
     )
     select extract(epoch from at)::float8 as at, value as offset from changes where value is distinct from before order by at`,
    [zone],
  );
  return rows;
}

function hasWholeHours(changes: Change[]): boolean {
  const now = Date.now() / 1000;
  const inForce = changes.filter(({ at }, index) => at <= now + SPAN / 2 && (changes[index + 1]?.at ?? END) > now - SPAN);
  return inForce.every(({ offset }) => offset % 3600 === 0);
}
