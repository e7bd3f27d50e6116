import type { Client } from '../database/db.ts';

/**
 * A grant for the tenant of this transaction, with which functions of `bi` return its rows. Valid until the full hour after
 * `until`, at most 31 days ahead.
 */
export async function signGrant(client: Client, until: Date): Promise<string> {
  const { rows } = await client.query<{ signed: string }>('select door.sign_grant($1) as signed', [until]);
  return rows[0]?.signed as string;
}

/**
 * Creates a new secret for grants. Grants signed with the previous one stay valid, older ones do not. Returns the new secret's
 * id.
 */
export async function rotateGrantSecret(client: Pick<Client, 'query'>): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select private.rotate_grant_secret() as id');
  return rows[0]?.id as string;
}

/** Whether a grant was rejected only because its tenant's dashboards are disabled. */
export const isSwitchedOff = (error: unknown): boolean =>
  error instanceof Error && error.message === 'the feature dashboards is switched off';
