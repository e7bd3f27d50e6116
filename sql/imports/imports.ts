import type { Instant } from '../../lib/time.ts';
import type { Client } from '../database/db.ts';

export const IMPORT_STATUSES = ['stored', 'running', 'imported', 'rejected'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

/** Something about a document that its sender should know. `pointer` is a place in it, such as `/line/7`; `count`: how often. */
export type Finding = { code: string; detail: string; pointer?: string; count?: number };

/** A document of the vault, as its tenant sees it. */
export type ImportEntry = {
  id: string;
  key_id: string;
  received_at: Date;
  source: string;
  media_type: string;
  bytes: number;
  sha256: string;
  mapping: Record<string, unknown> | null;
  policy: string | null;
  status: ImportStatus;
  importer: string | null;
  importer_version: number | null;
  findings: Finding[];
  rows: number;
  counts: Record<string, number>;
  progress: number;
  duration_ms: number | null;
  started_at: Date | null;
  completed_at: Date | null;
  version: number;
  rewrites: Record<string, unknown>[];
  destroyed_at: Date | null;
};

/** Where a body is, and its key, sealed. */
export type SealedBody = { object: string; sealed_key: Buffer; sealed_with: string };

/** `claim`: a lease for a request that reads the document itself. If it does not, the importers do a minute later. */
export type NewImport = Pick<
  ImportEntry,
  'id' | 'key_id' | 'source' | 'media_type' | 'bytes' | 'sha256' | 'mapping' | 'policy'
> &
  SealedBody & { claim: string | null };

/** Adds a document to the vault of this transaction's tenant, for the importers. Returns when it was received. */
export async function addImport(client: Client, tenantId: string, entry: NewImport): Promise<Date> {
  const { rows } = await client.query<{ received_at: Date }>(
    `insert into app.imports (id, tenant_id, key_id, received_at, first_at, source, media_type, bytes, sha256, object, sealed_key, sealed_with,
         mapping, policy, status, findings, rows, counts, progress, due_at, version, rewrites, claim, claimed_until)
     values ($1, $2, $3, now(), coalesce((select min(first_at) from app.imports where sha256 = $7), now()), $4, $5, $6, $7, $8, $9, $10,
         $11, $12, 'stored', '[]', 0, '{}', 0, now(), 1, '[]', $13::uuid,
         case when $13::uuid is null then '-infinity' else now() + interval '1 minute' end)
     returning received_at`,
    [
      entry.id,
      tenantId,
      entry.key_id,
      entry.source,
      entry.media_type,
      entry.bytes,
      entry.sha256,
      entry.object,
      entry.sealed_key,
      entry.sealed_with,
      entry.mapping && JSON.stringify(entry.mapping),
      entry.policy,
      entry.claim,
    ],
  );
  return (rows[0] as { received_at: Date }).received_at;
}

const COLUMNS = `id, key_id, received_at, source, media_type, bytes, sha256, mapping, policy, status, importer, importer_version, findings, rows,
    counts, progress, duration_ms, started_at, completed_at, version, rewrites, destroyed_at`;

/** Which documents: `mediaType` without parameters; `event`: those that gave the event with this id of its row. */
export type ImportFilter = {
  status?: ImportStatus | undefined;
  mediaType?: string | undefined;
  from?: Instant | undefined;
  to?: Instant | undefined;
  event?: string | undefined;
};

/** Documents of the tenant of this transaction, newest first, from before the id `before`. */
export async function listImports(
  client: Client,
  { status, mediaType, from, to, event }: ImportFilter,
  before: string | undefined,
  limit: number,
): Promise<ImportEntry[]> {
  const { rows } = await client.query<ImportEntry>(
    `select ${COLUMNS} from app.imports i
     where ($1::text is null or status = $1) and ($2::text is null or lower(split_part(media_type, ';', 1)) = lower($2))
         and ($3::timestamptz is null or received_at >= $3) and ($4::timestamptz is null or received_at < $4)
         and ($5::uuid is null or id in (select r.import_id from app.import_rows r where r.id = $5)) and ($6::uuid is null or id < $6)
     order by id desc limit $7`,
    [status ?? null, mediaType ?? null, from ?? null, to ?? null, event ?? null, before ?? null, limit],
  );
  return rows;
}

/** One document of the tenant of this transaction; undefined if there is none. */
export async function findImport(client: Client, id: string): Promise<ImportEntry | undefined> {
  const { rows } = await client.query<ImportEntry>(`select ${COLUMNS} from app.imports where id = $1`, [id]);
  return rows[0];
}

/** Where the body of a document is; undefined if there is none. Records in the audit log that somebody reads it. */
export async function openForReading(client: Client, id: string): Promise<SealedBody | undefined> {
  const { rows } = await client.query<SealedBody>(
    'select object, sealed_key, sealed_with from app.imports where id = $1 and object is not null',
    [id],
  );
  if (rows[0]) await client.query('select door.note_import_read($1)', [id]);
  return rows[0];
}
