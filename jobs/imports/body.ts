import { createOpener, openKey } from '../../lib/sealed.ts';
import type { SealedBody } from '../../sql/imports/imports.ts';
import type { ImportDeps } from './importer.ts';

/** The decrypted bytes of a document. Fails while reading if the object was changed. `onBytes` gets how many were read. */
export async function* bytesOf(
  { objects, secret }: Pick<ImportDeps, 'objects' | 'secret'>,
  { id, tenant_id, object, sealed_key }: SealedBody & { id: string; tenant_id: string },
  signal?: AbortSignal,
  onBytes: (bytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const stored = await objects.get(object);
  if (!stored) throw new Error(`The object ${object} is missing in the object store.`);
  const opener = createOpener(openKey(secret, tenant_id, id, sealed_key));
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
