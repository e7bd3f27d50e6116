import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { invalidEncoding, timedOut, tooLarge, unsupportedEncoding } from './problems.ts';

export type BodyReader = {
  maxBytes: number;
  /** Called with the number of bytes just added to the request's buffer. May throw to refuse them. */
  reserve: (bytes: number) => void;
};

/**
 * Reads a whole body and inflates gzip. Throws 413 as soon as the output exceeds `maxBytes`, so a gzip bomb is refused while it
 * inflates; 415 for other encodings; 400 for a broken gzip stream; 408, for the log, if the client disconnected.
 */
export async function readBody(request: IncomingMessage, reader: BodyReader): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw unsupportedEncoding(encoding);
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > reader.maxBytes) throw bodyTooLarge(reader);
  if (encoding === 'identity') return gather(request, request, reader);
  const inflating = createGunzip();
  try {
    return await gather(request.pipe(inflating), request, reader);
  } catch (error) {
    inflating.destroy();
    const { code = '' } = error as { code?: string };
    if (/^(Z_|ERR_ZLIB)/.test(code)) throw invalidEncoding('The gzip data is corrupt.');
    throw error;
  }
}

// Uses events: an async iterator costs a twentieth of a whole request.
function gather(stream: Readable, request: IncomingMessage, reader: BodyReader): Promise<Buffer> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      try {
        if (size > reader.maxBytes) throw bodyTooLarge(reader);
        reader.reserve(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        stream.removeAllListeners('data');
        stream.pause();
        fail(error);
      }
    });
    stream.once('end', () => done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    stream.once('error', fail);
    const gone = () => {
      if (!request.readableEnded) fail(timedOut());
    };
    // The connection may have closed while the key was looked up. A closed stream emits no further `close`.
    if (request.destroyed) gone();
    else request.once('close', gone);
  });
}

const bodyTooLarge = (reader: BodyReader) =>
  tooLarge(`The body is larger than ${reader.maxBytes} bytes after decompression. Send fewer events per request.`);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Returns the text of a body. Throws 400 if it is not valid UTF-8. */
export function decodeUtf8(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw invalidEncoding('The body is not valid UTF-8.');
  }
}
