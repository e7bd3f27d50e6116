/**
 * The files of views and functions, under sql/, in the order in which every migrate drops and rebuilds them. A test compares the
 * list with the folders.
 *
 * PostgreSQL checks each view and each SQL function when it is created: what they read must already exist. So `app` comes first
 * (the tenant, then its events, then the rest), then what `bi` and `door` read, then `ops`, which reads everything.
 * `database/grants.sql` comes last, because it grants on everything in `ops`.
 */
export const LOAD_ORDER = [
  'database/schemas.sql',

  'tenants/app.sql',
  'events/app.sql',
  'event-types/app.sql',
  'quarantine/app.sql',
  'metrics/latency.sql',
  'metrics/app.sql',
  'data-quality/app.sql',
  'alerts/app.sql',
  'archive/app.sql',
  'audit/app.sql',
  'benchmarks/app.sql',
  'dashboards/app.sql',
  'exports/app.sql',
  'members/app.sql',
  'privacy/app.sql',

  'benchmarks/figures.sql',
  'benchmarks/panels.sql',
  'benchmarks/snapshots.sql',
  'benchmarks/viewers.sql',

  'metrics/bi.sql',
  'data-quality/bi.sql',
  'quarantine/bi.sql',
  'benchmarks/bi.sql',

  'tenants/door.sql',
  'tenants/door-sql-logins.sql',
  'tenants/door-sql-sessions.sql',
  'tenants/door-offboarding.sql',
  'http/door.sql',
  'events/door.sql',
  'metrics/door.sql',
  'alerts/door.sql',
  'archive/door.sql',
  'audit/door.sql',
  'audit/isolation.sql',
  'benchmarks/door.sql',
  'dashboards/door.sql',
  'exports/door.sql',
  'members/door.sql',
  'platform/door.sql',
  'privacy/door.sql',
  'privacy/door-incidents.sql',

  'platform/ops.sql',
  'metrics/ops.sql',
  'metrics/ops-requests.sql',
  'quarantine/ops.sql',
  'data-quality/ops.sql',
  'alerts/ops.sql',
  'archive/ops.sql',
  'audit/ops.sql',
  'dashboards/ops.sql',
  'exports/ops.sql',
  'tenants/ops.sql',
  'objectives/ops.sql',
  'database/grants.sql',
];
