import type { Client } from '../database/db.ts';

/** Somebody about whom the platform may hold something: the identifier as the tenant knows it, and its pseudonym. */
export type Person = { tenantId: string; subject: string; hash: string };

/** One record about a person: as JSON text, whose numbers keep their digits, and as the cells of a line. */
export type SubjectRecord = { json: string; cells: unknown[] };

/** How many records went, and how many hours of the roll-ups had contained them and are now marked to be made anew. */
export type Erased = { removed: number; hours: number };

/**
 * A store that may hold what leads to a person. Every table is either in one of these or in WITHOUT_PEOPLE, and a test sees
 * to it: a new store joins one of the two lists, and access, erasure and certificates reach it from then on.
 */
export type PersonalPlace = {
  name: string;
  /** Tables of the schema private, and roll-ups by their name without its interval. */
  tables: string[];
  columns: string[];
  find: (client: Client, person: Person) => AsyncGenerator<SubjectRecord[]>;
  /** Deletes what find() finds. To be called inside a transaction that may write. */
  erase: (client: Client, person: Person) => Promise<Erased>;
};
