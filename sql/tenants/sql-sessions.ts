import type { Pool } from '../database/db.ts';

export type EndedSession = { login: string; tenant: string; database: string; reason: string };

/** Seconds that a session may be idle in a transaction, and that anything may go on beyond its limit because it is on its way to end. */
export type SessionLimits = { idleSeconds: number; graceSeconds: number };

/** Limits of customers' sessions that are no login's own. */
export const SESSION_LIMITS: SessionLimits = { idleSeconds: 60, graceSeconds: 10 };

/** Ends sessions of customers that are beyond their limits, whatever they have set, in any database of the server. To be called as the owner. */
export async function endSessions(pool: Pool, limits: SessionLimits = SESSION_LIMITS): Promise<EndedSession[]> {
  // In a statement of its own, so that what it makes visible is visible to the next.
  await pool.query(
    `select door.adopt_login(l.login)
     from private.sql_logins l join pg_roles r on r.rolname = l.login
     where l.ended_at is null and not pg_has_role('mirante_logins', r.oid, 'usage')`,
  );
  const { rows } = await pool.query<EndedSession>(
    `select login, tenant, database, reason
     from door.end_sessions(make_interval(secs => $1), make_interval(secs => $2))`,
    [limits.idleSeconds, limits.graceSeconds],
  );
  return rows;
}
