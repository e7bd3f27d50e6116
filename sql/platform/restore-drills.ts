import type { Pool } from '../database/db.ts';

export type DrillKind = 'dump' | 'copy';

/** Result of a drill that passed. */
export type DrillResult = {
  backupSeconds: number;
  restoreSeconds: number;
  bytes: number;
  tables: number;
  records: number;
  /** How many tenants' metrics were compared. */
  figures: number;
};

/** A drill that takes longer was interrupted. */
const LONGEST = '6 hours';

/**
 * Whether a week has passed since the last drill. A drill that another worker may be running counts. A failed one is retried the
 * next day. The first drill is a day after the platform's start, because a start has enough to do.
 */
export async function isDrillDue(pool: Pool, now: Date): Promise<boolean> {
  const { rows } = await pool.query<{ due: boolean }>(
    `select not exists (
         select from private.restore_drills
         where started_at > $1::timestamptz - case when passed then interval '6 days 12 hours' when ended_at is null then interval '${LONGEST}'
             else interval '23 hours' end
       ) and exists (select from private.tenants where created_at < $1::timestamptz - interval '1 day') as due`,
    [now],
  );
  return rows[0]?.due ?? false;
}

/** Records the start of a drill, and deletes drills older than 400 days. Returns its id. */
export async function beginDrill(pool: Pool, kind: DrillKind): Promise<number> {
  await pool.query("delete from private.restore_drills where started_at < now() - interval '400 days'");
  const { rows } = await pool.query<{ id: number }>('insert into private.restore_drills (kind) values ($1) returning id', [
    kind,
  ]);
  return rows[0]?.id as number;
}

/** Records how a drill ended: its result, or why it failed. */
export async function endDrill(pool: Pool, id: number, outcome: DrillResult | Error): Promise<void> {
  const failed = outcome instanceof Error;
  const values = failed
    ? [null, null, null, null, null, null, outcome.message.slice(0, 2000)]
    : [outcome.backupSeconds, outcome.restoreSeconds, outcome.bytes, outcome.tables, outcome.records, outcome.figures, null];
  await pool.query(
    `update private.restore_drills set ended_at = now(), passed = $2, (backup_seconds, restore_seconds, bytes, tables, records, figures, detail)
         = ($3::double precision, $4::double precision, $5::bigint, $6::integer, $7::bigint, $8::integer, $9::text)
     where id = $1`,
    [id, !failed, ...values],
  );
}

/** A drill as the operator sees it. */
export type DrillRow = {
  started_at: Date;
  ended_at: Date | null;
  kind: DrillKind;
  passed: boolean | null;
  backup_seconds: number | null;
  restore_seconds: number | null;
  bytes: number | null;
  tables: number | null;
  records: number | null;
  figures: number | null;
  detail: string | null;
};

/** The last drills, newest first. */
export async function listDrills(ops: Pool, limit: number): Promise<DrillRow[]> {
  const { rows } = await ops.query<DrillRow>('select * from ops.restore_drills order by started_at desc limit $1', [limit]);
  return rows;
}

/** As though it had not begun, so that it is due again. */
export async function forgetDrill(pool: Pool, id: number): Promise<void> {
  await pool.query('delete from private.restore_drills where id = $1', [id]);
}
