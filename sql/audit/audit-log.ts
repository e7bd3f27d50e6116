import type { Client } from '../database/db.ts';

export type AuditEntry = {
  at: Date;
  actor: Record<string, string | null>;
  action: string;
  target: string;
  details: Record<string, unknown>;
};

/** What was done to or for the tenant, newest first. */
export async function listAuditLog(
  client: Client,
  filter: { action: string | null; before: string | null; limit: number },
): Promise<(AuditEntry & { cursor_time: string })[]> {
  const result = await client.query<AuditEntry & { cursor_time: string }>(
    `select at, actor, action, target, details, at::text as cursor_time
     from app.audit_log
     where ($1::text is null or action = $1) and ($2::timestamptz is null or at < $2)
     order by at desc limit $3`,
    [filter.action, filter.before, filter.limit],
  );
  return result.rows;
}

/** The last row's number and hash as `<seq>:<hash>`, or null if there are no rows. Needs an owner's connection. */
export async function auditHead(client: Pick<Client, 'query'>): Promise<string | null> {
  const { rows } = await client.query<{ head: string }>(
    "select seq || ':' || encode(hash, 'hex') as head from private.audit_log order by seq desc limit 1",
  );
  return rows[0]?.head ?? null;
}

export type ChainLink = { seq: number; hash: string; computed: string };

/**
 * The next rows of the chain after `last`, each with the hash that it should have. It uses only built-in functions, because an
 * attacker who can change rows can change Mirante's own functions too. The text of a row is that of private.append_audit().
 */
export async function readChain(client: Pick<Client, 'query'>, last: ChainLink | undefined): Promise<ChainLink[]> {
  const { rows } = await client.query<ChainLink>(
    `select seq, encode(hash, 'hex') as hash,
       encode(sha256(lag(hash, 1, decode($2, 'hex')) over (order by seq, hash) || convert_to(jsonb_build_array(seq,
         (extract(epoch from at) * 1000000)::bigint, tenant_id, actor, action, target, details)::text, 'UTF8')), 'hex') as computed
     from (
       select * from private.audit_log
       where $1::bigint is null or (seq, hash) > ($1, decode($2, 'hex'))
       order by seq, hash limit 1000
     ) page
     order by seq, hash`,
    [last?.seq ?? null, last?.hash ?? ''],
  );
  return rows;
}
