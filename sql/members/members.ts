import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';
import { hashKey } from '../tenants/tenants.ts';

/** `operator` is the role of the platform's own members and of nobody else. */
export const ROLES = ['viewer', 'admin', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** Somebody who signs in for a tenant. */
export type Member = {
  id: string;
  email: string;
  name: string | null;
  role: Role;
  created_at: Date;
  updated_at: Date;
};

export type NewMember = Pick<Member, 'email' | 'role'> & { name?: string | null | undefined };

const COLUMNS = 'id, email, name, role, created_at, updated_at';

/** Creates a member of the transaction's tenant, with a key that nobody knows; undefined where the address is taken. */
export async function createMember(client: Client, { email, name, role }: NewMember): Promise<Member | undefined> {
  const secret = hashKey(randomBytes(32).toString('base64url'));
  const { rows } = await client.query<Member>(`select ${COLUMNS} from door.create_member($1, $2, $3, $4, $5, $6)`, [
    uuidv7(),
    uuidv7(),
    secret,
    email,
    name ?? null,
    role,
  ]);
  return rows[0];
}

/** Changes a member of the transaction's tenant; undefined where there is no such member. */
export async function updateMember(
  client: Client,
  id: string,
  change: { name?: string | null | undefined; role?: Role | undefined },
): Promise<Member | undefined> {
  const { rows } = await client.query<Member>(`select ${COLUMNS} from door.update_member($1, $2)`, [id, change]);
  return rows[0];
}

/** Deletes a member of the transaction's tenant and ends the member's sessions. False where there is no such member. */
export async function deleteMember(client: Client, id: string): Promise<boolean> {
  const { rows } = await client.query<{ key: string | null }>('select door.delete_member($1) as key', [id]);
  return rows[0]?.key != null;
}

/** Members of the transaction's tenant, in the order in which they were created. */
export async function listMembers(client: Client, after: string | undefined, limit: number): Promise<Member[]> {
  const { rows } = await client.query<Member>(
    `select ${COLUMNS} from app.members where ($1::uuid is null or id > $1) order by id limit $2`,
    [after ?? null, limit],
  );
  return rows;
}

/** A member of the transaction's tenant, with the key that the member's sessions act through. */
export async function findMember(client: Client, id: string): Promise<(Member & { key_id: string }) | undefined> {
  const { rows } = await client.query<Member & { key_id: string }>(`select ${COLUMNS}, key_id from app.members where id = $1`, [
    id,
  ]);
  return rows[0];
}

/** Members of all tenants with an e-mail address: those to whom a link to sign in may be sent. */
export async function membersByEmail(
  pool: Pool,
  email: string,
): Promise<{ id: string; tenant_id: string; key_id: string; tenant_name: string; locale: string }[]> {
  const { rows } = await pool.query<{ id: string; tenant_id: string; key_id: string; tenant_name: string; locale: string }>(
    'select * from door.members_by_email($1)',
    [email],
  );
  return rows;
}

/** A member to whom mail is sent, as the jobs' login finds it; undefined where the member or the tenant is gone. */
export async function findMailbox(
  pool: Pool,
  id: string,
): Promise<{ email: string; tenant_id: string; key_id: string; tenant_name: string; locale: string } | undefined> {
  const { rows } = await pool.query<{ email: string; tenant_id: string; key_id: string; tenant_name: string; locale: string }>(
    `select m.email, m.tenant_id, m.key_id, t.name as tenant_name, t.locale
     from private.members m join private.tenants t on t.id = m.tenant_id where m.id = $1 and t.offboarding_at is null`,
    [id],
  );
  return rows[0];
}
