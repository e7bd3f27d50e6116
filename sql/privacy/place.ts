import type { Client } from '../database/db.ts';

/** A person about whom the platform may store data: the identifier as the tenant knows it, and its pseudonym. */
export type Person = { tenantId: string; subject: string; hash: string };

/** One record about a person: as JSON text, whose numbers keep their digits, and as cells of a CSV line. */
export type SubjectRecord = { json: string; cells: unknown[] };

/** What a search has read in a place: rows of tables, files, and bytes of both. */
export type Searched = { rows: number; files: number; bytes: number };

/** Records about a person that stay in a place, by the reason, in words for the certificate. */
export type KeptRecords = { records: number; why: string };

/** What could not be searched, and why, in words for the certificate. */
export type Unsearched = { what: string; why: string };

/** What an erasure did in a place. `found` is the sum of what was removed, changed, kept and left to a review. */
export type Erased = {
  searched: Searched;
  found: number;
  /** Records that were deleted. */
  removed: number;
  /** Records that stay without the person: an item was cut out, or the identifier became a pseudonym. */
  changed: number;
  kept: KeptRecords[];
  /** Records that only a person can judge; see sql/privacy/reviews.ts. */
  in_review: number;
  /** Hours of the roll-ups that contained removed records and are marked for recomputation. */
  hours: number;
  unsearched?: Unsearched[];
};

/** An Erased with nothing in it, for a place to fill in. */
export const nothingErased = (): Erased => ({
  searched: { rows: 0, files: 0, bytes: 0 },
  found: 0,
  removed: 0,
  changed: 0,
  kept: [],
  in_review: 0,
  hours: 0,
});

/**
 * A place that may store personal data. Every table is either in a place or in WITHOUT_PEOPLE; a test checks this. A new table
 * joins one of the two lists, and access, erasure and certificates then cover it.
 */
export type PersonalPlace = {
  name: string;
  /** Tables of the schema private, and roll-ups by their name without the interval. */
  tables: string[];
  columns: string[];
  find: (client: Client, person: Person, request: string) => AsyncGenerator<SubjectRecord[]>;
  /** Deletes what find() finds. Call it in a transaction that may write. `request` is the id of the privacy request. */
  erase: (client: Client, person: Person, request: string) => Promise<Erased>;
};

/** What a search of a whole table reads: the tenant's rows, and the bytes of an expression over them. */
export async function sizeOf(client: Client, tenantId: string, table: string, bytes = '0'): Promise<Searched> {
  const { rows } = await client.query<{ rows: number; bytes: number }>(
    `select count(*) as rows, coalesce(sum(${bytes}), 0) as bytes from private.${table} where tenant_id = $1`,
    [tenantId],
  );
  return { rows: rows[0]?.rows ?? 0, files: 0, bytes: rows[0]?.bytes ?? 0 };
}
