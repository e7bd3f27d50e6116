import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { v7 as uuidv7 } from 'uuid';
import { secretOf } from '../../lib/config.ts';
import { createSealer, markOf, newBodyKey, sealKey } from '../../lib/sealed.ts';
import type { Actor } from '../../sql/database/db.ts';
import { withTenant } from '../../sql/database/db.ts';
import { addImport } from '../../sql/imports/imports.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { storageFull, timedOut, tooLarge, unavailable } from '../http/problems.ts';

/** What is known of a document besides its bytes. `source`: the name of the key if absent. */
export type AboutBody = {
  mediaType: string;
  source?: string | undefined;
  mapping?: Record<string, unknown> | undefined;
  policy?: string | undefined;
  /** A lease for the caller, who then reads the document itself. */
  claim?: string | undefined;
};

/** A document that is durable in the vault. `sha256` is of its bytes as they came. */
export type KeptBody = { id: string; status: 'stored'; bytes: number; sha256: string; received_at: Date };

/**
 * Streams a body into the vault, encrypted, and returns when it is durable: its object is in the store and its row is committed.
 * The caller asks the importers to look (`queues.enqueue('run-imports')`). Keeps nothing of a body that its client broke off.
 * Throws 413 beyond IMPORT_MAX_BYTES, 507 if the disk is full, and 503 if the store is away.
 */
export async function keepBody(
  { config, intake, objects }: Pick<Deps, 'config' | 'intake' | 'objects'>,
  identity: Identity,
  actor: Actor,
  body: Readable,
  { mediaType, source, mapping, policy, claim }: AboutBody,
): Promise<KeptBody> {
  const id = uuidv7();
  const secret = secretOf(config);
  const key = newBodyKey();
  const scratch = join(config.MIRANTE_DATA_DIR, 'scratch');
  // What a killed request leaves under this name, the nightly retention removes.
  const path = join(scratch, `read-${id}`);
  const object = `imports/${identity.tenantId}/${id}`;
  const meter = measure(config.IMPORT_MAX_BYTES);
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    await pipeline(body, meter.stream, createSealer(key), createWriteStream(path, { mode: 0o600 }));
    await objects.put(object, path);
  } catch (error) {
    throw faultOf(error);
  } finally {
    await rm(path, { force: true });
  }
  const { bytes, sha256 } = meter.read();
  const entry = {
    id,
    key_id: identity.keyId,
    source: source ?? identity.keyName,
    media_type: mediaType,
    bytes,
    sha256,
    mapping: mapping ?? null,
    policy: policy ?? null,
    claim: claim ?? null,
    object,
    sealed_key: sealKey(secret, identity.tenantId, id, key),
    sealed_with: markOf(secret),
  };
  // If the commit fails, the object belongs to no row, and the nightly check of the vault removes it.
  const receivedAt = await withTenant(
    intake,
    identity.tenantId,
    (client) => addImport(client, identity.tenantId, entry),
    actor,
  );
  return { id, status: 'stored', bytes, sha256, received_at: receivedAt };
}

function measure(most: number) {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > most) return done(tooLarge(`The document is larger than ${most} bytes. Send it in several parts.`));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, read: () => ({ bytes, sha256: hash.digest('hex') }) };
}

function faultOf(error: unknown): unknown {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (/^(ENOSPC|EDQUOT|EFBIG)$/.test(code)) return storageFull();
  // The client closed the connection before its body ended.
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || message === 'aborted') return timedOut();
  if (/^E[A-Z]+$/.test(code))
    return unavailable('The object store does not answer. Nothing was kept: send the document again.');
  return error;
}
