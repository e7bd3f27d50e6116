import { type Pool, withTransaction } from '../database/db.ts';

export type Alert = 'fast-burn' | 'slow-burn';

/** One row of ops.objectives. */
export type ObjectiveRow = {
  name: string;
  unit: string;
  target: number;
  comparison: 'at most' | 'at least';
  time_window: string;
  measured: number | null;
  measured_at: Date | null;
  status: 'met' | 'missed' | 'unknown';
  /** Share that may be bad; null if the objective is not a share. */
  budget: number | null;
  spent: number | null;
  budget_left: number | null;
  burn_1h: number | null;
  burn_6h: number | null;
  burn_3d: number | null;
  alert: Alert | null;
  alert_since: Date | null;
};

/** The jobs program's last measurements, ordered by name, for operations. */
export async function readObjectives(pool: Pool): Promise<ObjectiveRow[]> {
  const { rows } = await pool.query<ObjectiveRow>('select * from ops.objectives order by name');
  return rows;
}

/** Stores settings that SQL must know, by their environment names. */
export async function saveSettings(pool: Pool, settings: Record<string, number>): Promise<void> {
  await pool.query(
    `insert into private.settings as s (name, value) select * from unnest($1::text[], $2::double precision[])
     on conflict (name) do update set value = excluded.value where s.value <> excluded.value`,
    [Object.keys(settings), Object.values(settings)],
  );
}

export type AlertChange = Pick<ObjectiveRow, 'name' | 'alert' | 'burn_1h' | 'burn_6h'>;

// Multiwindow, multi-burn-rate (The Site Reliability Workbook, chapter 5): 2 % of a 30-day budget within an hour, or 5 % within
// six. The short window, a twelfth of the long one, ends the alert soon after its cause.
const SERVICE = `
  insert into private.objectives as o (name, measured, measured_at, known_until, spent, burn_5m, burn_30m, burn_1h, burn_6h, burn_3d, alert,
      alert_since)
  select b.name, b.measured, b.measured_at, now() + interval '5 min', b.spent, b.burn_5m, b.burn_30m, b.burn_1h, b.burn_6h, b.burn_3d,
      a.alert, case when a.alert is not null then now() end
  from (
          select m.*, m.bad_5m / p.budget as burn_5m, m.bad_30m / p.budget as burn_30m, m.bad_1h / p.budget as burn_1h,
              m.bad_6h / p.budget as burn_6h, m.bad_3d / p.budget as burn_3d
          from ops.measure_service() m join ops.promises() p on p.name = m.name
      ) b,
      lateral (select case when b.burn_1h >= 14.4 and b.burn_5m >= 14.4 then 'fast-burn'
          when b.burn_6h >= 6 and b.burn_30m >= 6 then 'slow-burn' end as alert) a
  order by 1
  on conflict (name) do update set (measured, measured_at, known_until, spent, burn_5m, burn_30m, burn_1h, burn_6h, burn_3d, alert,
      alert_since) = (excluded.measured, excluded.measured_at, excluded.known_until, excluded.spent, excluded.burn_5m, excluded.burn_30m,
      excluded.burn_1h, excluded.burn_6h, excluded.burn_3d, excluded.alert,
      case when o.alert is distinct from excluded.alert then excluded.alert_since else o.alert_since end)
  returning name, alert, burn_1h, burn_6h`;

/** Measures objectives that change from minute to minute. Returns those whose alert has begun, changed or ended. */
export async function measureService(pool: Pool): Promise<AlertChange[]> {
  return withTransaction(pool, 'begin', async (client) => {
    // If several programs measure at once, only one sees each change.
    const before = await client.query<AlertChange>('select name, alert from private.objectives order by name for update');
    const known = new Map(before.rows.map(({ name, alert }) => [name, alert]));
    const { rows } = await client.query<AlertChange>(SERVICE);
    return rows.filter(({ name, alert }) => (known.get(name) ?? null) !== alert);
  });
}

/** Measures objectives that change slowly, unless that was done within the hour. */
export async function measureHoldings(pool: Pool): Promise<void> {
  await pool.query(
    `insert into private.objectives (name, measured, measured_at, known_until)
     select m.name, m.measured, case when m.measured is not null then now() end, now() + interval '3 h' from ops.measure_holdings() m
     where not exists (select from private.objectives where name = 'retention.raw' and known_until > now() + interval '2 h')
     order by 1
     on conflict (name) do update set (measured, measured_at, known_until) =
         (excluded.measured, excluded.measured_at, excluded.known_until)`,
  );
}
