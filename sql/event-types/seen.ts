import type { Client } from '../database/db.ts';

/** How far back the newest events of a type are looked for: in days, in events of the whole tenant, in events of the type, in bytes. */
export const SEEN = { days: 30, rows: 100_000, events: 1_000, bytes: 2 * 2 ** 20 } as const;
const MAX_REFUSED = 10_000;

/**
 * `data` of the newest stored events of a type, newest first, as JSON text: within SEEN. Bytes as sent are summed first, and only the
 * remaining rows are measured as text, because a number of five bytes can become 309 as text.
 */
export async function newestData(client: Client, type: string): Promise<{ data: string | null; bytes: number; time: Date }[]> {
  const { rows } = await client.query<{ data: string | null; bytes: number; time: Date }>(
    `select data::text as data, bytes, time
     from (
       select *, sum(octet_length(data::text)) over (order by time desc, id desc rows unbounded preceding) as text_bytes
       from (
         select *, sum(bytes) over (order by time desc, id desc rows unbounded preceding) as sent_bytes
         from (
           select time, id, bytes, data
           from (
             select time, id, type, bytes, data from app.events
             where time >= now() - $2 * interval '1 day' order by time desc, id desc limit $3
           ) newest
           where type = $1 order by time desc, id desc limit $4
         ) matches
       ) sent
       where sent_bytes <= $5
     ) written
     where coalesce(text_bytes, 0) <= $5
     order by time desc, id desc`,
    [type, SEEN.days, SEEN.rows, SEEN.events, SEEN.bytes],
  );
  return rows;
}

/** Refused events of one type that share a reason and a place. */
export type Refusals = { code: string; pointer: string | null; events: number; last_at: Date };

/** Why the newest refused events of a type were refused, within the days of SEEN: the most frequent reasons first, 100 at most. */
export async function countRefusals(client: Client, type: string): Promise<Refusals[]> {
  const { rows } = await client.query<Refusals>(
    `select code, pointer, count(*)::integer as events, max(received_at) as last_at
     from (
       select code, pointer, received_at from app.quarantine
       where type = $1 and received_at >= now() - $2 * interval '1 day' order by received_at desc, id desc limit $3
     ) refused
     group by code, pointer order by 3 desc, code, pointer limit 100`,
    [type, SEEN.days, MAX_REFUSED],
  );
  return rows;
}
