import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';
import { type Identity, type IdentityRow, identityOf } from '../tenants/tenants.ts';
import type { Member } from './members.ts';
import type { SupportVisit } from './support.ts';

/** A session ends after this time without a request. */
export const IDLE_SECONDS = 12 * 3600;
/** A session ends this long after it began, whatever is done with it. */
export const MAX_SECONDS = 14 * 24 * 3600;
/** A one-time link to sign in works for this long. */
export const CODE_SECONDS = 600;

const IDLE = `interval '${IDLE_SECONDS} seconds'`;
const MAX_AGENT = 300;

/** What the requests of a browser that is signed in may do, and since when and for whom. */
export type SessionIdentity = Identity & {
  session: {
    id: string;
    expiresAt: Date;
    member: Pick<Member, 'id' | 'email' | 'name' | 'role'> | null;
    visit: Pick<SupportVisit, 'id' | 'operator' | 'reason'> | null;
  };
};

type Session = SessionIdentity['session'];

/** Whose session a one-time code starts: a person's or program's, or a visit of an operator. */
export type CodeHolder = { tenantId: string; keyId: string; isVisit?: boolean };

/** A session as its holder sees it. */
export type SessionRow = {
  id: string;
  address: string | null;
  agent: string;
  created_at: Date;
  seen_at: Date;
  expires_at: Date;
};

const secret = () => randomBytes(24).toString('base64url');
const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** Starts a session that acts through a key of the transaction's tenant. Returns what the cookie holds, which is stored only as its hash. */
export async function startSession(
  client: Client,
  keyId: string,
  from: { address: string | null; agent: string },
): Promise<{ token: string; expiresAt: Date }> {
  const token = secret();
  const expiresAt = new Date(Date.now() + MAX_SECONDS * 1000);
  await client.query(`select door.start_web_session($1, $2, $3, $4, $5, $6, ${IDLE})`, [
    uuidv7(),
    keyId,
    hashOf(token),
    from.address,
    from.agent.slice(0, MAX_AGENT),
    expiresAt,
  ]);
  return { token, expiresAt };
}

/** Whom a cookie stands for; undefined where it is unknown or its session has ended. */
export async function findSession(pool: Pool, token: string): Promise<SessionIdentity | undefined> {
  type Row = IdentityRow & { session_id: string; session_expires_at: Date } & Pick<Session, 'member' | 'visit'>;
  const { rows } = await pool.query<Row>(`select * from door.authenticate_web_session($1, ${IDLE})`, [hashOf(token)]);
  const row = rows[0];
  if (!row) return undefined;
  const { session_id: id, session_expires_at: expiresAt, member, visit } = row;
  return { ...identityOf(row), session: { id, expiresAt, member, visit } };
}

/** The open sessions of a key of the transaction's tenant, newest first. */
export async function listSessions(client: Client, keyId: string): Promise<SessionRow[]> {
  const { rows } = await client.query<SessionRow>(`select * from door.web_sessions($1, ${IDLE})`, [keyId]);
  return rows;
}

/** Ends a session of a key of the transaction's tenant. Returns the hash of its cookie; undefined where there is no such session. */
export async function endSession(client: Client, id: string, keyId: string): Promise<Buffer | undefined> {
  const { rows } = await client.query<{ hash: Buffer | null }>('select door.end_web_session($1, $2) as hash', [id, keyId]);
  return rows[0]?.hash ?? undefined;
}

/** Creates a one-time code with which a browser signs in through a key of the transaction's tenant. */
export async function createLoginCode(client: Client, keyId: string): Promise<{ code: string; expiresAt: Date }> {
  const code = randomBytes(15).toString('base64url');
  const expiresAt = new Date(Date.now() + CODE_SECONDS * 1000);
  await client.query('select door.create_login_code($1, $2, $3)', [hashOf(code), keyId, expiresAt]);
  return { code, expiresAt };
}

/** The same as the jobs' login makes one, for a key of any tenant. */
export async function createMailedCode(pool: Pool, { tenantId, keyId }: { tenantId: string; keyId: string }): Promise<string> {
  const code = randomBytes(15).toString('base64url');
  const expiresAt = new Date(Date.now() + CODE_SECONDS * 1000);
  await pool.query('insert into private.login_codes (hash, tenant_id, key_id, expires_at) values ($1, $2, $3, $4)', [
    hashOf(code),
    tenantId,
    keyId,
    expiresAt,
  ]);
  return code;
}

/** Uses a one-time code up. Returns whose it was; undefined where it is unknown, used or expired. */
export async function useLoginCode(pool: Pool, code: string): Promise<CodeHolder | undefined> {
  const { rows } = await pool.query<{ tenant_id: string; key_id: string; is_visit: boolean }>(
    'select * from door.use_login_code($1)',
    [hashOf(code)],
  );
  return rows[0] && { tenantId: rows[0].tenant_id, keyId: rows[0].key_id, isVisit: rows[0].is_visit };
}

/** Records in the operator's audit log that a sign-in was refused. */
export async function noteRefusedLogin(pool: Pool, address: string | null): Promise<void> {
  await pool.query('select door.note_refused_login($1)', [address ?? 'unknown']);
}
