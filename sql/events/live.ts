import { setTimeout } from 'node:timers/promises';
import { arrayOf } from '../database/binary-array.ts';
import type { Client, Pool } from '../database/db.ts';
import type { EventRow, ListedEvent } from './events.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 10;

/** Rows that one reading gives at most: the newest. */
export const MOST_READ = 1_000;
const MOST_BYTES = 1024 * 1024;

/** How far before its receipt an event's `time` may lie to be found without being named. */
const LATE = "interval '5 minutes'";

/** A place in the order of receipt: the time of receipt as text in UTC, with six digits, and the id of the event. */
export type LivePlace = { received: string; id: string };

/** An event with its place in the order of receipt. */
export type ReceivedEvent = ListedEvent & { received: string; outcome: string | null; marketplace: string | null };

/** Greater than every id. */
export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const AS_TEXT = (sql: string) => `to_char(${sql} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US"+00"')`;

/**
 * A moment before which nothing is received any more: what was received earlier is committed. settledAt() for logins that may not
 * write: a clock that goes backwards may put an event before the moment.
 */
export async function receivedSoFar(pool: Pool): Promise<string> {
  const ask = async () => {
    const { rows } = await pool.query<{ at: string; storing: string[] }>(
      `select ${AS_TEXT('at')} as at, storing from door.receipts_so_far()`,
    );
    return rows[0] as { at: string; storing: string[] };
  };
  const until = Date.now() + PATIENCE_MS;
  let { at, storing } = await ask();
  while (storing.length > 0) {
    if (Date.now() > until) throw new Error('A transaction has been storing events for more than ten seconds.');
    await setTimeout(PAUSE_MS);
    const now = new Set((await ask()).storing);
    storing = storing.filter((transaction) => now.has(transaction));
  }
  return at;
}

/**
 * The tenant's events that were received behind `after` and not behind `to`, in the order of receipt; the newest of them where they are many,
 * and then `isCut`. Events whose `time` lies long before their receipt are found only where they are among the `late`, by time and id: no
 * index is by receipt.
 */
export async function readReceived(
  client: Client,
  after: LivePlace,
  to: string,
  late: Pick<EventRow, 'time' | 'id'>[],
): Promise<{ rows: ReceivedEvent[]; isCut: boolean }> {
  const names = 'time, id, received_at, type, source, event_id, subject, outcome, bytes, data, attributes';
  const { rows } = await client.query<ReceivedEvent & { found: number }>(
    `select id, type, source, event_id, subject, outcome, left(data ->> 'marketplace', 200) as marketplace, data::text, attributes::text, time::text as cursor_time,
       ${AS_TEXT('received_at')} as received, found
     from (
       select *, sum(coalesce(octet_length(data::text), 0) + coalesce(octet_length(attributes::text), 0))
         over (order by received_at desc, id desc rows unbounded preceding) as running_text
       from (
         select *, count(*) over () as found,
           sum(bytes) over (order by received_at desc, id desc rows unbounded preceding) as running
         from (
           select ${names} from app.events
           where time >= $1::timestamptz - ${LATE} and (received_at, id) > ($1::timestamptz, $2::uuid) and received_at <= $3::timestamptz
           union all
           select ${names.replace('time, id', 'e.time, e.id')}
           from unnest($4::timestamptz[], $5::uuid[]) l (late_time, late_id) join app.events e on e.time = l.late_time and e.id = l.late_id
           where e.time < $1::timestamptz - ${LATE} and (received_at, e.id) > ($1::timestamptz, $2::uuid) and received_at <= $3::timestamptz
           order by received_at desc, id desc
           limit ${MOST_READ}
         ) newest
       ) counted
       where running <= ${MOST_BYTES} or running = bytes
     ) measured
     where running_text <= ${MOST_BYTES} or running = bytes
     order by received_at desc, id desc`,
    [after.received, after.id, to, arrayOf.timestamptz(late, ({ time }) => time), arrayOf.uuid(late, ({ id }) => id)],
  );
  const found = rows[0]?.found ?? 0;
  const isCut = found === MOST_READ || rows.length < found;
  return { rows: rows.reverse().map(({ found: _, ...row }) => row), isCut };
}
