import type { Pool } from '../database/db.ts';

export type EndedSession = { login: string; tenant: string; database: string; reason: string };

/**
 * `idleSeconds`: how long a session may be idle in a transaction. `graceSeconds`: how long anything may exceed its limit, because
 * it may be about to end.
 */
export type SessionLimits = { idleSeconds: number; graceSeconds: number };

/** Limits of customer sessions that do not depend on the login. */
export const SESSION_LIMITS: SessionLimits = { idleSeconds: 60, graceSeconds: 10 };

/**
 * Ends customer sessions that exceed their limits, whatever their settings, in any database of the server. Call it as the owner.
 */
export async function endSessions(pool: Pool, limits: SessionLimits = SESSION_LIMITS): Promise<EndedSession[]> {
  // A separate statement, so that the next one sees what this one makes visible.
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
