import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { pipeline, type Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import zlib from 'node:zlib';
import { withTenant } from '../../sql/database/db.ts';
import { askFor, cancelStatement } from '../../sql/database/fair-pool.ts';
import { backendOf } from '../../sql/exports/mark.ts';
import { copyRows, csvHeader } from '../../sql/exports/rows.ts';
import type { CopyStream } from '../../sql/exports/selection.ts';
import { erasuresBegun } from '../../sql/privacy/privacy.ts';
import type { Deps } from '../http/deps.ts';
import type { ExportRequest } from './query.ts';

/** Node supports zstd from 22.15. */
const { createZstdCompress } = zlib as { createZstdCompress?: () => Transform };

/** The content codings that this node supports, best first. */
export const CODINGS = createZstdCompress ? ['zstd', 'gzip', 'identity'] : ['gzip', 'identity'];

// The fastest level: higher ones make files a tenth smaller and take three times as long.
const encoder = (coding: string) =>
  coding === 'zstd'
    ? createZstdCompress?.()
    : coding === 'gzip'
      ? zlib.createGzip({ level: 1, chunkSize: 64 * 1024 })
      : undefined;

/** The client has disconnected: nobody receives the error. */
class Gone extends Error {}

/** How often an open stream looks for erasures, whose people its snapshot still has. */
const LOOK_MS = 1_000;

/** Headers of a streamed answer. */
export type Head = Record<string, string>;

/** Trailers of a complete answer. */
const TRAILERS = 'Content-Digest, Repr-Digest, Mirante-Rows';

/**
 * Sends rows as fast as the client reads them; an erasure that begins meanwhile breaks it off. Returns the function that ends the answer; call it once the connection is free
 * for the client's next request. Throws if the rows break off; the answer then stays incomplete. If the client disconnects, the
 * statement is cancelled at once, and the connection can be reused.
 */
export async function streamRows(
  deps: Pick<Deps, 'archive' | 'exportPool' | 'pool' | 'log'>,
  tenantId: string,
  asked: ExportRequest,
  response: ServerResponse,
  head: Head,
  coding: string,
): Promise<() => void> {
  const gone = new AbortController();
  const onClose = () => gone.abort(new Gone('The client closed the connection.'));
  response.once('close', onClose);
  if (response.destroyed) onClose();
  try {
    return await withTenant(deps.exportPool, tenantId, async (client) => {
      const backend = await backendOf(client);
      const begun = await erasuresBegun(client);
      const rows = copyRows(client, asked.selection, asked.shape, deps.archive);
      const look = async () => {
        if ((await withTenant(deps.pool, tenantId, erasuresBegun)) === begun) return;
        deps.log.info({ tenant: tenantId }, 'streamed export ended, because an erasure has begun');
        response.destroy();
      };
      // If the database does not answer, the rows do not come either.
      const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
      try {
        return await send(rows, asked, response, head, coding, gone.signal);
      } finally {
        clearInterval(timer);
        await end(deps, backend, rows);
      }
    });
  } catch (error) {
    if (gone.signal.aborted) return () => undefined;
    if (response.headersSent) deps.log.warn({ err: error, tenant: tenantId }, 'streamed export aborted');
    throw error;
  } finally {
    response.removeListener('close', onClose);
  }
}

async function send(
  rows: CopyStream,
  { selection, shape, bom }: ExportRequest,
  response: ServerResponse,
  head: Head,
  coding: string,
  gone: AbortSignal,
): Promise<() => void> {
  gone.addEventListener('abort', () => rows.destroy(gone.reason));
  if (gone.aborted) rows.destroy(gone.reason);
  const digest = createHash('sha256');
  const write = async (bytes: Buffer) => {
    // Headers are sent with the first bytes: an error before that is answered as a problem.
    if (!response.headersSent) {
      response.writeHead(200, { ...head, trailer: TRAILERS });
      response.flushHeaders();
    }
    digest.update(bytes);
    if (!response.write(bytes)) await once(response, 'drain', { signal: gone });
  };
  const begin = Buffer.from(
    (bom ? '\ufeff' : '') + (shape.format === 'csv' ? csvHeader(selection.dataset, shape.delimiter) : ''),
  );
  const encoded = encoder(coding);
  encoded?.write(begin);
  let begun = encoded !== undefined;
  for await (const bytes of encoded ? pipeline(rows, encoded, () => undefined) : rows) {
    if (!begun) await write(begin);
    begun = true;
    await write(bytes as Buffer);
  }
  if (!begun) await write(begin);
  const value = `sha-256=:${digest.digest('base64')}:`;
  const trailers = { 'Content-Digest': value, 'Repr-Digest': value, 'Mirante-Rows': String(rows.rowCount) };
  return () => {
    response.addTrailers(trailers);
    response.end();
  };
}

// Discards the remaining rows until the cancelled statement has ended: PostgreSQL checks for a cancel only between two rows.
async function end({ pool, log }: Pick<Deps, 'pool' | 'log'>, backend: number, rows: CopyStream): Promise<void> {
  if (rows.readableEnded) return;
  rows.destroy();
  let over = false;
  const ended = rows.over?.then(() => {
    over = true;
  });
  await setImmediate();
  if (!over) {
    await askFor(undefined, () => cancelStatement(pool, backend)).catch((error) =>
      log.warn({ err: error }, 'cannot cancel the query of a streamed export'),
    );
  }
  await ended;
}
