import type { Client } from '../database/db.ts';

/** A person about whom the platform may store data: the identifier as the tenant knows it, and its pseudonym. */
export type Person = { tenantId: string; subject: string; hash: string };

/** One record about a person: as JSON text, whose numbers keep their digits, and as cells of a CSV line. */
export type SubjectRecord = { json: string; cells: unknown[] };

/** How many records were removed, and how many hours of the roll-ups contained them and are marked for recomputation. */
export type Erased = { removed: number; hours: number };

/**
 * A place that may store personal data. Every table is either in a place or in WITHOUT_PEOPLE; a test checks this. A new table
 * joins one of the two lists, and access, erasure and certificates then cover it.
 */
export type PersonalPlace = {
  name: string;
  /** Tables of the schema private, and roll-ups by their name without the interval. */
  tables: string[];
  columns: string[];
  find: (client: Client, person: Person) => AsyncGenerator<SubjectRecord[]>;
  /** Deletes what find() finds. Call it in a transaction that may write. */
  erase: (client: Client, person: Person) => Promise<Erased>;
};
