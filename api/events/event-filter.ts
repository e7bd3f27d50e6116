import { z } from 'zod';
import type { EventFilter } from '../../sql/events/events.ts';
import type { ReceivedEvent } from '../../sql/events/live.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { MAX_VALUES } from '../http/schemas.ts';

const values = (longest: number, description: string) => {
  const text = z.string().max(longest);
  return z
    .union([text, z.array(text).min(1).max(MAX_VALUES)])
    .optional()
    .meta({ description });
};

/** The filters of events in a list and in a live stream, each with one value or several: an event with any of them matches. */
export const eventFilter = z.strictObject({
  type: values(200, 'Type of the event'),
  source: values(500, 'CloudEvents `source`'),
  subject: values(500, 'The plain value or its pseudonym'),
  outcome: values(200, '`success` or `failure`; empty: not set'),
  marketplace: values(200, 'Of `data.marketplace`; empty: not set'),
});

export const EVENT_FILTERS = Object.keys(eventFilter.shape);

/** What an event must match: accepted values of each column, null for all. */
export type WantedEvents = Pick<EventFilter, 'types' | 'sources' | 'subjects' | 'outcomes' | 'marketplaces'>;

/** Returns what matches a filter, with the pseudonyms of its subjects, which are what is stored. */
export async function wantedOf(
  deps: Pick<Deps, 'types'>,
  { tenantId }: Pick<Identity, 'tenantId'>,
  { type, source, subject, outcome, marketplace }: z.infer<typeof eventFilter>,
): Promise<WantedEvents> {
  const listOf = (given: string | string[] | undefined) => (given === undefined ? null : [given].flat());
  const plain = listOf(subject);
  const types = plain && (await deps.types.of(tenantId));
  return {
    types: listOf(type),
    sources: listOf(source),
    subjects: plain && types ? plain.flatMap((one) => [one, types.pseudonym(one)]) : null,
    outcomes: listOf(outcome),
    marketplaces: listOf(marketplace),
  };
}

/** Whether an event of a live stream is wanted. The same rule in SQL: listEvents(). */
export function matches(
  {
    type,
    source,
    subject,
    outcome,
    marketplace,
  }: Pick<ReceivedEvent, 'type' | 'source' | 'subject' | 'outcome' | 'marketplace'>,
  { types, sources, subjects, outcomes, marketplaces }: WantedEvents,
): boolean {
  return (
    (types === null || types.includes(type)) &&
    (sources === null || sources.includes(source)) &&
    (subjects === null || (subject !== null && subjects.includes(subject))) &&
    (outcomes === null || outcomes.includes(outcome ?? '')) &&
    (marketplaces === null || marketplaces.includes(marketplace ?? ''))
  );
}
