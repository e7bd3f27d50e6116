import type { Stage } from './stage.ts';

/** Bytes per stored event, including indexes, and the size of the roll-ups. */
export async function benchStorage({ owner }: Stage) {
  const { rows } = await owner.query<{ events: number; event_bytes: number; rule_bytes: number; rollup_bytes: number }>(
    `select (select count(*) from private.events) as events,
            storage.hypertable_bytes('events') as event_bytes, storage.hypertable_bytes('rule_hits') as rule_bytes,
            (select sum(storage.rollup_bytes(name)) from storage.rollups) as rollup_bytes`,
  );
  const { events, event_bytes, rule_bytes, rollup_bytes } = rows[0] as (typeof rows)[0];
  return {
    events,
    bytes_per_event: event_bytes / events,
    rule_hits_bytes_per_event: rule_bytes / events,
    rollup_bytes_per_event: rollup_bytes / events,
  };
}
