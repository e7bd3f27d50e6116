import type { Client } from '../database/db.ts';

const AHEAD_DAYS = 35;

/**
 * Creates partitions from `pastDays` ago to five weeks ahead, each locked and without statistics on contents. Returns how many
 * were created or locked.
 */
export async function makePartitions(client: Pick<Client, 'query'>, pastDays: number): Promise<number> {
  const { rows } = await client.query<{ made: number }>(
    `select coalesce(sum(storage.make_partitions(name, now() - make_interval(days => $1), now() + make_interval(days => $2))), 0)
         as made
     from storage.hypertables`,
    [pastDays, AHEAD_DAYS],
  );
  await client.query('select storage.hide_statistics()');
  return Number(rows[0]?.made ?? 0);
}

/** Adds newly written pages to the indexes over time. Returns the number of page ranges. */
export async function summariseTimes(client: Pick<Client, 'query'>): Promise<number> {
  const { rows } = await client.query<{ ranges: number }>(
    'select coalesce(sum(storage.summarise(name)), 0) as ranges from storage.hypertables',
  );
  return rows[0]?.ranges ?? 0;
}

/** A relation that retention drops from: a table split by time, or a roll-up. */
export type Relation = { name: string; kind: 'hypertable' | 'rollup' };

const FUNCTIONS = {
  hypertable: { boundary: 'storage.drop_boundary', drop: 'storage.drop_before', catalogue: 'storage.hypertables' },
  rollup: { boundary: 'storage.rollup_boundary', drop: 'storage.drop_rollup_before', catalogue: 'storage.rollups' },
};

/** The actual end of dropping everything before `cutoff`, or null if there is nothing to drop. */
export async function dropBoundary(client: Client, relation: Relation, cutoff: Date): Promise<Date | null> {
  const { rows } = await client.query<{ boundary: Date | null }>(
    `select ${FUNCTIONS[relation.kind].boundary}($1, $2) as boundary`,
    [relation.name, cutoff],
  );
  return rows[0]?.boundary ?? null;
}

/** Records that nothing before `boundary` may be recomputed. Commit it before dropping anything. */
export async function retainFrom(client: Client, relation: Relation, boundary: Date): Promise<void> {
  await client.query(
    `update ${FUNCTIONS[relation.kind].catalogue} set retained_from = greatest(retained_from, $2) where name = $1`,
    [relation.name, boundary],
  );
}

/** Blocks writes to rows before `boundary` until the transaction ends. */
export async function holdBefore(client: Client, relation: Relation, boundary: Date): Promise<void> {
  await client.query('select storage.hold_before($1, $2)', [relation.name, boundary]);
}

/**
 * Drops everything before `boundary` and records the proof in the same statement. Returns the number of partitions, chunks or
 * rows dropped.
 */
export async function dropBefore(client: Client, relation: Relation, boundary: Date, rule: string): Promise<number> {
  const { rows } = await client.query<{ dropped: number }>(
    `with dropped as materialized (select ${FUNCTIONS[relation.kind].drop}($1, $2) as n)
     insert into storage.retention_runs (relation, rule, dropped_to, dropped)
     select $1, $3, $2, n from dropped where n > 0
     returning dropped`,
    [relation.name, boundary, rule],
  );
  return rows[0]?.dropped ?? 0;
}

/** Whether every roll-up of this source contains everything before `boundary`. */
export async function isServedBefore(client: Client, source: string, boundary: Date): Promise<boolean> {
  const { rows } = await client.query<{ served: boolean }>(
    `select not exists (select from storage.rollups where source = $1 and materialised_to < $2)
            and not exists (select from private.dirty_hours where hour < $2) as served`,
    [source, boundary],
  );
  return rows[0]?.served ?? false;
}

// Records about aggregates are deleted with them.
const NOTES = [
  ['receipts', 'hour'],
  ['restatements', 'bucket'],
  ['reconciliations', 'ran_at'],
] as const;

/**
 * Deletes expired rows and returns how many: answers for repeated requests and counters of rate limits that nobody can use any
 * more; counts of opened dashboards and used features, exports without files, receipts and records about roll-ups that are older
 * than the retention of aggregates; alerts that were sent or given up thirty days ago; and incidents after five years.
 */
export async function forgetExpired(client: Client, now: Date, aggregateDays: number): Promise<number> {
  const keys = await client.query(
    "delete from private.idempotency_keys where first_at < $1::timestamptz - interval '24 hours'",
    [now],
  );
  const counters = await client.query('delete from limits.counters where expire < $1::double precision', [now.getTime()]);
  const past = "day < ($1::timestamptz at time zone 'UTC')::date - $2::integer";
  const opens = await client.query(`delete from private.dashboard_opens where ${past}`, [now, aggregateDays]);
  const uses = await client.query(`delete from private.feature_uses where ${past}`, [now, aggregateDays]);
  const alerts = await client.query(
    "delete from private.alert_deliveries where status <> 'waiting' and created_at < $1::timestamptz - interval '30 days'",
    [now],
  );
  const exported = await client.query(
    `delete from private.export_jobs j
     where j.created_at < date_trunc('day', $1::timestamptz, 'UTC') - make_interval(days => $2) and j.status not in ('queued', 'running', 'completed')
       and not exists (select from private.export_files f where f.export_id = j.id and f.object is not null)`,
    [now, aggregateDays],
  );
  const incidents = await client.query('delete from private.incidents where kept_until < $1', [now]);
  let gone = [keys, counters, opens, uses, alerts, exported, incidents].reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
  for (const [table, time] of NOTES) {
    const notes = await client.query(
      `delete from private.${table} where ${time} < date_trunc('day', $1::timestamptz, 'UTC') - make_interval(days => $2)`,
      [now, aggregateDays],
    );
    gone += notes.rowCount ?? 0;
  }
  return gone;
}
