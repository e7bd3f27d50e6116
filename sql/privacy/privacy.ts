import type { Client } from '../database/db.ts';
import type { EventType } from '../event-types/event-types.ts';

/** The tenant's pseudonym key, created on first use. Needs a transaction that may write. */
export async function pseudonymKey(client: Client): Promise<Buffer> {
  const result = await client.query<{ key: Buffer }>('select door.pseudonym_key() as key');
  return (result.rows[0] as { key: Buffer }).key;
}

/** The key of the tenant's withdrawals, created on first use. Needs a transaction that may write. */
export async function withdrawalKey(client: Client): Promise<Buffer> {
  const result = await client.query<{ key: Buffer }>('select door.withdrawal_key() as key');
  return (result.rows[0] as { key: Buffer }).key;
}

/** Rises with each withdrawal, restoration and destroyed key of the tenant. Read it before what it is the version of. */
export async function privacyVersion(client: Client): Promise<number> {
  const { rows } = await client.query<{ version: number }>('select door.privacy_version() as version');
  return rows[0]?.version ?? 0;
}

/** How many erasures of the tenant have begun; more than before: what was read before must not be sent on. */
export async function erasuresBegun(client: Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>('select door.erasures_begun() as n');
  return rows[0]?.n ?? 0;
}

export type DestroyedKey = { key_created_at: Date; withdrawals_deleted: number };

/**
 * Destroys the tenant's pseudonym key, and the withdrawals of earlier versions, which contain such pseudonyms. Other withdrawals
 * stay in force. Returns undefined if there is no key.
 */
export async function destroyPseudonymKey(client: Client): Promise<DestroyedKey | undefined> {
  const result = await client.query<DestroyedKey>(
    'select key_created_at, withdrawals_deleted from door.destroy_pseudonym_key()',
  );
  return result.rows[0];
}

/** What a withdrawal is known by: a hash under the key of withdrawals, and, in earlier versions, the pseudonym. */
export type WithdrawalHashes = { lasting: string; pseudonym: string };

/** Records that a person has withdrawn consent. Returns false if that was already recorded. */
export async function withdrawSubject(client: Client, { lasting }: WithdrawalHashes): Promise<boolean> {
  const result = await client.query(
    `insert into app.withdrawn_subjects (tenant_id, subject_hash) select id, $1 from app.tenant
     on conflict (tenant_id, subject_hash) do nothing`,
    [lasting],
  );
  return result.rowCount === 1;
}

/** Records that a person has given consent again. Returns false if it was not withdrawn. */
export async function restoreSubject(client: Client, { lasting, pseudonym }: WithdrawalHashes): Promise<boolean> {
  const result = await client.query('delete from app.withdrawn_subjects where subject_hash in ($1, $2)', [lasting, pseudonym]);
  return (result.rowCount ?? 0) > 0;
}

/** The hashes of everybody who has withdrawn consent. */
export async function withdrawnSubjects(client: Client): Promise<Set<string>> {
  // Sent as one text: one row each would block the process twice as long.
  const result = await client.query<{ hashes: string | null }>(
    `select string_agg(subject_hash, ' ') as hashes from app.withdrawn_subjects`,
  );
  return new Set(result.rows[0]?.hashes?.split(' '));
}

export type ProcessingRecord = Pick<EventType, 'type' | 'description' | 'subject' | 'personal_fields' | 'processing'> & {
  /** Null: events of the type were stored, and nobody has registered it. */
  version: number | null;
  created_at: Date | null;
};

/**
 * The newest record of processing of each of the tenant's types, by name; null for a type without one. Types that were only sent are
 * listed too: their events may hold a subject.
 */
export async function listProcessing(client: Client, after: string | undefined, limit: number): Promise<ProcessingRecord[]> {
  const result = await client.query<ProcessingRecord>(
    `select * from (
       select distinct on (type) type, version, description, subject, personal_fields, processing, created_at
       from app.event_types order by type, version desc
     ) registered where $1::text is null or type > $1
     union all
     select distinct d.type, null::integer, null, 'pseudonymised', '{}'::text[], null::jsonb, null::timestamptz
     from app.events_daily d where ($1::text is null or d.type > $1) and not exists (select from app.event_types t where t.type = d.type)
     order by type limit $2`,
    [after ?? null, limit],
  );
  return result.rows;
}
