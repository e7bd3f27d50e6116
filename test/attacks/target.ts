import { pino } from 'pino';
import { checkDataQuality } from '../../jobs/metrics/check-data-quality.ts';
import { reconcile } from '../../jobs/metrics/reconcile.ts';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { makePartitions } from '../../sql/archive/retention.ts';
import type { Attack, AttackLogin, Party, Target } from '../../sql/attacks/attack.ts';
import { aim } from '../../sql/attacks/catalogue.ts';
import { signGrant } from '../../sql/dashboards/grants.ts';
import { withClient, withTenant } from '../../sql/database/db.ts';
import { type Canary, canaryOf, plant } from '../../sql/tenants/canaries.ts';
import { createSqlLogin } from '../../sql/tenants/sql-logins.ts';
import { makeTenant, type TestDatabase, type TestTenant } from '../support/harness.ts';

export type { Attack, Target };

export type Besieged = { attacker: TestTenant; victim: TestTenant; target: Target; urls: Record<AttackLogin, string> };

const MANY = 3000;

/** Two tenants with rows in every table, in the current hour, in refreshed hours, and in an older chunk. */
export async function besiege(db: TestDatabase, before = async (_db: TestDatabase) => {}): Promise<Besieged> {
  const [attacker, victim] = [await makeTenant(db), await makeTenant(db)];
  const [own, theirs] = [canaryOf(attacker.id), canaryOf(victim.id)];
  for (const canary of [own, theirs]) {
    await withClient(db.owner, (client) => plant(client, canary));
    await grow(db, canary, canary === theirs ? MANY : 20);
  }
  await refresh(db);
  // The jobs write rows for every tenant beside the planted ones.
  await checkDataQuality(jobsOf(db));
  await reconcile({ ...jobsOf(db), config: { AGGREGATE_RETENTION_DAYS: 730 } });
  await before(db);
  await makePartitions(db.jobs, 98);
  await db.owner.query('analyze private.events, private.rule_hits, private.quarantine, private.event_types, private.tenants');
  const parties = [await partyOf(db, own), await partyOf(db, theirs)] as const;
  const target = await withClient(db.owner, (client) => aim(client, ...parties));
  return { attacker, victim, target, urls: await loginsOf(db, attacker.id) };
}

async function partyOf(db: TestDatabase, canary: Canary): Promise<Party> {
  const until = new Date(Date.now() + 3600_000);
  return { ...canary, grant: await withTenant(db.api, canary.id, (client) => signGrant(client, until)) };
}

/** The three logins that can send SQL; the customer's is created as by POST /v1/tenants/{id}/sql-logins. */
export async function loginsOf(db: TestDatabase, tenantId: string): Promise<Record<AttackLogin, string>> {
  const made = await createSqlLogin(
    db.api,
    tenantId,
    {
      name: 'attacker',
      connection_limit: 5,
      statement_timeout_seconds: 30,
      expires_at: null,
    },
    'login',
  );
  if ('sessionsLeft' in made) throw new Error('no session is left');
  const sql = new URL(db.urls.api);
  sql.username = made.login;
  sql.password = made.password;
  return { api: db.urls.api, sql: sql.toString(), metabase: db.urls.metabase };
}

// The same rows repeated over the last weeks: enough for statistics, chunks and roll-ups.
async function grow(db: TestDatabase, { id, word }: Canary, rows: number): Promise<void> {
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes,
         data, attributes)
     select tenant_id, time - n * interval '7 minutes', gen_random_uuid(), now(), type, source, event_id, subject, outcome,
         duration_ms, bytes, data, attributes
     from private.events, generate_series(1, $2::integer) n where tenant_id = $1`,
    [id, rows],
  );
  await db.owner.query(
    `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
     select $1, now() - n * interval '7 minutes', gen_random_uuid(), $3, $3, 1 from generate_series(1, $2::integer) n`,
    [id, rows, word],
  );
  await db.owner.query(
    `insert into private.event_types (tenant_id, type, version, schema, mode)
     select $1, 'canary.' || $2 || '.v1', n, '{}', 'observe' from generate_series(2, 1 + $3::integer / 10) n`,
    [id, word, rows],
  );
  await db.owner.query(
    `insert into private.dirty_hours (hour)
     select date_trunc('hour', now(), 'UTC') - n * interval '1 hour' from generate_series(0, $1::integer * 7 / 60 + 1) n`,
    [rows],
  );
}

/** Refreshes all roll-ups. */
export async function refresh(db: TestDatabase): Promise<void> {
  await refreshRollups(jobsOf(db));
}

const jobsOf = (db: TestDatabase) => ({
  pool: db.jobs,
  engine: db.engine,
  log: pino({ level: 'silent' }),
  clock: () => new Date(),
});

/** Enables the columnstore for events and converts every chunk except the newest. */
export async function convert({ jobs }: TestDatabase): Promise<void> {
  await jobs.query("select storage.columnstore_on('events', interval '0')");
  const { rows } = await jobs.query<{ part: string }>(
    "select part::text from storage.columnstore_parts('events') where ends < now()",
  );
  for (const { part } of rows) await jobs.query('select storage.to_columnstore($1, $2)', ['events', part]);
}
