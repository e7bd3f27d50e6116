import { createOpener, openKey } from '../../lib/sealed.ts';
import type { SealedBody } from '../../sql/imports/imports.ts';
import type { RunDocument } from '../../sql/imports/replays.ts';
import type { ImportDeps, ImportDocument, Importer } from './importer.ts';

/** The decrypted bytes of a document. Fails while reading if the object was changed. `onBytes` gets how many were read. */
export async function* bytesOf(
  { objects, secret }: Pick<ImportDeps, 'objects' | 'secret'>,
  { id, tenant_id, object, sealed_key }: SealedBody & { id: string; tenant_id: string },
  signal?: AbortSignal,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const opener = createOpener(openKey(secret, tenant_id, id, sealed_key));
  const stored = await objects.get(object);
  if (!stored) throw new Error(`The object ${object} is missing in the object store.`);
  stored.on('error', (error) => opener.destroy(error));
  const close = () => stored.destroy();
  opener.once('close', close);
  try {
    for await (const chunk of stored.pipe(opener) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      onBytes(chunk.length);
      yield chunk;
    }
  } finally {
    opener.destroy();
    close();
  }
}

/** A document for its importer, with the policy that holds for it. */
export function documentOf(row: RunDocument, importer: Pick<Importer, 'policies'> | undefined): ImportDocument {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    keyId: row.key_id,
    mediaType: row.media_type,
    source: row.source,
    bytes: row.bytes,
    sha256: row.sha256,
    receivedAt: row.received_at,
    firstAt: row.first_at,
    policy: row.policy ?? importer?.policies?.[0] ?? null,
    mapping: row.mapping,
  };
}
