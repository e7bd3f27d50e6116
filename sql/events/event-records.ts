import { archivedRecords } from '../archive/columns.ts';
import type { ArchivedRow } from '../archive/rows.ts';
import type { Client } from '../database/db.ts';
import type { SubjectRecord } from '../privacy/place.ts';

/** One event of `e` as JSON, and as the cells that EVENT_CELLS names. */
export const AS_JSON = `(jsonb_build_object('specversion', '1.0', 'id', coalesce(e.event_id, e.id::text), 'source', e.source, 'type', e.type,
  'time', e.time, 'subject', e.subject, 'data', e.data) || coalesce(e.attributes, '{}'))::text`;
export const AS_CELLS = `jsonb_build_array(e.time, e.type, e.source, coalesce(e.event_id, e.id::text), e.subject, e.data::text, e.attributes::text)`;

/** Names of the cells of an event. */
export const EVENT_CELLS = ['time', 'type', 'source', 'id', 'subject', 'data', 'attributes'];

/** Archived events as records about a person. */
export async function recordsOf(client: Client, rows: ArchivedRow[]): Promise<SubjectRecord[]> {
  const found = await client.query<SubjectRecord>(
    `select ${AS_JSON} as json, ${AS_CELLS} as cells from (${archivedRecords('$1')}) e order by e.time, e.id`,
    [JSON.stringify(rows)],
  );
  return found.rows;
}
