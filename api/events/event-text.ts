import type { ListedEvent } from '../../sql/events/events.ts';

/** A stored event as JSON. Written as text, so that the numbers of `data` keep the digits that were sent. */
export function eventText(row: ListedEvent): string {
  const head = JSON.stringify({
    specversion: '1.0',
    id: row.event_id ?? row.id,
    source: row.source,
    type: row.type,
    time: row.cursor_time.replace(' ', 'T').replace(/\+00$/, 'Z'),
    ...(row.subject === null ? {} : { subject: row.subject }),
  }).slice(0, -1);
  const attributes = row.attributes ? `,${row.attributes.trim().slice(1, -1)}` : '';
  return `${head}${attributes}${row.data === null ? '' : `,"data":${row.data}`}}`;
}
