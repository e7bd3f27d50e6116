import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { v7 as uuidv7 } from 'uuid';
import { Busy } from '../../lib/busy.ts';
import type { Logger } from '../../lib/log.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import { createSealer, markOf, newBodyKey, sealKey } from '../../lib/sealed.ts';
import { type ArchiveHome, withScratch } from '../../sql/archive/home.ts';
import { type Client, type Pool, withTransaction } from '../../sql/database/db.ts';
import { changeBody, type StoredDocument, storedDocuments } from '../../sql/imports/bodies.ts';
import { type ClaimedRequest, ClaimLost, notePrivacyProgress } from '../../sql/privacy/claims.ts';
import { noteErased } from '../../sql/privacy/erased-so-far.ts';
import { nothingErased, type Person, type SubjectRecord, type Unsearched } from '../../sql/privacy/place.ts';
import { eachItem } from '../queue/each.ts';
import { bytesOf, documentOf } from './body.ts';
import type { ImportDocument, Importer, Piece } from './importer.ts';
import { importerOf } from './importers.ts';

export type VaultDeps = {
  pool: Pool;
  log: Logger;
  objects: ObjectStore;
  archive: Pick<ArchiveHome, 'scratch'>;
  secret: string;
};

/** Name of the vault in certificates and bundles, next to the places of sql/privacy/places.ts. */
export const VAULT = 'vault';
export const VAULT_CELLS = ['import_id', 'received_at', 'source', 'record'];

const PAGE = 100;
/** Longest record that a bundle shows. */
const MAX_RECORD = 1 << 20;

/** Records about a person in the bodies of the tenant's documents. */
export async function* findInVault(deps: VaultDeps, client: Client, person: Person): AsyncGenerator<SubjectRecord[]> {
  for await (const row of documents(client, person.tenantId)) {
    // After a restore of an older backup the body may be gone.
    if (!(await deps.objects.stat(row.object))) continue;
    let found: SubjectRecord[] = [];
    for await (const { raw, isMine } of judged(deps, row, person)) {
      if (!isMine) continue;
      const record = raw.subarray(0, MAX_RECORD).toString('utf8').replaceAll('\u0000', '\ufffd');
      const { id, received_at, source } = row;
      found.push({
        json: JSON.stringify({ import_id: id, received_at, source, record }),
        cells: [id, received_at.toISOString(), source, record],
      });
      if (found.length < PAGE) continue;
      yield found;
      found = [];
    }
    if (found.length > 0) yield found;
  }
}

async function* documents(client: Client | Pool, tenantId: string): AsyncGenerator<StoredDocument> {
  let after: string | undefined;
  for (;;) {
    const rows = await storedDocuments(client, tenantId, after, PAGE);
    yield* rows;
    after = rows.at(-1)?.id;
    if (rows.length < PAGE) return;
  }
}

type JudgedPiece = Piece & { isMine: boolean };

// A document that no importer cuts into records is one: it is about everybody whom it names.
async function* judged(
  deps: Pick<VaultDeps, 'objects' | 'secret'>,
  row: StoredDocument,
  { subject, hash }: Person,
): AsyncGenerator<JudgedPiece> {
  const importer = importerOf(row.media_type);
  const document = documentOf(row, importer);
  const names = [subject, hash];
  if (!importer?.pieces) {
    let isMine = false;
    let tail = '';
    for await (const chunk of bytesOf(deps, row)) {
      const text = tail + chunk.toString('latin1');
      isMine ||= namesAny(text, names);
      tail = text.slice(-2_000);
    }
    yield { raw: Buffer.from(`The whole document ${row.id}`), isRecord: true, isMine };
    return;
  }
  for await (const piece of importer.pieces(bytesOf(deps, row), document)) {
    yield { ...piece, isMine: piece.isRecord && isAbout(piece, importer, names, document) };
  }
}

function isAbout({ raw, about }: Piece, importer: Importer, names: readonly string[], document: ImportDocument): boolean {
  if (about !== undefined) return about.some((name) => names.includes(name));
  // UTF-16 of letters and digits is Latin-1 with zeros in between.
  return importer.isAbout?.(raw, names, document) ?? namesAny(raw.toString('latin1').replaceAll('\0', ''), names);
}

/** Whether bytes, read as Latin-1, have one of the names as a whole word, as it is or with JSON's escapes. */
export function namesAny(text: string, names: readonly string[]): boolean {
  return names.some((name) =>
    [name, JSON.stringify(name).slice(1, -1)].some((form) => {
      const bytes = Buffer.from(form).toString('latin1');
      for (let at = text.indexOf(bytes); at !== -1; at = text.indexOf(bytes, at + 1)) {
        if (!isWordAt(text, at - 1) && !isWordAt(text, at + bytes.length)) return true;
      }
      return false;
    }),
  );
}

const isWordAt = (text: string, at: number) => /[\w\u0080-\u00ff]/.test(text[at] ?? '');

/**
 * Rewrites every document of the vault that holds a person without the person's records, or destroys it if nothing else is left
 * or nothing cuts it into records. Throws Busy if a worker reads such a document just now: it is then read from the start, and
 * the request goes on later. A document that cannot be rewritten does not stop the others; the error is thrown at the end.
 */
export async function eraseFromVault(deps: VaultDeps, request: ClaimedRequest, person: Person): Promise<void> {
  let wasRunning = false;
  const searched = nothingErased().searched;
  const unsearched: Unsearched[] = [];
  const telling = {
    log: deps.log,
    message: 'cannot rewrite a document of the vault',
    about: ({ id }: StoredDocument) => ({ tenant: person.tenantId, privacy_request: request.id, import: id }),
    isFatal: (error: unknown) => error instanceof ClaimLost,
  };
  await withScratch(deps.archive, 'read', async (folder) => {
    await eachItem(documents(deps.pool, person.tenantId), telling, async (row) => {
      await notePrivacyProgress(deps.pool, request, 10);
      if (!(await deps.objects.stat(row.object))) {
        unsearched.push({ what: `The body of the document ${row.id}`, why: 'It is missing in the object store.' });
        return;
      }
      const counts = { mine: 0, others: 0 };
      searched.files += 1;
      searched.bytes += row.bytes;
      for await (const { isMine, isRecord } of judged(deps, row, person)) {
        if (isMine) counts.mine++;
        else if (isRecord) counts.others++;
      }
      if (counts.mine === 0) return;
      if (row.is_running) wasRunning = true;
      await replace(deps, request, row, counts.mine, counts.others > 0 ? await rewritten(deps, row, person, folder) : null);
    });
  });
  if (wasRunning) throw new Busy('A worker reads a document of the person.');
  await withTransaction(deps.pool, 'begin', (client) =>
    noteErased(client, request, VAULT, { ...nothingErased(), searched, unsearched }, 10),
  );
}

type Rewritten = { object: string; sealed_key: Buffer; sealed_with: string; bytes: number; sha256: string };

async function rewritten(deps: VaultDeps, row: StoredDocument, person: Person, folder: string): Promise<Rewritten> {
  const key = newBodyKey();
  const path = join(folder, row.id);
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  async function* others(): AsyncGenerator<Buffer> {
    for await (const { raw, isMine } of judged(deps, row, person)) if (!isMine) yield raw;
  }
  await pipeline(
    Readable.from(others(), { objectMode: false }),
    meter,
    createSealer(key),
    createWriteStream(path, { mode: 0o600 }),
  );
  const object = `imports/${row.tenant_id}/${row.id}.${uuidv7()}`;
  await deps.objects.put(object, path);
  const sealed = { sealed_key: sealKey(deps.secret, row.tenant_id, row.id, key), sealed_with: markOf(deps.secret) };
  return { object, ...sealed, bytes, sha256: hash.digest('hex') };
}

// If this process dies before the old object is removed, it belongs to no document, and the nightly check removes it.
async function replace(
  deps: VaultDeps,
  request: ClaimedRequest,
  row: StoredDocument,
  records: number,
  body: Rewritten | null,
): Promise<void> {
  await withTransaction(deps.pool, 'begin', async (client) => {
    if (!(await changeBody(client, row, { body, reason: 'erasure', request: request.id, records }))) {
      throw new Error('The document was changed in the meantime.');
    }
    await noteErased(client, request, VAULT, { ...nothingErased(), found: records, removed: records }, 10, true);
  });
  await deps.objects.remove(row.object);
}

/** Destroys all bodies of one tenant, also those that belong to no document. Returns how many. */
export async function destroyBodiesOf({ objects, log }: Pick<VaultDeps, 'objects' | 'log'>, tenantId: string): Promise<number> {
  const names: string[] = [];
  for await (const { name } of objects.list(`imports/${tenantId}/`)) names.push(name);
  const about = (object: string) => ({ object });
  await eachItem(names, { log, message: 'cannot remove a body', about }, (name) => objects.remove(name));
  return names.length;
}
