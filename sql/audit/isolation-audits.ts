import type { AttackFinding, AttackOutcome } from '../attacks/run.ts';
import { type Client, type Pool, withClient } from '../database/db.ts';
import { withGuard } from '../database/guard.ts';

/** Runs `work` on the only connection that audits. Returns undefined, without running `work`, if another worker has the lock. */
export async function withAuditLock<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T | undefined> {
  // A separate connection's transaction holds the lock, because each attack has its own transaction.
  return withGuard(
    pool,
    async (guard) => {
      const held = await guard.query("select from storage.locks where name = 'isolation audit' for update skip locked");
      return held.rowCount === 1;
    },
    (lost) => withClient(pool, work, lost),
  );
}

/**
 * Runs `work` while errors of this connection are kept out of the server's log, if the role may set that: proofs of attacks fail
 * on purpose too. `work` gets whether they are.
 */
export async function withoutErrorLog<T>(client: Client, work: (silent: boolean) => Promise<T>): Promise<T> {
  const { rowCount } = await client.query(
    "select set_config('log_min_messages', 'log', false) where has_parameter_privilege('log_min_messages', 'set')",
  );
  try {
    return await work(rowCount === 1);
  } finally {
    if (rowCount) await client.query('reset log_min_messages');
  }
}

/** Logins that an interrupted audit has left behind. */
export async function openLogins(client: Client, tenantId: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    'select id from private.sql_logins where tenant_id = $1 and ended_at is null',
    [tenantId],
  );
  return rows.map(({ id }) => id);
}

/** Deletes the record of an audit's own ended login, because there is one every hour. */
export async function forgetLogin(client: Client, id: string): Promise<void> {
  await client.query('delete from private.sql_logins where id = $1 and ended_at is not null', [id]);
}

/** Counts findings that are rows that should not have been reached, and attacks that proved nothing. */
export function countFindings(findings: AttackFinding[]): { foreignRows: number; dead: number } {
  const dead = findings.filter(({ what }) => what === 'dead').length;
  return { foreignRows: findings.length - dead, dead };
}

/** Stores an outcome for 400 days: of its findings, one for each attack, login and kind. */
export async function saveAudit(client: Client, { tried, findings }: AttackOutcome): Promise<void> {
  const { foreignRows, dead } = countFindings(findings);
  const kinds = new Map(findings.map(({ attack, login, what }) => [`${attack} ${login} ${what}`, { attack, login, what }]));
  await client.query('insert into private.isolation_audits (attempts, foreign_rows, dead, findings) values ($1, $2, $3, $4)', [
    tried,
    foreignRows,
    dead,
    JSON.stringify([...kinds.values()]),
  ]);
  await client.query("delete from private.isolation_audits where ran_at < now() - interval '400 days'");
}

export type Isolation = {
  ran_at: Date;
  age_seconds: number;
  attempts: number;
  foreign_rows: number;
  dead: number;
  found_since: number;
};

/** The last audit and what all audits since `since` have found, for the API's login; undefined if none ran. */
export async function readIsolation(pool: Pool, since: Date): Promise<Isolation | undefined> {
  const { rows } = await pool.query<Isolation>(
    'select ran_at, age_seconds, attempts, foreign_rows, dead, found_since from door.isolation($1)',
    [since],
  );
  return rows[0];
}

/** An audit as the operator sees it. */
export type AuditRow = {
  ran_at: Date;
  attempts: number;
  foreign_rows: number;
  dead: number;
  findings: Pick<AttackFinding, 'attack' | 'login' | 'what'>[];
};

/** The last audits, newest first. */
export async function listAudits(ops: Pool, limit: number): Promise<AuditRow[]> {
  const { rows } = await ops.query<AuditRow>('select * from ops.isolation_audits order by ran_at desc limit $1', [limit]);
  return rows;
}
