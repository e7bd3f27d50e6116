import type { Client } from '../database/db.ts';

/**
 * A grant for the tenant of this transaction, with which functions of `bi` give its rows: good until the full hour after
 * `until`, at most 31 days ahead.
 */
export async function signGrant(client: Client, until: Date): Promise<string> {
  const { rows } = await client.query<{ signed: string }>('select door.sign_grant($1) as signed', [until]);
  return rows[0]?.signed as string;
}

/** A new secret for grants; those signed with the one before stay good, older ones do not. Gives the new secret's id. */
export async function rotateGrantSecret(client: Pick<Client, 'query'>): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select private.rotate_grant_secret() as id');
  return rows[0]?.id as string;
}

/** Whether a grant was refused only because its tenant has no dashboards any more. */
export const isSwitchedOff = (error: unknown): boolean =>
  error instanceof Error && error.message === 'the feature dashboards is switched off';
