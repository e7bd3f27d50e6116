import type { Logger } from '../../lib/log.ts';
import type { AttackLogin, Party } from '../../sql/attacks/attack.ts';
import { aim } from '../../sql/attacks/catalogue.ts';
import { type AttackOutcome, runAttacks } from '../../sql/attacks/run.ts';
import {
  countFindings,
  forgetLogin,
  openLogins,
  saveAudit,
  withAuditLock,
  withoutErrorLog,
} from '../../sql/audit/isolation-audits.ts';
import { signGrant } from '../../sql/dashboards/grants.ts';
import { type Client, createPool, type Pool, withTenant } from '../../sql/database/db.ts';
import { type Canary, findCanaries, plant } from '../../sql/tenants/canaries.ts';
import { createSqlLogin, revokeSqlLogin } from '../../sql/tenants/sql-logins.ts';

export type AuditDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  /** Stops a running audit; the next start runs another. */
  signal?: AbortSignal | undefined;
  /** URLs of the logins whose SQL is attacked. The third login, a SQL login, is created for each audit. */
  logins: Record<Exclude<AttackLogin, 'sql'>, string>;
};

const HOUR_MS = 3_600_000;

/**
 * Attacks one canary tenant as the other, with read-only statements. Throws if a foreign row was found, or if an attack could not
 * be proved to reach for one.
 */
export async function runAuditIsolation(deps: AuditDeps): Promise<void> {
  const outcome = await withAuditLock(deps.pool, (client) => audit(client, deps)).catch((error: unknown) => {
    if (!deps.signal?.aborted) throw error;
  });
  if (!outcome) return;
  const { foreignRows, dead } = countFindings(outcome.findings);
  const [first] = outcome.findings;
  if (!first) {
    deps.log.debug({ attempts: outcome.tried }, 'isolation audited: no foreign row');
    return;
  }
  deps.log.fatal({ ...first, foreign_rows: foreignRows, dead, attempts: outcome.tried }, 'isolation is broken');
  throw new Error(`isolation is broken: ${first.attack} (${first.login}): ${first.what}`);
}

async function audit(client: Client, deps: AuditDeps): Promise<AttackOutcome> {
  const [attacker, victim] = await findCanaries(client);
  for (const canary of [attacker, victim]) await plant(client, canary);
  const until = new Date(deps.clock().getTime() + HOUR_MS);
  const [own, theirs] = [await partyOf(attacker, until, deps), await partyOf(victim, until, deps)];
  const target = await aim(client, own, theirs);
  const outcome = await withSqlLogin(client, deps, attacker.id, until, (sql) =>
    withoutErrorLog(client, (silent) =>
      runAttacks(target, { api: deps.logins.api, metabase: deps.logins.metabase, sql }, client, {
        silent,
        signal: deps.signal,
      }),
    ),
  );
  await saveAudit(client, outcome);
  return outcome;
}

async function partyOf(canary: Canary, until: Date, { logins }: AuditDeps): Promise<Party> {
  const pool = createPool(logins.api, { max: 1, name: 'mirante isolation audit' });
  try {
    return { ...canary, grant: await withTenant(pool, canary.id, (client) => signGrant(client, until)) };
  } finally {
    await pool.end();
  }
}

// The login is created and ended like a customer's, so that its creation is tested too.
async function withSqlLogin<T>(
  client: Client,
  { pool, logins }: AuditDeps,
  tenantId: string,
  until: Date,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const end = async (id: string) => {
    await revokeSqlLogin(pool, tenantId, id, 'login');
    await forgetLogin(client, id);
  };
  for (const id of await openLogins(client, tenantId)) await end(id);
  const limits = { connection_limit: 2, statement_timeout_seconds: 30, expires_at: until };
  const made = await createSqlLogin(pool, tenantId, { name: 'isolation audit', ...limits }, 'login');
  if ('sessionsLeft' in made) throw new Error('No session is left for the login of the isolation audit.');
  try {
    const url = new URL(logins.api);
    url.username = made.login;
    url.password = made.password;
    return await work(url.toString());
  } finally {
    await end(made.id);
  }
}
