import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import type { Pool } from '../../sql/database/db.ts';
import type { Finding } from '../../sql/imports/imports.ts';
import type { ImportDocument } from './document.ts';
import type { EventReceiver } from './receive.ts';

export type { ImportDocument } from './document.ts';

/** Dependencies of the importers. */
export type ImportDeps = {
  /** Connections as the owner of the tables: every statement must name the tenant. */
  pool: Pool;
  log: Logger;
  clock: () => Date;
  signal?: AbortSignal | undefined;
  objects: ObjectStore;
  /** The platform's secret, from which the keys of bodies are derived. */
  secret: string;
  /** URL of the login of the API, under which events are received. */
  logins: { api: string };
  config: Config;
  /** Receives events as the API does. */
  events: EventReceiver;
};

/** Rows in the order of the document, a thousand or fewer at once, and what is odd about them. Batches must not depend on time. */
export type ImportBatch<Row> = { rows: Row[]; findings?: Finding[] };

/** What writing rows did. `rows`: how many are new or changed; `counts`: by outcome, such as `accepted` and `duplicates`. */
export type WrittenRows = { rows: number; counts: Record<string, number>; findings?: Finding[] };

/** One row that reading again changes. `key` names it for people; `before` is null if added, `after` if removed. */
export type Difference = {
  kind: 'added' | 'changed' | 'removed';
  importId: string | null;
  key: string;
  before: object | null;
  after: object | null;
};

/** Documents to read again, all of one importer. Without a policy their rows keep the one that they have. */
export type ReplayRun = { id: string; tenantId: string; keyId: string; policy: string | null };

/** One reading of all documents of a run. */
export type Replay<Row> = {
  /** Takes the next rows of a document; documents come in the order in which they arrived. Returns differences known by now. */
  take(document: ImportDocument, rows: Row[]): Promise<Difference[]>;
  /** All rows of the document were taken. */
  endDocument?(document: ImportDocument): Promise<Difference[]>;
  /** What is odd about the rows of the document that was taken last. */
  findings?(): Finding[];
  /** All documents were taken. Returns the remaining differences. */
  finish?(): Promise<Difference[]>;
};

/**
 * A part of a document as it came; the parts one after the other are the document. A record may be about a person. `about`: the
 * people, where the importer knows them.
 */
export type Piece = { raw: Buffer; isRecord: boolean; about?: readonly string[] };

/**
 * Reads documents of some media types. It reads each document twice if it is large: first all of it without writing, so that a
 * document with a fault is refused before its first row is written. A worker may be killed at any moment, and batches are then
 * written again: writing must be idempotent.
 */
export type Importer<Row = unknown> = {
  name: string;
  /** Raised when it would give other rows for a document. */
  version: number;
  /** Without parameters, in lower case. */
  mediaTypes: readonly string[];
  /** Policies by which rows may be written, the default first. */
  policies?: readonly string[];
  /** Reads the decrypted bytes of a document. Throws Rejected if the document as a whole cannot be read. */
  read(bytes: AsyncIterable<Buffer>, document: ImportDocument): AsyncIterable<ImportBatch<Row>>;
  /** Writes rows. `first`: number of the first of them in the document, from 0. */
  write(deps: ImportDeps, document: ImportDocument, rows: Row[], first: number): Promise<WrittenRows>;
  /** Begins a reading that returns how the rows of documents differ from what is stored; unless `isDryRun`, it also writes them. */
  replay(deps: ImportDeps, run: ReplayRun, isDryRun: boolean): Promise<Replay<Row>>;
  /** Cuts a document into records, for access and erasure of a person. Without it a document that names the person is one record. */
  pieces?(bytes: AsyncIterable<Buffer>, document: ImportDocument): AsyncIterable<Piece>;
  /** Whether a record is about a person who has one of the names; without it, whether it has one of them as a whole word. */
  isAbout?(raw: Buffer, names: readonly string[], document: ImportDocument): boolean;
};
